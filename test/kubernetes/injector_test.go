package kubernetes

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// hurry has authorities and certificates live for so short that a test sees them come and go.
type hurry struct{ authority, certificate, settle string }

// hasty is so short that rotation goes on through all tests.
var hasty = hurry{authority: "90s", certificate: "30s", settle: "5s"}

// replica is one process of the injector.
type replica struct {
	*process
	address, admin string
}

// startInjector runs a replica with the configuration of the manifests, which name the API server's address and names that lead to loopback.
func (a *apiServer) startInjector(t *testing.T, configuration string, environ ...string) *replica {
	t.Helper()
	r := &replica{address: freeAddress(t), admin: freeAddress(t)}
	file := filepath.Join(t.TempDir(), "postern.yaml")
	a.write(t, "token", injectorToken)
	writeFile(t, file, configuration)
	r.process = start(t, append([]string{
		"POSTERN_INJECTOR_LISTEN=" + r.address, "POSTERN_SERVER_ADMIN_LISTEN=" + r.admin, "POSTERN_SERVER_DRAIN_DELAY=0s",
		"POSTERN_INJECTOR_API_SERVER_URL=" + a.address, "POSTERN_INJECTOR_API_SERVER_CA_FILE=" + a.caFile,
		"POSTERN_INJECTOR_API_SERVER_TOKEN_FILE=" + filepath.Join(a.dir, "token"),
		"POSTERN_INJECTOR_TLS_NAMESPACE=postern-injector", "POSTERN_INJECTOR_TLS_NAMES=localhost",
	}, environ...), postern(t), "injector", "--config", file)
	return r
}

func (h hurry) environ() []string {
	return []string{
		"POSTERN_INJECTOR_TLS_CA_LIFETIME=" + h.authority, "POSTERN_INJECTOR_TLS_CERTIFICATE_LIFETIME=" + h.certificate,
		"POSTERN_INJECTOR_TLS_SETTLE_TIME=" + h.settle,
	}
}

func (r *replica) ready(t *testing.T) {
	t.Helper()
	r.until(t, "the injector is ready", func() error {
		resp, err := http.Get("http://" + r.admin + "/readyz")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("it answers %s", resp.Status)
		}
		return nil
	})
}

func (r *replica) metrics(t *testing.T) string {
	t.Helper()
	resp, err := http.Get("http://" + r.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// service stands for the Service of the manifests: connections to it go to the replicas in turn, past those that refuse.
type service struct {
	net.Listener
	replicas atomic.Pointer[[]string]
	open     sync.Map // connections: an API server keeps them
}

func startService(t *testing.T) *service {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &service{Listener: listener}
	s.lead()
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for turn := 0; ; turn++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.pass(conn, turn)
		}
	}()
	return s
}

// lead has new connections go to these, and ends those there are.
func (s *service) lead(replicas ...*replica) {
	var to []string
	for _, r := range replicas {
		to = append(to, r.address)
	}
	s.replicas.Store(&to)
	s.open.Range(func(conn, _ any) bool {
		_ = conn.(net.Conn).Close()
		return true
	})
}

func (s *service) pass(conn net.Conn, turn int) {
	s.open.Store(conn, true)
	defer func() {
		s.open.Delete(conn)
		_ = conn.Close()
	}()
	to := *s.replicas.Load()
	for i := range to {
		other, err := net.Dial("tcp", to[(turn+i)%len(to)])
		if err != nil {
			continue
		}
		go func() {
			_, _ = io.Copy(other, conn)
			_ = other.Close()
		}()
		_, _ = io.Copy(conn, other)
		return
	}
}

// url is where the API server asks. Its own certificate is for localhost, since there is no cluster network.
func (s *service) url() string {
	_, port, _ := strings.Cut(s.Addr().String(), ":")
	return "https://localhost:" + port + "/inject"
}
