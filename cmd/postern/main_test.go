package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"postern": main})
}

// TestScripts runs the command as its users do: see testdata/script.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"PUBLIC_PORT", "ADMIN_PORT", "CLOSED_PORT"} {
				port, err := freePort()
				if err != nil {
					return err
				}
				env.Setenv(name, port)
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"wait-ready": waitReady,
			"answers":    answers,
			"signs-in":   signsIn,
			"terminate":  terminate,
			"signal":     signalAll,

			"wait-metric": waitMetric,
			"readiness":   readiness,
		},
	})
}

// wait-ready ADDRESS waits until the admin listener there says ready.
func waitReady(ts *testscript.TestScript, _ bool, args []string) {
	url := "http://" + args[0] + "/readyz"
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(url)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	ts.Fatalf("%s did not become ready", url)
}

// answers URL STATUS asks once and compares the status; redirects are not followed.
func answers(ts *testscript.TestScript, _ bool, args []string) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(args[0])
	ts.Check(err)
	resp.Body.Close()
	if got := strconv.Itoa(resp.StatusCode); got != args[1] {
		ts.Fatalf("%s answered %s, want %s", args[0], got, args[1])
	}
}

// signs-in URL EMAIL STATUS tries once, with some password, and compares the status.
func signsIn(ts *testscript.TestScript, _ bool, args []string) {
	body := strings.NewReader(`{"email":"` + args[1] + `","password":"some password"}`)
	resp, err := http.Post(args[0]+"/api/auth/sign-in/email", "application/json", body)
	ts.Check(err)
	resp.Body.Close()
	if got := strconv.Itoa(resp.StatusCode); got != args[2] {
		ts.Fatalf("answered %s, want %s", got, args[2])
	}
}

// terminate sends SIGTERM to the background commands, so that wait sees how they end.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(os.Interrupt))
	}
}

// signal HUP|INT sends it to the background commands.
func signalAll(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"HUP": syscall.SIGHUP, "INT": os.Interrupt}
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(signals[args[0]]))
	}
}

// wait-metric PORT LINE waits until the metrics have the line.
func waitMetric(ts *testscript.TestScript, _ bool, args []string) {
	var body string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		body = get(ts, "http://127.0.0.1:"+args[0]+"/metrics")
		if strings.Contains(body, "\n"+args[1]+"\n") {
			return
		}
	}
	name, _, _ := strings.Cut(args[1], "{")
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, name) {
			ts.Logf("%s", line)
		}
	}
	ts.Fatalf("the metrics never had %s", args[1])
}

// readiness PORT PATTERN looks for it in the answer of /readyz.
func readiness(ts *testscript.TestScript, neg bool, args []string) {
	body := get(ts, "http://127.0.0.1:"+args[0]+"/readyz")
	if regexp.MustCompile(args[1]).MatchString(body) == neg {
		ts.Fatalf("readiness is %s", body)
	}
}

func get(ts *testscript.TestScript, url string) string {
	resp, err := http.Get(url)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return string(body)
}

func freePort() (string, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
