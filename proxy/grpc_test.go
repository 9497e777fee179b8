package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// overHTTP2 is an application that is reached by h2c.
func overHTTP2(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
	server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "h2c://" + listener.Addr().String()
}

// A call's messages go both ways while neither has ended, and its status arrives in the trailers.
func TestGRPCStreamsBothWays(t *testing.T) {
	t.Parallel()
	saw := make(chan http.Header, 1)
	app := overHTTP2(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		saw <- r.Header
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status, Grpc-Message")
		control := http.NewResponseController(w)
		_ = control.Flush()
		in := bufio.NewReader(r.Body)
		for {
			message, err := in.ReadString('\n')
			if err != nil {
				break
			}
			_, _ = io.WriteString(w, message)
			_ = control.Flush()
		}
		w.Header().Set("Grpc-Status", "5")
		w.Header().Set("Grpc-Message", "no such task")
	}))
	f := start(t, setup{h2: true, change: func(c *Config) { c.Upstream.URL = app }})
	body, messages := io.Pipe()
	req, _ := http.NewRequestWithContext(t.Context(), "POST", f.URL+"/tasks.Tasks/Watch", body)
	req.Header = http.Header{"Content-Type": {"application/grpc+proto"}, "Te": {"trailers"}, "Grpc-Timeout": {"5S"}, "Authorization": {"Bearer ann"}}
	res, err := f.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := <-saw; got.Get("Te") != "trailers" || got.Get("Grpc-Timeout") != "5S" || got.Get("X-Postern-User-Id") != "u-ann" || got.Get("Authorization") != "" {
		t.Errorf("the application saw %v", got)
	}
	answers := bufio.NewReader(res.Body)
	for range 3 {
		_, _ = io.WriteString(messages, "message\n")
		if got, err := answers.ReadString('\n'); err != nil || got != "message\n" {
			t.Fatalf("%q, %v", got, err)
		}
	}
	_ = messages.Close()
	if rest, err := io.ReadAll(answers); err != nil || len(rest) != 0 {
		t.Errorf("%q, %v", rest, err)
	}
	if res.Trailer.Get("Grpc-Status") != "5" || res.Trailer.Get("Grpc-Message") != "no such task" {
		t.Errorf("trailers %v", res.Trailer)
	}
}

func TestRefusalsAreStatusesOfGRPC(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	f := start(t, setup{h2: true, change: func(c *Config) { c.Upstream.URL = "h2c://" + gone.Addr().String() }, routes: []RouteConfig{
		{Path: "/admin.Admin/*", Roles: []string{"admin"}}, {Path: "/fresh.Fresh/*", MaxSessionAge: time.Hour},
	}})
	const grpc, bearer = "Content-Type: application/grpc", "Authorization: Bearer ann"
	for _, row := range []struct {
		method, path string
		header       []string
		status       int
		code         string
	}{
		{"POST", "/a.A/B", []string{grpc}, 200, "16"},
		{"POST", "/a.A/B", []string{"Content-Type: application/grpc+proto"}, 200, "16"},
		{"POST", "/a.A/B", []string{"Content-Type: application/grpc; charset=utf-8"}, 200, "16"},
		{"POST", "/fresh.Fresh/B", []string{grpc, bearer}, 200, "16"},
		{"POST", "/admin.Admin/B", []string{grpc, bearer}, 200, "7"},
		{"POST", "/a.A//B", []string{grpc, bearer}, 200, "3"},
		{"POST", "/a.A/B", []string{grpc, bearer}, 200, "14"},
		{"POST", "/a.A/B", []string{grpc, "Authorization: Bearer down"}, 200, "14"},
		{"GET", "/a.A/B", []string{grpc}, 401, ""},
		{"POST", "/a.A/B", []string{"Content-Type: application/grpc-web+proto"}, 401, ""},
		{"POST", "/a.A/B", []string{"Content-Type: application/json"}, 401, ""},
	} {
		res, body := f.get(t, row.method, row.path, row.header...)
		if res.StatusCode != row.status || res.Header.Get("Grpc-Status") != row.code {
			t.Errorf("%s %s %v: %d, grpc-status %q", row.method, row.path, row.header, res.StatusCode, res.Header.Get("Grpc-Status"))
		}
		if row.code == "" {
			continue
		}
		if body != "" || res.Header.Get("Content-Type") != "application/grpc" || res.Header.Get("Grpc-Message") == "" {
			t.Errorf("%s: %v %q", row.path, res.Header, body)
		}
	}
}
