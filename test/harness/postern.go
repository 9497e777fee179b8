package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Secret signs the cookies of every Postern, so that replicas accept each other's.
const Secret = "a secret of thirty-two characters or more"

// startTimeout is generous: machines that run tests are busy.
const startTimeout = 90 * time.Second

// Postern is one replica: a process with ports of its own. Its methods are not for several goroutines at once.
type Postern struct {
	URL      string // of the public listener, and the public URL
	AdminURL string // of the admin listener

	file    string   // of another version; empty for the present source's
	args    []string // of the command
	env     []string
	dir     string
	journal journal
	run     *process // nil while it does not run
}

// NewPostern prepares a replica and starts nothing. Settings are by key, as in "session_cache.ttl"; whatever is not given keeps
// its default, apart from what a test cannot do without: secret, addresses, no rate limits, and no wait before draining.
// It ends with the test.
func NewPostern(t testing.TB, settings map[string]string) *Postern {
	t.Helper()
	p := &Postern{args: []string{"serve"}, dir: t.TempDir()}
	all := map[string]string{
		"auth.secret":         Secret,
		"server.listen":       p.address(t, &p.URL),
		"server.admin_listen": p.address(t, &p.AdminURL),
		"server.public_url":   p.URL,
		"server.drain_delay":  "0s",
		"rate_limit.enabled":  "false", // all clients of a test have one address
	}
	p.env = environment(Settings(all, settings))
	p.endWith(t)
	return p
}

// StartDev runs "postern dev", in front of its own demo unless an argument names an upstream, with all that it keeps in a folder
// of the test's. It is at the URL that it tells people to open.
func StartDev(t testing.TB, settings map[string]string, args ...string) *Postern {
	t.Helper()
	p := &Postern{dir: t.TempDir()}
	address := p.address(t, &p.URL)
	p.args = append([]string{"dev", "--listen", address, "--admin-listen", p.address(t, &p.AdminURL)}, args...)
	p.URL = strings.Replace(p.URL, "127.0.0.1", "localhost", 1)
	p.env = environment(settings)
	p.endWith(t)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// environment names settings as the environment does.
func environment(settings map[string]string) []string {
	env := []string{} // nil would be the test's own
	for key, value := range settings {
		env = append(env, "POSTERN_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))+"="+value)
	}
	return env
}

func (p *Postern) endWith(t testing.TB) {
	t.Cleanup(func() {
		p.Kill()
		p.journal.attach(t, "postern at "+p.URL)
	})
}

// ReadsFile has the command read a configuration file, too. Settings that were given to NewPostern win.
func (p *Postern) ReadsFile(name string) { p.args = append(p.args, "--config", name) }

// Is has it be another version, whose binary the file is. The settings stay, and those that it does not know have to be left out.
func (p *Postern) Is(file string) { p.file = file }

func (p *Postern) executable() (string, error) {
	if p.file != "" {
		return p.file, nil
	}
	return executable()
}

// Variable sets one of the environment, for what is no setting of Postern's.
func (p *Postern) Variable(name, value string) { p.env = append(p.env, name+"="+value) }

// Output is what another command says, standard output and error together, with the same settings.
func (p *Postern) Output(t testing.TB, args ...string) string {
	t.Helper()
	file, err := p.executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), file, args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("postern %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// StartPostern is NewPostern and Start.
func StartPostern(t testing.TB, settings map[string]string) *Postern {
	t.Helper()
	p := NewPostern(t, settings)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *Postern) address(t testing.TB, url *string) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	*url = "http://" + address
	return address
}

// Start runs the command and waits until it is ready.
func (p *Postern) Start() error {
	if err := p.Launch(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	return p.AwaitReady(ctx)
}

// Launch runs the command and does not wait.
func (p *Postern) Launch() error {
	file, err := p.executable()
	if err != nil {
		return err
	}
	p.run, err = launch(&p.journal, &p.journal, p.dir, p.env, append([]string{file}, p.args...)...)
	return err
}

// AwaitReady asks /readyz until it agrees.
func (p *Postern) AwaitReady(ctx context.Context) error {
	for {
		status, err := p.Ready(ctx)
		if status == http.StatusOK {
			return nil
		}
		select {
		case <-p.run.exited:
			return fmt.Errorf("postern ended while starting: %w", errors.Join(p.run.err, errors.New("see its log")))
		case <-ctx.Done():
			return fmt.Errorf("wait for postern: last answer %d: %w", status, errors.Join(err, ctx.Err()))
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// Ready asks /readyz once.
func (p *Postern) Ready(ctx context.Context) (status int, err error) {
	status, _, err = p.admin(ctx, "/readyz")
	return status, err
}

// AwaitMetric waits until Prometheus would be told the line.
func (p *Postern) AwaitMetric(t testing.TB, line string) {
	t.Helper()
	Eventually(t, line, func() bool { return strings.Contains(p.Metrics(t), "\n"+line+"\n") })
}

// Metrics returns what Prometheus would be told.
func (p *Postern) Metrics(t testing.TB) string {
	t.Helper()
	status, body, err := p.admin(t.Context(), "/metrics")
	if err != nil || status != http.StatusOK {
		t.Fatalf("metrics: %d, %v", status, err)
	}
	return body
}

func (p *Postern) admin(ctx context.Context, path string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.AdminURL+path, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(content), err
}

// Hangup asks the process to read its configuration again.
func (p *Postern) Hangup() error { return p.run.signal(syscall.SIGHUP) }

// Terminate asks the process to end, as an orchestrator does.
func (p *Postern) Terminate() error { return p.run.signal(syscall.SIGTERM) }

// AwaitExit waits for the end of a process that was asked for it. An error means that it did not end, or not well.
func (p *Postern) AwaitExit() error {
	err := p.run.wait(startTimeout)
	if err == nil {
		p.run = nil
	}
	return err
}

// Kill ends the process without any warning. It may have ended before.
func (p *Postern) Kill() {
	if p.run != nil {
		p.run.kill()
		p.run = nil
	}
}

// PID is the process id, 0 while it does not run.
func (p *Postern) PID() int {
	if p.run == nil {
		return 0
	}
	return p.run.command.Process.Pid
}

// Log is all that the process wrote, over all its lives.
func (p *Postern) Log() string { return p.journal.String() }

// LogLines are the lines of the log with that message. A line that is not JSON fails the test.
func (p *Postern) LogLines(t testing.TB, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(p.Log()) {
		var fields map[string]any
		switch err := json.Unmarshal([]byte(line), &fields); {
		case err != nil && strings.HasSuffix(line, "\n"):
			t.Errorf("log line is not JSON: %s", line)
		case fields["msg"] == message:
			found = append(found, fields)
		}
	}
	return found
}

// File is a path in the folder in which the process runs.
func (p *Postern) File(name string) string { return filepath.Join(p.dir, name) }
