package injector

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the golden files anew")

// standard are the options that a configuration without settings asks for.
func standard(sidecar string) Options {
	o := Options{
		Image: "ghcr.io/posternhq/postern:1.0.0", Version: "1.0.0", Native: sidecar == "native", Port: 18080, AdminPort: 19090, Secret: "postern",
		Resources: Resources{CPURequest: "10m", MemoryRequest: "48Mi", MemoryLimit: "256Mi"}, PreStopSeconds: 5,
	}
	o.CheckRoutes = func(text string) error {
		var routes []map[string]any
		if err := yaml.Unmarshal([]byte(text), &routes); err != nil {
			return errors.New("is no list of routes")
		}
		return nil
	}
	return o
}

// readPod is a pod of testdata as an API server would send it.
func readPod(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// apply carries a patch out as the API server does.
func apply(t *testing.T, pod []byte, steps []Operation) []byte {
	t.Helper()
	text, err := json.Marshal(steps)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonpatch.DecodePatch(text)
	if err != nil {
		t.Fatal(err)
	}
	patched, err := decoded.Apply(pod)
	if err != nil {
		t.Fatalf("the patch cannot be applied: %v\n%s", err, text)
	}
	return patched
}

func asYAML(t *testing.T, content []byte) string {
	t.Helper()
	var tree any
	if err := json.Unmarshal(content, &tree); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(tree); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// golden is what a test says of a pod: what becomes of it, what its maker is told, and what it is then.
func golden(t *testing.T, pod []byte, o Options) string {
	t.Helper()
	done, err := Inject(pod, o)
	if err != nil {
		var invalid *Invalid
		if !errors.As(err, &invalid) {
			t.Fatal(err)
		}
		return "# refused:\n# - " + strings.Join(invalid.Problems, "\n# - ") + "\n"
	}
	out := fmt.Sprintf("# %s\n", done.Outcome)
	for _, w := range done.Warnings {
		out += "# warning: " + w + "\n"
	}
	if len(done.Patch) == 0 {
		return out
	}
	return out + asYAML(t, apply(t, pod, done.Patch))
}

func pods(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("testdata/pods/*.yaml")
	if err != nil || len(all) == 0 {
		t.Fatal("no pods", err)
	}
	var files []string
	for _, file := range all {
		if !strings.HasSuffix(file, ".golden.yaml") {
			files = append(files, file)
		}
	}
	return files
}

func optionsFor(file string) Options {
	if strings.HasPrefix(filepath.Base(file), "classic") {
		return standard("classic")
	}
	return standard("native")
}

func TestPodsBecomeWhatTheGoldenFilesSay(t *testing.T) {
	t.Parallel()
	for _, file := range pods(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			got := golden(t, readPod(t, file), optionsFor(file))
			want := strings.TrimSuffix(file, ".yaml") + ".golden.yaml"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			expected, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(expected) {
				t.Errorf("%s differs; run with -update to see by how much:\n%s", want, got)
			}
		})
	}
}

// The API server asks again when another webhook has changed the pod (reinvocationPolicy: IfNeeded).
func TestAnInjectedPodIsNotChangedAgain(t *testing.T) {
	t.Parallel()
	injected := 0
	for _, file := range pods(t) {
		o := optionsFor(file)
		pod := readPod(t, file)
		done, err := Inject(pod, o)
		if err != nil || done.Outcome != Injected {
			continue
		}
		injected++
		again, err := Inject(apply(t, pod, done.Patch), o)
		if err != nil || again.Outcome != Present || len(again.Patch) > 0 || len(again.Warnings) > 0 {
			t.Errorf("%s: %s, %v, %v, %v", file, again.Outcome, again.Patch, again.Warnings, err)
		}
	}
	if injected < 8 {
		t.Errorf("only %d pods were injected", injected)
	}
}

func TestTheSamePodBecomesTheSame(t *testing.T) {
	t.Parallel()
	for _, file := range pods(t) {
		pod := readPod(t, file)
		first := golden(t, pod, optionsFor(file))
		for range 5 {
			if again := golden(t, pod, optionsFor(file)); again != first {
				t.Fatalf("%s: once\n%s\nand once\n%s", file, first, again)
			}
		}
	}
}

// Fields that nobody here has heard of belong to the pod's maker.
func TestUnknownFieldsSurvive(t *testing.T) {
	t.Parallel()
	pod := []byte(`{"metadata":{"annotations":{"postern.dev/inject":"true"}},"spec":{"fromTheFuture":{"a":1},"containers":[
		{"name":"api","fromTheFuture":[1,2],"ports":[{"containerPort":8000,"fromTheFuture":true},{"containerPort":9,"protocol":"UDP","new":"x"}],
		"readinessProbe":{"httpGet":{"port":8000},"new":7}}]}}`)
	done, err := Inject(pod, standard("native"))
	if err != nil {
		t.Fatal(err)
	}
	got := string(apply(t, pod, done.Patch))
	for _, want := range []string{`"fromTheFuture":{"a":1}`, `"fromTheFuture":[1,2]`, `"new":"x"`, `"new":7`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is gone: %s", want, got)
		}
	}
}

func FuzzNoPodIsChangedByHalf(f *testing.F) {
	for _, file := range []string{"simple", "probes", "unix-socket", "in-the-way", "mesh"} {
		text, err := os.ReadFile("testdata/pods/" + file + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		var tree any
		if err := yaml.Unmarshal(text, &tree); err != nil {
			f.Fatal(err)
		}
		content, err := json.Marshal(tree)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, pod []byte) {
		o := standard("native")
		done, err := Inject(pod, o)
		if err != nil || done.Outcome != Injected {
			if len(done.Patch) > 0 {
				t.Fatalf("%s, %v, and yet a patch", done.Outcome, err)
			}
			return
		}
		text, err := json.Marshal(done.Patch)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := jsonpatch.DecodePatch(text)
		if err != nil {
			t.Fatal(err)
		}
		// What the text has under two spellings of one name, or null where a list is due, no API server sends.
		patched, err := steps.Apply(pod)
		if err != nil {
			t.Skip()
		}
		if again, err := Inject(patched, o); err != nil || again.Outcome == Injected {
			t.Fatalf("injected twice: %s, %v", again.Outcome, err)
		}
	})
}
