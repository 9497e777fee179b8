package config

import "testing"

func TestServiceLinksOfKubernetesAreRecognised(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text string
		want       bool
	}{
		{"POSTERN_SERVICE_HOST", "10.0.0.1", true},
		{"POSTERN_SERVICE_PORT", "8080", true},
		{"POSTERN_SERVICE_PORT_HTTP", "8080", true},
		{"POSTERN_PORT", "tcp://10.0.0.1:8080", true},
		{"POSTERN_PORT_8080_TCP", "tcp://10.0.0.1:8080", true},
		{"POSTERN_PORT_8080_TCP_ADDR", "10.0.0.1", true},
		{"POSTERN_PORT_53_UDP_PROTO", "udp", true},
		{"POSTERN_ADMIN_SERVICE_HOST", "10.0.0.1", true},
		{"POSTERN_ADMIN_PORT", "tcp://10.0.0.1:9090", true},
		{"POSTERN_SMTP_PORT", "587", false},
		{"POSTERN_PORT", "8080", false},
		{"POSTERN_PORT_8080", "tcp", false},
		{"POSTERN_SERVICE", "x", false},
		{"OTHER_SERVICE_HOST", "10.0.0.1", false},
	} {
		if got := isServiceLink(row.name, row.text); got != row.want {
			t.Errorf("%s=%s: got %v", row.name, row.text, got)
		}
	}
}

func TestNoVariableStandsForTwoKeys(t *testing.T) {
	t.Parallel()
	owner := map[string]string{ConfigVariable: "the file"}
	for _, s := range Settings() {
		for _, name := range s.Env {
			if other, taken := owner[name]; taken {
				t.Errorf("%s is %s and %s", name, other, s.Key)
			}
			owner[name] = s.Key
		}
	}
}

// A Service named postern-injector, which is what the injector's is called, has the variable of the key injector.port.
func TestAServiceDoesNotSetAKeyOfTheSameName(t *testing.T) {
	t.Parallel()
	loaded, err := Load("", []string{"POSTERN_INJECTOR_PORT=tcp://10.96.3.4:443", "POSTERN_INJECTOR_SERVICE_PORT=443", "POSTERN_INJECTOR_ADMIN_PORT=20000"}, nil)
	if err != nil || loaded.Config.Injector.Port != 18080 || loaded.Config.Injector.AdminPort != 20000 {
		t.Errorf("%v, %+v", err, loaded.Config.Injector)
	}
}
