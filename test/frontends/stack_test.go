package frontends

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

const examples = "../../deploy/examples"

// frontEnd is one that the tests run.
type frontEnd struct {
	name, program string
	files         []string
	argv          func(program, dir string) []string
	played        func(t *testing.T, dir string) http.Handler // instead of a program
}

func frontEnds() []frontEnd {
	return []frontEnd{
		{name: "nginx", program: "nginx", files: []string{"nginx.conf"}, argv: func(program, dir string) []string {
			return []string{program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-g", "daemon off;"}
		}},
		{name: "caddy", program: "caddy", files: []string{"Caddyfile"}, argv: func(program, dir string) []string {
			return []string{program, "run", "--config", filepath.Join(dir, "Caddyfile"), "--adapter", "caddyfile"}
		}},
		{name: "haproxy", program: "haproxy", files: []string{"haproxy.cfg", "postern.lua"}, argv: func(program, _ string) []string {
			return []string{program, "-db", "-f", "haproxy.cfg"}
		}},
		{name: "traefik", files: []string{"dynamic.yaml"}, played: func(t *testing.T, dir string) http.Handler { return newTraefik(t, dir) }},
	}
}

// everyFrontEnd runs a test against each front end that is there.
func everyFrontEnd(t *testing.T, test func(t *testing.T, s *stack)) {
	for _, f := range frontEnds() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t, f))
		})
	}
}

// stack is a front end, Postern beside it, and an application behind it.
type stack struct {
	frontEnd
	URL     string // of the front end
	GRPC    string // where Envoy asks
	Forward string // where front ends ask over HTTP
	*harness.Postern
	db    *harness.Database
	file  string            // of the configuration
	ports map[string]string // of the examples, and those of this test

	mu   sync.Mutex
	seen []seen
}

// seen is a request as the application got it.
type seen struct {
	method, target, body string
	header               http.Header
}

func (s *stack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.seen = append(s.seen, seen{r.Method, r.RequestURI, string(body), r.Header.Clone()})
	s.mu.Unlock()
	if r.Header.Get("Upgrade") != "" {
		if conn, rw, err := http.NewResponseController(w).Hijack(); err == nil {
			proof := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455 §4.2.2
			_, _ = fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(proof[:]))
			_ = rw.Flush()
			_ = conn.Close()
		}
		return
	}
	w.Header().Set("Set-Cookie", "theme=dark")
	_, _ = io.WriteString(w, "hello from the application")
}

// take returns what the application got since it was last asked.
func (s *stack) take() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.seen
	s.seen = nil
	return all
}

var port = regexp.MustCompile(`\b(8000|8080|8081|9091|9092)\b`)

// start runs the example of a front end, on ports that are free.
func start(t *testing.T, f frontEnd) *stack {
	t.Helper()
	program := harness.FindProgram(f.program)
	if program == "" && f.played == nil {
		t.Skipf("this machine has no %s; test/setup.sh installs it where Debian's packages are to be had", f.program)
	}
	s := beside(t, f)
	dir := t.TempDir()
	for _, file := range f.files {
		s.copy(t, filepath.Join(f.name, file), filepath.Join(dir, file))
	}
	if f.played != nil {
		s.play(t, f.played(t, dir))
		return s
	}
	harness.StartProgram(t, dir, strings.TrimPrefix(s.URL, "http://"), f.argv(program, dir)...)
	return s
}

// play has a handler take the front end's place.
func (s *stack) play(t *testing.T, h http.Handler) {
	t.Helper()
	listener, err := net.Listen("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
}

// beside runs all but the front end.
func beside(t *testing.T, f frontEnd) *stack {
	t.Helper()
	s := &stack{frontEnd: f, db: harness.SQLite(t), URL: "http://" + harness.FreeAddress(t), Forward: harness.FreeAddress(t), GRPC: harness.FreeAddress(t)}
	app := httptest.NewServer(s)
	t.Cleanup(app.Close)
	s.Postern = harness.NewPostern(t, harness.Settings(s.db.Settings(), map[string]string{
		"server.public_url":        s.URL,
		"forward_auth.listen":      s.Forward,
		"forward_auth.grpc_listen": s.GRPC,
		"mail.transport":           "log",
		"cors.allowed_origins":     "https://page.example",

		"auth.email_password.require_email_verification": "false",
		"session_cache.stale_if_error":                   "0s",
	}))
	s.ports = map[string]string{
		"8000": portOf(app.URL), "8080": portOf(s.URL), "8081": portOf(s.Postern.URL), "9091": portOf(s.Forward), "9092": portOf(s.GRPC),
	}
	s.file = filepath.Join(t.TempDir(), "postern.yaml")
	s.copy(t, "postern.yaml", s.file)
	s.ReadsFile(s.file)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

func portOf(address string) string { return address[strings.LastIndex(address, ":")+1:] }

// copy copies an example with other ports.
func (s *stack) copy(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examples, from))
	if err != nil {
		t.Fatal(err)
	}
	text = port.ReplaceAllFunc(text, func(p []byte) []byte { return []byte(s.ports[string(p)]) })
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// signUp makes a user through the front end, signed in.
func (s *stack) signUp(t *testing.T, name string) (*harness.Client, string) {
	t.Helper()
	client := harness.NewClient(s.URL)
	var said struct{ User struct{ ID string } }
	client.Post(t, "/api/auth/sign-up/email", map[string]string{"name": name, "email": name + "@example.com", "password": "correct horse battery"}).Want(t, 200).JSON(t, &said)
	if client.Cookie(harness.SessionCookie) == "" || said.User.ID == "" {
		t.Fatalf("signing up made no session: %+v", said)
	}
	return client, said.User.ID
}

// cookie is the client's session as a header line.
func cookie(c *harness.Client) string {
	return "Cookie: theme=dark; " + harness.SessionCookie + "=" + c.Cookie(harness.SessionCookie)
}

// raw sends a request to the front end as it is written; lines are further headers.
func (s *stack) raw(t *testing.T, line string, lines ...string) *harness.Response {
	t.Helper()
	host := strings.TrimPrefix(s.URL, "http://")
	return harness.Raw(t, s.URL, fmt.Sprintf("%s HTTP/1.1\r\nHost: %s\r\n%s\r\n", line, host, strings.Join(append(slices.Clone(lines), ""), "\r\n")))
}
