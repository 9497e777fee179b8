package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/sessionstore"
)

// probeOf has an admin listener pass probes on to an application at address.
func probeOf(t *testing.T, address string) *adminListener {
	t.Helper()
	var cfg config.Config
	cfg.Proxy.Upstream.URL = address
	cfg.Server.ProbePaths = []string{"/healthz", "/deep?full=1", "/away"}
	admin := newAdmin(newMetrics(), probed{condition: sessionstore.Condition{State: sessionstore.Available}})
	admin.passOn(newProbes(cfg))
	return admin
}

func TestProbesReachTheApplicationAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	var heard []string
	application := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard = append(heard, r.Method+" "+r.RequestURI)
		if r.Header.Get("X-Postern-User-Id") != "" || r.Header.Get("Cookie") != "" || r.ContentLength > 0 {
			t.Errorf("more than the path has come through: %v", r.Header)
		}
		switch r.URL.Path {
		case "/deep":
			http.Error(w, "secret reason", http.StatusServiceUnavailable)
		case "/away":
			http.Redirect(w, r, "/healthz", http.StatusFound)
		default:
			w.Header().Set("X-Secret", "1")
			_, _ = io.WriteString(w, "secret state")
		}
	})
	tcp := httptest.NewServer(application)
	t.Cleanup(tcp.Close)
	socket := filepath.Join(t.TempDir(), "app.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	unix := &httptest.Server{Listener: listener, Config: &http.Server{Handler: application}}
	unix.Start()
	t.Cleanup(unix.Close)

	for _, address := range []string{tcp.URL, "unix:" + socket} {
		heard = nil
		admin := probeOf(t, address)
		var got []string
		for _, target := range []string{
			"GET /probe/http/healthz", "GET /probe/http/deep?full=1", "GET /probe/http/away", "GET /probe/tcp",
			"GET /probe/http/deep", "GET /probe/http/healthz?x=1", "GET /probe/http/admin", "GET /probe/http/", "GET /probe/http//healthz", "POST /probe/http/healthz",
		} {
			method, path, _ := strings.Cut(target, " ")
			r := httptest.NewRequest(method, path, http.NoBody)
			r.Header.Set("X-Postern-User-Id", "admin")
			r.Header.Set("Cookie", "a=b")
			w := httptest.NewRecorder()
			admin.ServeHTTP(w, r)
			if strings.Contains(w.Body.String(), "secret") || w.Header().Get("X-Secret") != "" {
				t.Errorf("%s: the application's answer shows: %v %s", target, w.Header(), w.Body)
			}
			got = append(got, fmt.Sprint(w.Code))
		}
		if all := strings.Join(got, " "); all != "200 503 302 204 404 404 404 404 307 405" && all != "200 503 302 204 404 404 404 404 301 405" {
			t.Errorf("%s: %s", address, all)
		}
		if all := strings.Join(heard, ", "); all != "GET /healthz, GET /deep?full=1, GET /away" {
			t.Errorf("%s: the application heard %s", address, all)
		}
	}
}

func TestProbesOfAnApplicationThatIsGoneFail(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	admin := probeOf(t, gone.URL)
	for _, path := range []string{"/probe/http/healthz", "/probe/tcp"} {
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequest("GET", path, http.NoBody))
		if w.Code != http.StatusBadGateway {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
