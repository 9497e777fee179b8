package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fleet is several instances of an application, each of which says its number.
type fleet struct {
	urls []string
	apps []*upstreamLog
	stop []func()
}

func startFleet(t *testing.T, n int, then func(i int) http.Handler) *fleet {
	t.Helper()
	f := &fleet{}
	for i := range n {
		handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(w, r.Body)
			_, _ = fmt.Fprint(w, i)
		}))
		if then != nil {
			handler = then(i)
		}
		app := &upstreamLog{then: handler}
		server := httptest.NewServer(app)
		t.Cleanup(server.Close)
		f.urls, f.apps, f.stop = append(f.urls, server.URL), append(f.apps, app), append(f.stop, server.Close)
	}
	return f
}

func (f *fleet) counts() []int {
	var counts []int
	for _, app := range f.apps {
		counts = append(counts, len(app.requests()))
	}
	return counts
}

// clock is set by hand.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// tellings are what Options.UpstreamHealth was told.
type tellings struct {
	mu  sync.Mutex
	all []string
}

func (h *tellings) tell(address string, well bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, fmt.Sprintf("%s %v", address, well))
}

func (h *tellings) told() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.all)
}

func balanced(t *testing.T, f *fleet, told *tellings, c *clock) *front {
	t.Helper()
	return start(t, setup{
		routes:  []RouteConfig{{Path: "/**", Auth: "public"}},
		options: Options{Now: c.now, UpstreamHealth: told.tell},
		change: func(c *Config) {
			c.Upstream.URL, c.Upstream.URLs, c.Upstream.UnhealthyFor = "", f.urls, 10*time.Second
		},
	})
}

func TestAddressesTakeTurns(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 3, nil)
	front := balanced(t, f, &tellings{}, &clock{})
	for range 30 {
		front.get(t, "GET", "/")
	}
	if got := f.counts(); !slices.Equal(got, []int{10, 10, 10}) {
		t.Errorf("requests %v", got)
	}
}

func TestRefusedConnectionsGoToTheNextAddress(t *testing.T) {
	t.Parallel()
	f, told, c := startFleet(t, 3, nil), &tellings{}, &clock{}
	front := balanced(t, f, told, c)
	f.stop[1]()
	for range 30 {
		if res, body := front.get(t, "GET", "/"); res.StatusCode != 200 {
			t.Fatalf("answer %d %s", res.StatusCode, body)
		}
	}
	if got := f.counts(); got[1] != 0 || got[0]+got[2] != 30 || got[0] < 10 || got[2] < 10 {
		t.Errorf("requests %v", got)
	}
	if got, want := told.told(), []string{f.urls[1] + " false"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	// It comes back: after the pause one request finds out.
	listener, err := net.Listen("tcp", strings.TrimPrefix(f.urls[1], "http://"))
	if err != nil {
		t.Skip("the port is taken: ", err)
	}
	again := &httptest.Server{Listener: listener, Config: &http.Server{Handler: f.apps[1]}}
	again.Start()
	t.Cleanup(again.Close)
	for range 6 {
		front.get(t, "GET", "/")
	}
	if got := f.counts(); got[1] != 0 {
		t.Errorf("asked before the pause was over: %v", got)
	}
	c.advance(10 * time.Second)
	for range 6 {
		front.get(t, "GET", "/")
	}
	if got := f.counts(); got[1] != 2 {
		t.Errorf("after the pause: %v", got)
	}
	if got, want := told.told(), []string{f.urls[1] + " false", f.urls[1] + " true"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestOnlyIdempotentRequestsAreSentAgain(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]int{"GET": 200, "HEAD": 200, "OPTIONS": 200, "PUT": 200, "DELETE": 200, "POST": 502, "PATCH": 502, "PROPFIND": 502} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			f := startFleet(t, 2, nil)
			f.stop[0]()
			front := balanced(t, f, &tellings{}, &clock{})
			front.proxy.upstreams.pools[onlyPool(t, front)].turn.Store(1) // so that the first is asked first
			for i := range 2 {
				req, err := http.NewRequestWithContext(t.Context(), method, front.URL+"/", strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				res, err := front.Client().Do(req)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if i == 0 && res.StatusCode != want || i == 1 && res.StatusCode != 200 { // by then the first is known to be away
					t.Errorf("request %d: %d", i, res.StatusCode)
				}
				if res.StatusCode == 200 && method != "HEAD" && string(body) != "body1" {
					t.Errorf("request %d: the body arrives as %q", i, body)
				}
			}
		})
	}
}

func onlyPool(t *testing.T, f *front) string {
	t.Helper()
	if len(f.proxy.upstreams.pools) != 1 {
		t.Fatalf("%d pools", len(f.proxy.upstreams.pools))
	}
	for key := range f.proxy.upstreams.pools {
		return key
	}
	return ""
}

// An application that took the request and then failed may have acted on it.
func TestNothingElseIsSentAgain(t *testing.T) {
	t.Parallel()
	f, told := startFleet(t, 2, func(int) http.Handler { return scripted("") }), &tellings{}
	front := balanced(t, f, told, &clock{})
	for i := range 5 {
		if res, _ := front.get(t, "GET", "/"); res.StatusCode != 502 {
			t.Errorf("request %d: %d", i, res.StatusCode)
		}
	}
	if got := f.counts(); got[0]+got[1] != 5 {
		t.Errorf("5 requests arrived as %v", got)
	}
	if got := told.told(); len(got) != 1 {
		t.Errorf("after three failures of one and two of the other: told %q", got)
	}
}

func TestWhereAllAreUnwellAllAreTried(t *testing.T) {
	t.Parallel()
	f, told := startFleet(t, 2, nil), &tellings{}
	front := balanced(t, f, told, &clock{})
	f.stop[0]()
	f.stop[1]()
	for i := range 4 {
		if res, _ := front.get(t, "GET", "/"); res.StatusCode != 502 {
			t.Errorf("request %d: %d", i, res.StatusCode)
		}
		if o := front.outcome(t); o.Reason != "upstream" || o.Err == nil {
			t.Errorf("request %d: outcome %+v", i, o)
		}
	}
	if got := told.told(); len(got) != 2 {
		t.Errorf("told %q", got)
	}
}

func TestClientsThatLeaveHarmNoAddress(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	f, told := startFleet(t, 2, func(int) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			arrived <- struct{}{}
			<-r.Context().Done()
		})
	}), &tellings{}
	front := balanced(t, f, told, &clock{})
	for range 8 {
		conn := front.dial(t)
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n")
		<-arrived
		_ = conn.Close()
		if o := front.outcome(t); o.Reason != "client_gone" {
			t.Errorf("outcome %+v", o)
		}
	}
	if got := told.told(); len(got) != 0 {
		t.Errorf("told %q", got)
	}
}

func TestARouteHasAddressesOfItsOwn(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 2, nil)
	front := start(t, setup{routes: []RouteConfig{
		{Path: "/own/**", Auth: "public", Upstreams: f.urls}, {Path: "/second/**", Auth: "public", Upstream: f.urls[1]}, {Path: "/**", Auth: "public"},
	}})
	for _, path := range []string{"/own/a", "/own/b", "/second", "/other"} {
		front.get(t, "GET", path)
	}
	if got := f.counts(); !slices.Equal(got, []int{1, 2}) || len(front.app.requests()) != 1 {
		t.Errorf("requests %v and %d", got, len(front.app.requests()))
	}
}

func TestSeveralAddressesAtOnceUnderLoad(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 3, nil)
	front := balanced(t, f, &tellings{}, &clock{})
	var all sync.WaitGroup
	var failed atomic.Int32
	for i := range 8 {
		all.Go(func() {
			for j := range 40 {
				if i == 0 && j == 20 {
					f.stop[2]()
				}
				res, err := front.Client().Get(front.URL)
				if err != nil {
					failed.Add(1)
					continue
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if res.StatusCode != 200 {
					failed.Add(1)
				}
			}
		})
	}
	all.Wait()
	if failed.Load() != 0 { // httptest.Server.Close lets requests under way finish
		t.Errorf("%d requests failed", failed.Load())
	}
}

func TestHostHeaders(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 1, nil)
	inner := strings.TrimPrefix(f.urls[0], "http://")
	front := start(t, setup{
		routes: []RouteConfig{
			{Path: "/client", HostHeader: "client"}, {Path: "/upstream", HostHeader: "upstream"}, {Path: "/name", HostHeader: "inner.example:81"}, {Path: "/**"},
		},
		change: func(c *Config) {
			c.Upstream.URL, c.Upstream.HostHeader = f.urls[0], "global.example"
			for i := range c.Routes {
				c.Routes[i].Auth = "public"
			}
		},
	})
	for i, row := range []struct{ path, host string }{{"/client", "App.example:8"}, {"/upstream", inner}, {"/name", "inner.example:81"}, {"/else", "global.example"}} {
		front.raw(t, "GET "+row.path+" HTTP/1.1\r\nHost: App.example:8\r\n\r\n")
		got := f.apps[0].requests()[i]
		if got.host != row.host || got.header.Get("X-Forwarded-Host") != "App.example:8" {
			t.Errorf("%s: Host %q, X-Forwarded-Host %q", row.path, got.host, got.header.Get("X-Forwarded-Host"))
		}
	}
	if got := (hostHeader{policy: upstreamHost}).of("a", endpoint{host: "unix", socket: "/s"}); got != "localhost" {
		t.Errorf("a socket is called %q", got)
	}
}
