package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

// chart is what `helm template` makes of values, written as YAML.
func chart(t *testing.T, namespace, values string) ([]object, error) {
	t.Helper()
	loaded, err := loader.Load(filepath.Join(repository, "deploy", "helm"))
	if err != nil {
		t.Fatal(err)
	}
	given, err := chartutil.ReadValues([]byte(values))
	if err != nil {
		t.Fatal(err)
	}
	release := chartutil.ReleaseOptions{Name: "postern", Namespace: namespace, IsInstall: true}
	all, err := chartutil.ToRenderValues(loaded, given, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(loaded, all)
	if err != nil {
		return nil, err
	}
	var objects []object
	for name, content := range files {
		for _, text := range regexp.MustCompile(`(?m)^---$`).Split(content, -1) {
			if strings.TrimSpace(text) == "" || !strings.HasSuffix(name, ".yaml") {
				continue
			}
			var head struct {
				APIVersion, Kind string
				Metadata         struct{ Name, Namespace string }
			}
			if err := yaml.Unmarshal([]byte(text), &head); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
			objects = append(objects, object{head.APIVersion, head.Kind, head.Metadata.Namespace, head.Metadata.Name, []byte(text)})
		}
	}
	return objects, nil
}

// placements are the ways that chart and kustomize have in common.
func placements(t *testing.T) map[string]struct{ folder, namespace, values string } {
	t.Helper()
	configuration := func(folder string) string {
		content, err := os.ReadFile(filepath.Join(repository, "deploy/k8s", folder, "postern.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := yaml.YAMLToJSON(content)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return map[string]struct{ folder, namespace, values string }{
		"gateway":                    {"overlays/gateway", "postern", "placement: gateway\nnetworkPolicy: {from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]}\nconfig: " + configuration("overlays/gateway")},
		"sidecar":                    {"base", "", "placement: sidecar\napp: {image: \"registry.example.com/app:latest\"}\nconfig: " + configuration("base")},
		"sidecar, watched":           {"overlays/sidecar", "tasks", "placement: sidecar\npodMonitor: true\nautoscaling: {requestsInFlight: \"200\"}\napp: {image: \"registry.example.com/tasks:1\"}\nconfig: " + configuration("base")},
		"injector":                   {"webhook", "postern-injector", "placement: none\ninjector: {enabled: true}"},
		"injector with cert-manager": {"overlays/webhook-cert-manager", "postern-injector", "placement: none\ninjector: {enabled: true, certManager: true}"},
	}
}

// digest is what kustomize adds to the names of generated config maps, and prefixes are the overlay's own choice.
var digest = regexp.MustCompile(`("name":"(?:tasks-)?postern(?:-injector-config)?)-[a-z0-9]{10}"`)

// same is an object without what chart and kustomize do each in their own way: how a new configuration restarts pods, how the Job is repeated, and
// in which namespace all is.
func same(t *testing.T, o object, prefix string) (name, text string) {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal(o.text, &tree); err != nil {
		t.Fatal(err)
	}
	metadata := tree["metadata"].(map[string]any)
	delete(metadata, "namespace")
	if o.kind == "Job" {
		delete(metadata, "annotations")
	}
	if spec, ok := tree["spec"].(map[string]any); ok {
		if template, ok := spec["template"].(map[string]any); ok {
			about := template["metadata"].(map[string]any)
			if annotations, ok := about["annotations"].(map[string]any); ok {
				delete(annotations, "checksum/config")
				if len(annotations) == 0 {
					delete(about, "annotations")
				}
			}
		}
	}
	if data, ok := tree["data"].(map[string]any); ok { // comments, and the order of keys
		var configuration any
		if err := yaml.Unmarshal([]byte(data["postern.yaml"].(string)), &configuration); err != nil {
			t.Fatal(err)
		}
		data["postern.yaml"] = configuration
	}
	content, err := json.MarshalIndent(tree, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	text = strings.ReplaceAll(digest.ReplaceAllString(strings.ReplaceAll(string(content), `": "`, `":"`), `$1"`), `":"`+prefix+`postern`, `":"postern`)
	return fmt.Sprintf("%s %s", o.kind, digest.ReplaceAllString(`"name":"`+o.name+`"`, `$1"`)), text
}

func TestTheChartMakesWhatKustomizeMakes(t *testing.T) {
	t.Parallel()
	for name, p := range placements(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prefix := ""
			if p.folder == "overlays/sidecar" {
				prefix = "tasks-"
			}
			want := map[string]string{}
			for _, o := range kustomize(t, filepath.Join(repository, "deploy/k8s", p.folder)) {
				if o.kind != "Namespace" { // Helm's --create-namespace
					o.name = strings.TrimPrefix(o.name, prefix)
					name, text := same(t, o, prefix)
					want[name] = text
				}
			}
			objects, err := chart(t, p.namespace, p.values)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range objects {
				name, got := same(t, o, "")
				if got != want[name] {
					t.Errorf("%s:\nthe chart makes\n%s\nkustomize makes\n%s", name, got, want[name])
				}
				delete(want, name)
			}
			for name := range want {
				t.Errorf("the chart makes no %s", name)
			}
		})
	}
}

func TestTheChartsPodsAreRestrictedAndComplete(t *testing.T) {
	t.Parallel()
	for name, p := range placements(t) {
		objects, err := chart(t, p.namespace, p.values)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkPods(t, objects)
		for _, o := range objects {
			if o.kind == "ConfigMap" {
				checkConfiguration(t, name, o)
			}
		}
	}
}

func TestWrongValuesAreRefusedByName(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]string{
		"placement: beside":                  "placement",
		"secrets: postern":                   "secrets",
		"injector: {failurePolicy: Perhaps}": "failurePolicy",
		"secret: Not_A_Name":                 "secret",
		"placement: sidecar":                 "app.image",
		"networkPolicy: {metricsFrom: []}":   "metricsFrom",
	} {
		if _, err := chart(t, "postern", values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", values, err)
		}
	}
}

// A chart without injector asks for nothing of the cluster.
func TestTheChartAsksForNoRightsWithoutInjector(t *testing.T) {
	t.Parallel()
	objects, err := chart(t, "postern", "placement: gateway")
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(objects, func(o object) bool {
		return strings.Contains(o.apiVersion, "rbac") || strings.Contains(o.kind, "Webhook")
	}); i >= 0 {
		t.Error(objects[i])
	}
}
