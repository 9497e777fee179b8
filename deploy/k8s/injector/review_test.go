package injector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// cluster is what a webhook asks, in memory.
type cluster struct {
	missing map[string]bool
	err     error
	told    []string
}

func (c *cluster) Find(_ context.Context, resource, namespace, name string) error {
	if c.missing[resource+"/"+namespace+"/"+name] {
		return fmt.Errorf("find: %w", ErrMissing)
	}
	return c.err
}

func (c *cluster) Tell(_ context.Context, about Subject, reason, message string) error {
	c.told = append(c.told, fmt.Sprintf("%s %s/%s: %s: %s", about.Kind, about.Namespace, about.Name, reason, message))
	return nil
}

func webhook(c *cluster) *Webhook {
	return &Webhook{Options: standard("native"), Finder: c, Teller: c, Logger: slog.New(slog.DiscardHandler)}
}

func reviewOf(pod []byte, more string) string {
	return fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1","kind":{"group":"","version":"v1","kind":"Pod"},
		"namespace":"team","operation":"CREATE"%s,"object":%s}}`, more, pod)
}

func ask(t *testing.T, h http.Handler, body string) (int, answer, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/inject", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return w.Code, answer{}, w.Body.String()
	}
	var got review
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.APIVersion != "admission.k8s.io/v1" || got.Kind != "AdmissionReview" || got.Response == nil || got.Response.UID != "u-1" {
		t.Fatalf("not an answer to the review: %s", w.Body)
	}
	return w.Code, *got.Response, w.Body.String()
}

func TestAReviewIsAnsweredWithAPatch(t *testing.T) {
	t.Parallel()
	pod := readPod(t, "testdata/pods/simple.yaml")
	_, got, _ := ask(t, webhook(&cluster{}), reviewOf(pod, ""))
	var steps []Operation
	if err := json.Unmarshal(got.Patch, &steps); err != nil {
		t.Fatal(err)
	}
	if !got.Allowed || got.PatchType != "JSONPatch" || !strings.Contains(asYAML(t, apply(t, pod, steps)), "POSTERN_UPSTREAM_URL") {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsNotAskedForIsAllowedUnchanged(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no annotation": reviewOf([]byte(`{"spec":{"containers":[{"name":"a"}]}}`), ""),
		"an update":     strings.Replace(reviewOf(readPod(t, "testdata/pods/simple.yaml"), ""), "CREATE", "UPDATE", 1),
		"another kind":  strings.Replace(reviewOf(readPod(t, "testdata/pods/simple.yaml"), ""), `"kind":"Pod"`, `"kind":"Secret"`, 1),
	} {
		if _, got, _ := ask(t, webhook(&cluster{}), body); !got.Allowed || got.Patch != nil || got.Warnings != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAWrongPodIsRefusedWithAllReasons(t *testing.T) {
	t.Parallel()
	c := &cluster{}
	_, got, _ := ask(t, webhook(c), reviewOf(readPod(t, "testdata/pods/bad-annotations.yaml"), ""))
	if got.Allowed || got.Patch != nil || got.Status == nil || got.Status.Code != 422 {
		t.Fatalf("%+v", got)
	}
	for _, reason := range []string{"postern.dev/upstream-prt: ", "postern.dev/secret: ", "postern.dev/memory-request: "} {
		if !strings.Contains(got.Status.Message, reason) {
			t.Errorf("%s is not in %q", reason, got.Status.Message)
		}
	}
	if len(c.told) > 0 {
		t.Errorf("told: %v", c.told)
	}
}

func TestAWrongPodIsLetThroughWithAnEventWhereAsked(t *testing.T) {
	t.Parallel()
	c := &cluster{}
	h := webhook(c)
	h.LetPass = true
	pod := []byte(`{"metadata":{"annotations":{"postern.dev/inject":"maybe"},"ownerReferences":[{"kind":"ReplicaSet","name":"tasks-7d9c","controller":true}]},
		"spec":{"containers":[{"name":"a"}]}}`)
	_, got, _ := ask(t, h, reviewOf(pod, ""))
	if !got.Allowed || got.Patch != nil || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "postern.dev/inject") {
		t.Errorf("%+v", got)
	}
	if len(c.told) != 1 || !strings.HasPrefix(c.told[0], "ReplicaSet team/tasks-7d9c: PosternNotInjected: ") {
		t.Errorf("told: %v", c.told)
	}
	ask(t, h, reviewOf(pod, `,"dryRun":true`))
	if len(c.told) != 1 {
		t.Errorf("a dry run left an event: %v", c.told)
	}
}

func TestAPodIsRefusedWhoseSecretDoesNotExist(t *testing.T) {
	t.Parallel()
	c := &cluster{missing: map[string]bool{"secrets/team/tasks-auth": true, "configmaps/team/tasks-postern": true}}
	_, got, _ := ask(t, webhook(c), reviewOf(readPod(t, "testdata/pods/all-annotations.yaml"), ""))
	if got.Allowed || !strings.Contains(got.Status.Message, "secret tasks-auth: does not exist in namespace team") || !strings.Contains(got.Status.Message, "config map tasks-postern: ") {
		t.Errorf("%+v", got.Status)
	}
	c = &cluster{err: errors.New("forbidden")}
	_, got, _ = ask(t, webhook(c), reviewOf(readPod(t, "testdata/pods/all-annotations.yaml"), ""))
	if !got.Allowed || got.Patch == nil || len(got.Warnings) != 2 {
		t.Errorf("not to be known: %+v", got)
	}
}

func TestWhatIsNoReviewGetsAnErrorThatSaysSo(t *testing.T) {
	t.Parallel()
	pod := readPod(t, "testdata/pods/simple.yaml")
	good := reviewOf(pod, "")
	for name, c := range map[string]struct {
		body string
		code int
		says string
	}{
		"nothing":    {"", 400, "no JSON"},
		"garbage":    {"\x00\xff{", 400, "no JSON"},
		"cut":        {good[:len(good)/2], 400, "no JSON"},
		"a pod":      {string(pod), 400, "only AdmissionReview"},
		"v1beta1":    {strings.Replace(good, "admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1), 400, "admission.k8s.io/v1 is spoken"},
		"no request": {`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, 400, "has no request"},
		"no uid":     {strings.Replace(good, `"uid":"u-1"`, `"uid":""`, 1), 400, "has no request"},
		"huge":       {reviewOf([]byte(`"`+strings.Repeat("a", maxReview)+`"`), ""), 413, "8 MiB"},
	} {
		malformed := 0
		h := webhook(&cluster{})
		h.Malformed = func() { malformed++ }
		if code, _, says := ask(t, h, c.body); code != c.code || !strings.Contains(says, c.says) || malformed != 1 {
			t.Errorf("%s: %d %q, counted %d", name, code, says, malformed)
		}
	}
	// A review of something that cannot be a pod is one; the object is what is wrong.
	if _, got, _ := ask(t, webhook(&cluster{}), reviewOf([]byte(`{"metadata":7}`), "")); got.Allowed || got.Patch != nil {
		t.Errorf("no pod: %+v", got)
	}
	w := httptest.NewRecorder()
	webhook(&cluster{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/inject", http.NoBody))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
	w = httptest.NewRecorder()
	webhook(&cluster{}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/inject", strings.NewReader(good)))
	if w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("no media type: %d", w.Code)
	}
}

// An API server takes objects of 3 MiB: a pod with that much in it is injected as any other.
func TestAHugePodIsInjected(t *testing.T) {
	t.Parallel()
	var env []string
	for i := range 20000 {
		env = append(env, fmt.Sprintf(`{"name":"V%d","value":"%s"}`, i, strings.Repeat("x", 100)))
	}
	pod := fmt.Appendf(nil, `{"metadata":{"annotations":{"postern.dev/inject":"true"}},"spec":{"containers":[{"name":"a","env":[%s],"ports":[{"containerPort":8000}]}]}}`, strings.Join(env, ","))
	if _, got, _ := ask(t, webhook(&cluster{}), reviewOf(pod, "")); !got.Allowed || got.Patch == nil {
		t.Errorf("%+v", got.Status)
	}
}

func TestOutcomesAreObserved(t *testing.T) {
	t.Parallel()
	var seen []Outcome
	h := webhook(&cluster{})
	h.Observe = func(o Outcome, _ time.Duration) { seen = append(seen, o) }
	for _, file := range []string{"simple", "excluded", "present-other-version", "host-port", "ambiguous"} {
		ask(t, h, reviewOf(readPod(t, "testdata/pods/"+file+".yaml"), ""))
	}
	if got := fmt.Sprint(seen); got != "[injected skipped present injected refused]" {
		t.Error(got)
	}
}

func BenchmarkReview(b *testing.B) {
	body := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1","kind":{"group":"","version":"v1","kind":"Pod"},"namespace":"team","operation":"CREATE",
		"object":{"metadata":{"annotations":{"postern.dev/inject":"true"}},"spec":{"containers":[{"name":"api","ports":[{"name":"http","containerPort":8000}],"readinessProbe":{"httpGet":{"path":"/healthz","port":"http"}}}]}}}}`
	h := webhook(&cluster{})
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/inject", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
		_, _ = io.Copy(io.Discard, w.Body)
	}
}
