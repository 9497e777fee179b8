package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// installation is one Postern with its database, stopped or running.
type installation struct {
	binary   string
	folder   string // holds log and SQLite database
	database string // PostgreSQL URL; empty for SQLite
	upstream string
	routes   int      // how many there are, the last of which is asked for; 0: the two that are asked for
	plain    bool     // without assertions
	extra    []string // more of the environment
	address  string
	admin    string
}

// signInPassword is the one password of the users here.
const signInPassword = "correct horse battery staple"

// buildPostern builds the source here as the makefile does for a release.
func buildPostern(ctx context.Context, folder string) (string, error) {
	module, err := moduleFolder(ctx)
	if err != nil {
		return "", err
	}
	return build(ctx, module, filepath.Join(folder, "postern"))
}

func build(ctx context.Context, source, binary string) (string, error) {
	args := []string{"build", "-trimpath", "-ldflags", "-s -w", "-o", binary}
	if profile := filepath.Join(source, "cmd", "postern", "pgo", "default.pgo"); exists(profile) {
		args = append(args, "-pgo", profile)
	}
	command := exec.CommandContext(ctx, "go", append(args, "./cmd/postern")...)
	command.Dir = source
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build postern: %w: %s", err, output)
	}
	return binary, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func newInstallation(binary, folder, database, upstream string) (*installation, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	in := &installation{binary: binary, folder: folder, database: database, upstream: upstream}
	for _, address := range []*string{&in.address, &in.admin} {
		free, err := freeAddress()
		if err != nil {
			return nil, err
		}
		*address = free
	}
	return in, nil
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// environ is all of the configuration. What is not named has its default, and nothing named makes proxied requests cheaper:
// users need not prove their addresses here, as nobody reads letters, and all load comes from one address, which rate
// limits would refuse.
func (in *installation) environ() []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"POSTERN_SERVER_LISTEN=" + in.address,
		"POSTERN_SERVER_ADMIN_LISTEN=" + in.admin,
		"POSTERN_SERVER_PUBLIC_URL=http://" + in.address,
		"POSTERN_SERVER_DRAIN_DELAY=0s",
		"POSTERN_UPSTREAM_URL=" + in.upstream,
		"POSTERN_DATABASE_URL=" + in.database,
		"POSTERN_DATABASE_PATH=" + filepath.Join(in.folder, "postern.db"),
		"POSTERN_DATABASE_AUTO_MIGRATE=true",
		"POSTERN_AUTH_SECRET=" + benchSecret,
		"POSTERN_AUTH_EMAIL_PASSWORD_REQUIRE_EMAIL_VERIFICATION=false",
		"POSTERN_MAIL_NOTIFICATIONS=false",
		"POSTERN_RATE_LIMIT_ENABLED=false",
		fmt.Sprintf("POSTERN_IDENTITY_ASSERTION_ENABLED=%v", !in.plain),
	}, in.extra...)
}

// config is the part that the environment cannot say: the routes.
func (in *installation) config() string {
	if in.routes == 0 {
		return "routes:\n  - {path: /public/**, auth: public}\n  - {path: /tasks/*}\n"
	}
	var text strings.Builder
	text.WriteString("routes:\n")
	for i := range in.routes - 1 {
		fmt.Fprintf(&text, "  - {path: /tasks/archive/%d/**, roles: [role%d]}\n", i, i)
	}
	text.WriteString("  - {path: /tasks/*}\n")
	return text.String()
}

// start runs the server, its log in a file as an operator has it, and returns when it is ready, telling how long that took.
func (in *installation) start(ctx context.Context) (*process, time.Duration, error) {
	file := filepath.Join(in.folder, "postern.yaml")
	if err := os.WriteFile(file, []byte(in.config()), 0o600); err != nil {
		return nil, 0, fmt.Errorf("write configuration: %w", err)
	}
	log, err := os.OpenFile(in.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open log: %w", err)
	}
	defer log.Close() // the child has its own
	command := exec.CommandContext(ctx, in.binary, "serve", "--config", file)
	command.Dir, command.Env, command.Stderr = in.folder, in.environ(), log
	began := time.Now()
	p, err := start(command)
	if err != nil {
		return nil, 0, err
	}
	if err := in.awaitReady(ctx, p); err != nil {
		p.stop()
		return nil, 0, errors.Join(err, in.lastWords())
	}
	return p, time.Since(began), nil
}

func (in *installation) log() string { return filepath.Join(in.folder, "postern.log") }

// awaitReady asks every millisecond, which is how exactly the time to ready is known.
func (in *installation) awaitReady(ctx context.Context, p *process) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+in.admin+"/readyz", http.NoBody)
		if err != nil {
			return fmt.Errorf("ask for readiness: %w", err)
		}
		if answer, err := client.Do(request); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.exited:
			return errors.New("postern ended before it was ready")
		case <-ctx.Done():
			return fmt.Errorf("postern is not ready: %w", ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// lastWords is the end of the log, for whoever wonders why Postern did not start.
func (in *installation) lastWords() error {
	text, err := os.ReadFile(in.log())
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	return fmt.Errorf("postern said: %s", text[max(0, len(text)-2000):])
}

// signUp makes a user and returns the session's cookie as a browser would send it.
func (in *installation) signUp(ctx context.Context, email string) (string, error) {
	body, err := json.Marshal(map[string]string{"name": "Bench", "email": email, "password": signInPassword})
	if err != nil {
		return "", fmt.Errorf("sign up: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+in.address+"/api/auth/sign-up/email", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("sign up: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("sign up: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", fmt.Errorf("sign up: %w", err)
	}
	for _, cookie := range answer.Cookies() {
		if strings.HasSuffix(cookie.Name, ".session_token") {
			return cookie.Name + "=" + cookie.Value, nil
		}
	}
	return "", fmt.Errorf("sign up: answered %s without a session: %s", answer.Status, text)
}

// get is a small request of a browser's, with the session and a cookie of the application's.
func get(path, host, cookie string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
		"Accept: application/json\r\nAccept-Language: en\r\nCookie: theme=dark; " + cookie + "\r\n\r\n"
}

// signIn is the request of a sign-in.
func signIn(host, email string) string {
	body := `{"email":"` + email + `","password":"` + signInPassword + `"}`
	return fmt.Sprintf("POST /api/auth/sign-in/email HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		host, len(body), body)
}
