package kubernetes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goldens are the pods that the injector makes of those in its testdata, by name.
func goldens(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, "deploy/k8s/injector/testdata/pods/*.golden.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	pods := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(text), "# injected\n") {
			pods[strings.TrimSuffix(filepath.Base(file), ".golden.yaml")] = text
		}
	}
	if len(pods) < 10 {
		t.Fatalf("only %d pods", len(pods))
	}
	return pods
}

// What the injector writes with types of its own is what Kubernetes's types read, to the last field.
func TestInjectedPodsAreWhatAnAPIServerKnows(t *testing.T) {
	t.Parallel()
	for name, text := range goldens(t) {
		decode(t, object{"v1", "Pod", "team", name, text})
	}
}

// The sidecar never makes a pod less restricted than it was.
func TestTheSidecarIsRestricted(t *testing.T) {
	t.Parallel()
	for name, text := range goldens(t) {
		pod, ok := podOf(decode(t, object{"v1", "Pod", "team", name, text}))
		if !ok {
			t.Fatalf("%s is no pod", name)
		}
		alone := *pod
		alone.Spec.Containers, alone.Spec.InitContainers = nil, nil
		for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
			if c.Name == "postern" {
				for i := range c.Ports {
					c.Ports[i].HostPort = 0 // the pod's own wish, and no more restricted before
				}
				alone.Spec.Containers = append(alone.Spec.Containers, c)
			}
		}
		if len(alone.Spec.Containers) != 1 {
			t.Fatalf("%s has %d sidecars", name, len(alone.Spec.Containers))
		}
		restricted(t, name, &alone)
	}
}
