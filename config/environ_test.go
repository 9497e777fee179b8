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
