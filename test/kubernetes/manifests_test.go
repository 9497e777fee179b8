package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

func TestManifestsAreWhatAnAPIServerKnows(t *testing.T) {
	t.Parallel()
	for _, folder := range kustomizations(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			for _, o := range kustomize(t, folder) {
				decode(t, o)
			}
		})
	}
}

// podOf is the pod that an object makes, if it makes any.
func podOf(o runtime.Object) (*core.PodTemplateSpec, bool) {
	switch o := o.(type) {
	case *apps.Deployment:
		return &o.Spec.Template, true
	case *batch.Job:
		return &o.Spec.Template, true
	case *core.Pod:
		return &core.PodTemplateSpec{ObjectMeta: o.ObjectMeta, Spec: o.Spec}, true
	}
	return nil, false
}

// restricted holds a pod to the Pod Security Standard of that name, as an API server does.
func restricted(t *testing.T, name string, pod *core.PodTemplateSpec) {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			t.Errorf("%s: %s: %s", name, result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
}

// checkPods is what holds for every pod that is rendered from here, whoever renders it.
func checkPods(t *testing.T, objects []object) {
	t.Helper()
	var maps []string
	for _, o := range objects {
		if o.kind == "ConfigMap" {
			maps = append(maps, o.name)
		}
	}
	pods := 0
	for _, o := range objects {
		pod, ok := podOf(decode(t, o))
		if !ok {
			continue
		}
		pods++
		restricted(t, o.String(), pod)
		for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			if !strings.Contains(c.Image, "/") || !strings.Contains(c.Image, ":") {
				t.Errorf("%s: image %q is a placeholder", o, c.Image)
			}
			if c.SecurityContext == nil || c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
				t.Errorf("%s: %s may write to its root", o, c.Name)
			}
			if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
				t.Errorf("%s: %s asks for no resources", o, c.Name)
			}
		}
		for _, v := range pod.Spec.Volumes {
			if v.ConfigMap != nil && !slices.Contains(maps, v.ConfigMap.Name) {
				t.Errorf("%s: there is no config map %s", o, v.ConfigMap.Name)
			}
		}
		if pod.Spec.ServiceAccountName == "" {
			t.Errorf("%s: runs as the namespace's default account", o)
		}
	}
	if pods == 0 {
		t.Error("no pods")
	}
}

func TestPodsAreRestrictedAndComplete(t *testing.T) {
	t.Parallel()
	for _, folder := range kustomizations(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			checkPods(t, kustomize(t, folder))
		})
	}
}

// A Service that leads nowhere, or to the application past Postern, is found by nobody until it is too late.
func TestServicesAndPoliciesLeadToPorts(t *testing.T) {
	t.Parallel()
	for _, folder := range kustomizations(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			named := map[string]string{} // port → container
			var objects []runtime.Object
			for _, o := range kustomize(t, folder) {
				decoded := decode(t, o)
				objects = append(objects, decoded)
				if pod, ok := podOf(decoded); ok {
					for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
						for _, p := range c.Ports {
							named[p.Name] = c.Name
						}
					}
				}
			}
			for _, o := range objects {
				switch o := o.(type) {
				case *core.Service:
					for _, p := range o.Spec.Ports {
						if c := named[p.TargetPort.StrVal]; c != "postern" && c != "injector" {
							t.Errorf("Service %s leads to port %s of container %q", o.Name, p.TargetPort.String(), c)
						}
					}
				case *networking.NetworkPolicy:
					for _, rule := range o.Spec.Ingress {
						if len(rule.Ports) == 0 {
							t.Errorf("NetworkPolicy %s opens every port", o.Name)
						}
						for _, p := range rule.Ports {
							if c := named[p.Port.StrVal]; c != "postern" && c != "injector" {
								t.Errorf("NetworkPolicy %s opens port %s of container %q", o.Name, p.Port, c)
							}
						}
					}
				}
			}
		})
	}
}

// The configuration in each config map is one that Postern starts with, beside what the secret has.
func TestConfigurationsAreValid(t *testing.T) {
	t.Parallel()
	for _, folder := range kustomizations(t) {
		for _, o := range kustomize(t, folder) {
			if o.kind != "ConfigMap" {
				continue
			}
			checkConfiguration(t, folder, o)
		}
	}
}

func checkConfiguration(t *testing.T, where string, o object) {
	t.Helper()
	var m core.ConfigMap
	if err := yaml.Unmarshal(o.text, &m); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "postern.yaml")
	if err := os.WriteFile(file, []byte(m.Data["postern.yaml"]), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(postern(t), "config", "check", "--config", file)
	command.Env = append([]string{"PATH=" + os.Getenv("PATH")}, "DATABASE_URL=postgres://postern@db/app", "BETTER_AUTH_SECRET=Zk3vQ8xW1pLr6TnB4yHs9cDf2mJg7aEu", "POSTERN_MAIL_TRANSPORT=log")
	if strings.Contains(o.name, "injector") { // the injector needs none of a server's settings
		command.Env = append(command.Env, "POSTERN_SERVER_PUBLIC_URL=https://app.example.com", "POSTERN_UPSTREAM_URL=http://127.0.0.1:8000")
	}
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s: %s: %s", where, o, output)
	}
}
