package kubernetes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func writeFile(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// cluster is what the tests below share: an API server to which the manifests were applied, and two replicas of the injector.
type cluster struct {
	*apiServer
	webhook       object // as it was applied
	configuration string
	service       *service
	replicas      []*replica
}

// TestCluster is one test, since an API server takes half a minute to start. Its parts follow one another.
func TestCluster(t *testing.T) {
	if os.Getenv("POSTERN_TEST_KUBERNETES") == "" {
		t.Skip("takes minutes, and etcd: `make test-k8s` runs it")
	}
	c := &cluster{apiServer: startAPIServer(t)}
	part := func(name string, test func(*testing.T)) {
		if !t.Run(name, test) && strings.HasPrefix(name, "manifests") {
			t.FailNow()
		}
	}
	part("manifests are taken by server-side validation", c.manifests)
	c.startReplicas(t)
	part("pods become what the golden files say", c.pods)
	part("a dry run leaves nothing", c.dryRun)
	part("templates of Deployments, Jobs and CronJobs are injected", c.templates)
	part("a pod whose secret is missing is refused", c.missingSecret)
	part("an injected pod is not injected again", c.again)
	part("where asked, a wrong pod is let through with an event", c.letThrough)
	part("an injected pod runs, and is closed but for Postern", c.run)
	part("no pod fails while authorities rotate", c.rotation)
	part("without the injector, failurePolicy decides", c.killed)
}

// manifests applies everything that deploy/k8s has: what belongs to one way of placing Postern as a dry run, the injector for good.
func (c *cluster) manifests(t *testing.T) {
	for _, namespace := range []string{"tasks", "postern", "postern-injector"} {
		c.apply(t, object{"v1", "Namespace", "", namespace, []byte("apiVersion: v1\nkind: Namespace\nmetadata: {name: " + namespace + "}\n")}, "")
	}
	for _, folder := range kustomizations(t) {
		for _, o := range kustomize(t, folder) {
			if _, known := resources[o.kind]; known { // the rest are other projects' definitions, which are not here
				c.apply(t, o, "&dryRun=All")
			}
		}
	}
	for _, o := range kustomize(t, filepath.Join(repository, "deploy/k8s/webhook")) {
		switch o.kind {
		case "MutatingWebhookConfiguration":
			c.webhook = o
			continue // when there is somebody to ask
		case "ConfigMap":
			var m core.ConfigMap
			if err := yaml.Unmarshal(o.text, &m); err != nil {
				t.Fatal(err)
			}
			c.configuration = m.Data["postern.yaml"]
		}
		c.apply(t, o, "")
	}
	for namespace, labels := range map[string]string{"team": "postern.dev/injection: enabled", "empty": "postern.dev/injection: enabled", "plain": "app: plain"} {
		c.apply(t, object{"v1", "Namespace", "", namespace, fmt.Appendf(nil, "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {%s}}\n", namespace, labels)}, "")
	}
	for _, o := range []object{
		{"v1", "Secret", "team", "postern", []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: postern, namespace: team}\nstringData: {A: b}\n")},
		{"v1", "Secret", "team", "tasks-auth", []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: tasks-auth, namespace: team}\nstringData: {A: b}\n")},
		{"v1", "ConfigMap", "team", "tasks-postern", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tasks-postern, namespace: team}\ndata: {postern.yaml: \"\"}\n")},
	} {
		c.apply(t, o, "")
	}
}

// register is the webhook's configuration, at an address that is reached without a cluster's network.
func (c *cluster) register(t *testing.T) {
	t.Helper()
	var w map[string]any
	if err := yaml.Unmarshal(c.webhook.text, &w); err != nil {
		t.Fatal(err)
	}
	for _, one := range w["webhooks"].([]any) {
		one.(map[string]any)["clientConfig"] = map[string]any{"url": c.service.url()}
	}
	text, err := yaml.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	c.webhook.text = text
	c.apply(t, c.webhook, "")
}

func (c *cluster) startReplicas(t *testing.T) {
	t.Helper()
	c.service = startService(t)
	c.register(t)
	for range 2 {
		c.replicas = append(c.replicas, c.startInjector(t, c.configuration, hasty.environ()...))
	}
	for _, r := range c.replicas {
		r.ready(t)
	}
	c.service.lead(c.replicas...)
	c.asked(t)
}

// asked waits until the API server has heard of the webhook, and asks it.
func (c *cluster) asked(t *testing.T) {
	t.Helper()
	c.replicas[0].until(t, "the API server asks", func() error {
		code, made, text := c.create(t, pod("team", "probe", `{postern.dev/inject: "true"}`), "&dryRun=All")
		if code != http.StatusCreated || status(made) == "" {
			return fmt.Errorf("%d %s", code, text)
		}
		return nil
	})
}

// pod is a small one.
func pod(namespace, name, annotations string) object {
	return object{"v1", "Pod", namespace, name, fmt.Appendf(nil, `apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: %s, annotations: %s}
spec:
  containers:
    - {name: api, image: "registry.example.com/tasks:1", ports: [{name: http, containerPort: 8000}]}
`, name, namespace, annotations)}
}

func annotations(o map[string]any) map[string]any {
	metadata, _ := o["metadata"].(map[string]any)
	found, _ := metadata["annotations"].(map[string]any)
	return found
}

func status(o map[string]any) string {
	text, _ := annotations(o)["postern.dev/status"].(string)
	return text
}

// essence is what two pods have in common that are the same but for their names.
func essence(t *testing.T, o map[string]any) string {
	t.Helper()
	text, err := json.MarshalIndent(map[string]any{"annotations": annotations(o), "spec": o["spec"]}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// moved is a pod of testdata, in another namespace and under another name.
func moved(t *testing.T, text []byte, namespace, name string) object {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	metadata := tree["metadata"].(map[string]any)
	delete(metadata, "generateName")
	metadata["name"], metadata["namespace"] = name, namespace
	content, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return object{"v1", "Pod", namespace, name, content}
}

// pods creates every pod of the injector's testdata where it is injected, and the golden one where nothing is; the API server must have the same of both.
func (c *cluster) pods(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "deploy/k8s/injector/testdata/pods/*.golden.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".golden.yaml")
		if strings.HasPrefix(name, "classic") {
			continue // of an injector with other settings
		}
		t.Run(name, func(t *testing.T) {
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, err := os.ReadFile(filepath.Join(filepath.Dir(file), name+".yaml"))
			if err != nil {
				t.Fatal(err)
			}
			code, made, text := c.create(t, moved(t, input, "team", name), "")
			if reasons, refused := strings.CutPrefix(string(golden), "# refused:\n# - "); refused {
				for _, reason := range strings.Split(strings.TrimSpace(reasons), "\n# - ") {
					if strings.HasPrefix(reason, "postern.dev/routes: ") {
						reason = "postern.dev/routes: " // what the real parser says is its own affair
					}
					if quoted, _ := json.Marshal(reason); code != http.StatusUnprocessableEntity || !strings.Contains(text, strings.Trim(string(quoted), `"`)) {
						t.Errorf("%d, without %q: %s", code, reason, text)
					}
				}
				return
			}
			if !bytes.HasPrefix(golden, []byte("# injected\n")) {
				golden = input // it is left as it is
			}
			wantCode, want, wantText := c.create(t, moved(t, golden, "plain", name), "")
			if code != http.StatusCreated || wantCode != http.StatusCreated {
				t.Fatalf("%d %s; the golden one: %d %s", code, text, wantCode, wantText)
			}
			if got, want := essence(t, made), essence(t, want); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func (c *cluster) dryRun(t *testing.T) {
	code, made, text := c.create(t, pod("team", "dry", `{postern.dev/inject: "true"}`), "&dryRun=All")
	if code != http.StatusCreated || status(made) == "" {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := c.ask(t, http.MethodGet, "/api/v1/namespaces/team/pods/dry", "", nil); code != http.StatusNotFound {
		t.Errorf("the pod is there: %d", code)
	}
}

// templates makes the pods that controllers would make.
func (c *cluster) templates(t *testing.T) {
	const template = `{metadata: {labels: {app: t}, annotations: {postern.dev/inject: "true"}}, spec: {restartPolicy: %s, containers: [{name: api, image: "registry.example.com/tasks:1", ports: [{name: http, containerPort: 8000}]}]}}`
	always, never := fmt.Sprintf(template, "Always"), fmt.Sprintf(template, "Never")
	for kind, o := range map[string]object{
		"Deployment": {"apps/v1", "Deployment", "team", "t", []byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: t, namespace: team}\nspec: {selector: {matchLabels: {app: t}}, template: " + always + "}\n")},
		"Job":        {"batch/v1", "Job", "team", "t", []byte("apiVersion: batch/v1\nkind: Job\nmetadata: {name: t, namespace: team}\nspec: {template: " + never + "}\n")},
		"CronJob":    {"batch/v1", "CronJob", "team", "t", []byte("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: t, namespace: team}\nspec: {schedule: \"* * * * *\", jobTemplate: {spec: {template: " + never + "}}}\n")},
	} {
		code, made, text := c.create(t, o, "")
		if code != http.StatusCreated {
			t.Errorf("%s: %d %s", kind, code, text)
			continue
		}
		spec := made["spec"].(map[string]any)
		if kind == "CronJob" {
			spec = spec["jobTemplate"].(map[string]any)["spec"].(map[string]any)
		}
		made = spec["template"].(map[string]any)
		metadata := made["metadata"].(map[string]any)
		metadata["name"] = "of-" + strings.ToLower(kind)
		made["apiVersion"], made["kind"] = "v1", "Pod"
		content, err := yaml.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		code, made, text = c.create(t, object{"v1", "Pod", "team", "", content}, "")
		if code != http.StatusCreated || status(made) == "" {
			t.Errorf("pod of a %s: %d %s", kind, code, text)
			continue
		}
		// What keeps a pod from ending are its containers: a Job's has none of ours among them.
		var p core.Pod
		remarshal(t, made, &p)
		if len(p.Spec.Containers) != 1 || len(p.Spec.InitContainers) != 1 || p.Spec.InitContainers[0].RestartPolicy == nil || *p.Spec.InitContainers[0].RestartPolicy != core.ContainerRestartPolicyAlways {
			t.Errorf("pod of a %s: %s", kind, text)
		}
	}
}

func remarshal(t *testing.T, from, to any) {
	t.Helper()
	text, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) missingSecret(t *testing.T) {
	code, _, text := c.create(t, pod("empty", "waiting", `{postern.dev/inject: "true"}`), "")
	if code != http.StatusUnprocessableEntity || !strings.Contains(text, "secret postern: does not exist in namespace empty; create it with the keys DATABASE_URL and BETTER_AUTH_SECRET") {
		t.Errorf("%d %s", code, text)
	}
	// The manifests let the injector find out about the name postern alone.
	code, made, text := c.create(t, pod("empty", "unknown", `{postern.dev/inject: "true", postern.dev/secret: other}`), "")
	if code != http.StatusCreated || status(made) == "" || !strings.Contains(text, "whether secret other exists could not be checked") {
		t.Errorf("%d %s", code, text)
	}
}

// again creates an injected pod as somebody would who copies it.
func (c *cluster) again(t *testing.T) {
	code, made, text := c.create(t, pod("team", "first", `{postern.dev/inject: "true"}`), "")
	if code != http.StatusCreated {
		t.Fatalf("%d %s", code, text)
	}
	content, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "copy", "namespace": "team", "annotations": annotations(made)}, "spec": made["spec"]})
	if err != nil {
		t.Fatal(err)
	}
	code, copied, text := c.create(t, object{"v1", "Pod", "team", "copy", content}, "")
	if code != http.StatusCreated || essence(t, copied) != essence(t, made) {
		t.Errorf("%d %s", code, text)
	}
}

func (c *cluster) letThrough(t *testing.T) {
	lenient := c.startInjector(t, c.configuration, append(hasty.environ(), "POSTERN_INJECTOR_ON_INVALID=allow")...)
	lenient.ready(t)
	c.service.lead(lenient)
	defer c.service.lead(c.replicas...)
	var made map[string]any
	var text string
	lenient.until(t, "the API server asks the other injector", func() error {
		var code int
		code, made, text = c.create(t, pod("team", fmt.Sprint("wrong-", time.Now().UnixNano()), `{postern.dev/inject: "true", postern.dev/upstream-port: "99999"}`), "")
		if code != http.StatusCreated {
			return fmt.Errorf("%d %s", code, text)
		}
		return nil
	})
	if status(made) != "" || !strings.Contains(text, "the pod starts WITHOUT it") {
		t.Errorf("%s", text)
	}
	_, events := c.ask(t, http.MethodGet, "/api/v1/namespaces/team/events", "", nil)
	if n := strings.Count(string(events), `"reason":"PosternNotInjected"`); n != 1 || !strings.Contains(string(events), "99999 is not between 1 and 65535") {
		t.Errorf("%d events: %s", n, events)
	}
}

// rotation creates pods for longer than an authority lives.
func (c *cluster) rotation(t *testing.T) {
	bundles, created := map[string]bool{}, 0
	for end := time.Now().Add(100 * time.Second); time.Now().Before(end); created++ {
		code, made, text := c.create(t, pod("team", fmt.Sprint("rotated-", created), `{postern.dev/inject: "true"}`), "&dryRun=All")
		if code != http.StatusCreated || status(made) == "" {
			t.Fatalf("pod %d: %d %s", created, code, text)
		}
		if created%5 == 0 {
			_, answer := c.ask(t, http.MethodGet, "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/postern-injector", "", nil)
			var w struct {
				Webhooks []struct{ ClientConfig struct{ CABundle string } }
			}
			if err := json.Unmarshal(answer, &w); err != nil {
				t.Fatal(err)
			}
			bundles[w.Webhooks[0].ClientConfig.CABundle] = true
			c.client.CloseIdleConnections()
		}
	}
	t.Logf("%d pods, %d bundles of authorities", created, len(bundles))
	if len(bundles) < 3 { // the old one, both, the new one
		t.Errorf("only %d bundles in %d pods: nothing has rotated", len(bundles), created)
	}
	for _, r := range c.replicas {
		for line := range strings.SplitSeq(r.metrics(t), "\n") {
			if strings.HasPrefix(line, "postern_injector_review") && !strings.Contains(line, " 0") || strings.HasPrefix(line, "process_resident") {
				t.Log(line)
			}
		}
	}
}

// killed asks for pods with nobody there to say anything about them.
func (c *cluster) killed(t *testing.T) {
	for _, r := range c.replicas {
		r.kill()
	}
	code, _, text := c.create(t, pod("team", "late", `{postern.dev/inject: "true"}`), "")
	if code != http.StatusInternalServerError || !strings.Contains(text, `failed calling webhook \"inject.postern.dev\"`) {
		t.Errorf("Fail: %d %s", code, text)
	}
	for name, o := range map[string]object{
		"no annotation":     pod("team", "none", `{a: b}`),
		"another namespace": pod("plain", "elsewhere", `{postern.dev/inject: "true"}`),
		"excluded":          {"v1", "Pod", "team", "excluded-2", bytes.Replace(pod("team", "excluded-2", `{postern.dev/inject: "true"}`).text, []byte("annotations:"), []byte(`labels: {postern.dev/exclude: "true"}, annotations:`), 1)},
	} {
		if code, _, text := c.create(t, o, ""); code != http.StatusCreated {
			t.Errorf("%s: %d %s", name, code, text)
		}
	}
	c.webhook.text = bytes.Replace(c.webhook.text, []byte("failurePolicy: Fail"), []byte("failurePolicy: Ignore"), 1)
	c.apply(t, c.webhook, "")
	var made map[string]any
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(100 * time.Millisecond) {
		if code, made, text = c.create(t, pod("team", "open", `{postern.dev/inject: "true"}`), ""); code == http.StatusCreated || time.Now().After(deadline) {
			break
		}
	}
	if code != http.StatusCreated || status(made) != "" {
		t.Errorf("Ignore: %d %s", code, text)
	}
	back := c.startInjector(t, c.configuration, hasty.environ()...)
	back.ready(t)
	c.replicas = []*replica{back}
	c.service.lead(back)
	c.asked(t)
	if !slices.Contains(strings.Fields(back.metrics(t)), `postern_injector_reviews_total{outcome="injected"}`) {
		t.Error("nothing was counted")
	}
}
