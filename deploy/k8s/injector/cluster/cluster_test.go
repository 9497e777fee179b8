package cluster

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posternhq/postern/deploy/k8s/injector"
	"github.com/posternhq/postern/deploy/k8s/injector/authority"
)

// apiServer answers as the table says, and remembers what it was asked. The real one is asked in test/kubernetes.
type apiServer struct {
	answers map[string]string // by method and path: a code, and a body
	asked   []string
	bodies  []string
	tokens  map[string]bool
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.asked, a.bodies = append(a.asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type")), append(a.bodies, string(body))
	a.tokens[r.Header.Get("Authorization")] = true
	code, answer, found := strings.Cut(a.answers[r.Method+" "+r.URL.Path], " ")
	if !found {
		code, answer = "404", `{"message":"no such thing"}`
	}
	var number int
	if _, err := fmt.Sscan(code, &number); err != nil {
		panic(err)
	}
	w.WriteHeader(number)
	_, _ = io.WriteString(w, answer)
}

func start(t *testing.T, answers map[string]string) (*apiServer, *Client, string) {
	t.Helper()
	a := &apiServer{answers: answers, tokens: map[string]bool{}}
	server := httptest.NewTLSServer(a)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	token, ca := filepath.Join(dir, "token"), filepath.Join(dir, "ca.crt")
	write(t, token, "first\n")
	write(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	c, err := New(server.URL, token, ca)
	if err != nil {
		t.Fatal(err)
	}
	return a, c, dir
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestObjectsAreFoundOrMissingOrUnknown(t *testing.T) {
	t.Parallel()
	a, c, dir := start(t, map[string]string{
		"GET /api/v1/namespaces/team/secrets/there":     "200 {}",
		"GET /api/v1/namespaces/team/secrets/forbidden": `403 {"message":"secrets is forbidden"}`,
	})
	ctx := context.Background()
	if err := c.Find(ctx, "secrets", "team", "there"); err != nil {
		t.Error(err)
	}
	if err := c.Find(ctx, "secrets", "team", "gone"); !errors.Is(err, injector.ErrMissing) {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "token"), "renewed\n")
	if err := c.Find(ctx, "secrets", "team", "forbidden"); err == nil || errors.Is(err, injector.ErrMissing) || !strings.Contains(err.Error(), "403: secrets is forbidden") {
		t.Error(err)
	}
	if !a.tokens["Bearer first"] || !a.tokens["Bearer renewed"] {
		t.Error(a.tokens)
	}
	write(t, filepath.Join(dir, "ca.crt"), "")
	other, err := New(c.base, filepath.Join(dir, "token"), filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Find(ctx, "secrets", "team", "there"); err == nil || !strings.Contains(err.Error(), "has no certificate") {
		t.Error(err)
	}
}

func TestVersionsAreRead(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]int{`200 {"major":"1","minor":"36"}`: 36, `200 {"major":"1","minor":"28+"}`: 28, `200 {"major":"2","minor":"0"}`: 0, `200 {}`: 0} {
		_, c, _ := start(t, map[string]string{"GET /version": answer})
		if got, err := c.Minor(context.Background()); got != want || (err == nil) != (want > 0) {
			t.Errorf("%s: %d, %v", answer, got, err)
		}
	}
}

func TestEventsAreCutToWhatAnEventTakes(t *testing.T) {
	t.Parallel()
	a, c, _ := start(t, map[string]string{"POST /api/v1/namespaces/team/events": "201 {}"})
	err := c.Tell(context.Background(), injector.Subject{Namespace: "team", Kind: "ReplicaSet", Name: "tasks"}, "PosternNotInjected", strings.Repeat("é", 1000))
	var got event
	if err != nil || json.Unmarshal([]byte(a.bodies[0]), &got) != nil || len(got.Message) > 1024 || !strings.HasSuffix(got.Message, "é...") || got.InvolvedObject.Kind != "ReplicaSet" {
		t.Errorf("%v %+v", err, got)
	}
}

func TestWhoIsSecondIsToldSo(t *testing.T) {
	t.Parallel()
	const secrets, webhook = "/api/v1/namespaces/postern/secrets", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/hook"
	a, c, _ := start(t, map[string]string{
		"POST " + secrets:          `409 {"message":"already exists"}`,
		"PUT " + secrets + "/kept": `409 {"message":"the object has been modified"}`,
		"GET " + secrets + "/kept": `200 {"metadata":{"resourceVersion":"7"},"data":{"tls.crt":"YWJj"}}`,
		"GET " + webhook:           `200 {"webhooks":[{"name":"a","clientConfig":{"caBundle":"YWJj"}},{"name":"b","clientConfig":{"caBundle":"YWJj"}}]}`,
		"PATCH " + webhook:         `422 {"message":"test failed"}`,
	})
	store := &Certificates{Client: c, Namespace: "postern", Secret: "kept", Webhook: "hook"}
	ctx := context.Background()
	data, version, err := store.Load(ctx)
	if err != nil || version != "7" || string(data["tls.crt"]) != "abc" {
		t.Errorf("%q %s %v", data, version, err)
	}
	for _, version := range []string{"", "7"} {
		if err := store.Save(ctx, data, version); !errors.Is(err, authority.ErrConflict) {
			t.Errorf("version %q: %v", version, err)
		}
	}
	published, err := store.Published(ctx)
	if err != nil || string(published) != "abc" {
		t.Errorf("%s, %v", published, err)
	}
	if err := store.Publish(ctx, []byte("abc"), []byte("new")); !errors.Is(err, authority.ErrConflict) {
		t.Error(err)
	}
	last := len(a.asked) - 1
	if !strings.HasSuffix(a.asked[last], "application/json-patch+json") || !strings.Contains(a.bodies[last], `{"op":"test","path":"/webhooks/1/clientConfig/caBundle","value":"YWJj"}`) {
		t.Errorf("%s %s", a.asked[last], a.bodies[last])
	}
	before := len(a.asked)
	if err := store.Publish(ctx, []byte("older"), []byte("new")); !errors.Is(err, authority.ErrConflict) || len(a.asked) != before+1 {
		t.Errorf("%v after %v", err, a.asked[before:])
	}
	missing := &Certificates{Client: c, Namespace: "postern", Secret: "none", Webhook: "hook"}
	if _, _, err := missing.Load(ctx); !errors.Is(err, authority.ErrNotFound) {
		t.Error(err)
	}
}

func TestAddressesOfAPIServersAreChecked(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "10.0.0.1:6443", "http://10.0.0.1", "https://"} {
		if _, err := New(address, "", ""); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}
