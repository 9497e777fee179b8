package proxy

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// workers is an application that works on requests until it is told to stop, and streams events for as long.
func workers(arrived chan<- string, stop <-chan struct{}) func(int) http.Handler {
	return func(int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/events" {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, "data: open\n\n")
				_ = http.NewResponseController(w).Flush()
			}
			arrived <- r.Host + r.URL.Path
			<-stop
		})
	}
}

func limited(t *testing.T, f *fleet, most int, streams *Streams) *front {
	t.Helper()
	return start(t, setup{
		routes:  []RouteConfig{{Path: "/events", Auth: "public"}, {Path: "/own", Auth: "public", Upstream: f.urls[0], Timeout: 1 << 40}, {Path: "/**", Auth: "public"}},
		options: Options{Streams: streams},
		change: func(c *Config) {
			c.Upstream.URL, c.Upstream.URLs, c.Upstream.MaxRequests, c.Upstream.HostHeader = "", f.urls, most, "upstream"
		},
	})
}

func TestBusyUpstreamIsNotAskedForMore(t *testing.T) {
	t.Parallel()
	arrived, stop := make(chan string, 10), make(chan struct{})
	f := startFleet(t, 2, workers(arrived, stop))
	p := limited(t, f, 2, nil)
	var working sync.WaitGroup
	seen := map[string]int{}
	for _, path := range []string{"/a", "/a", "/a", "/a"} {
		working.Go(func() {
			if res, _ := p.get(t, "GET", path); res.StatusCode != 200 {
				t.Errorf("%s: %d", path, res.StatusCode)
			}
		})
		host, _, _ := strings.Cut(<-arrived, "/")
		seen[host]++
	}
	for host, n := range seen {
		if n != 2 {
			t.Errorf("%s works on %d", host, n)
		}
	}
	for _, path := range []string{"/a", "/own"} { // another rule, with a time-out of its own, of the same address
		res, body := p.get(t, "POST", path)
		if res.StatusCode != 503 || res.Header.Get("Retry-After") != "1" || !strings.Contains(body, `"SERVICE_UNAVAILABLE"`) {
			t.Errorf("one more for %s: %d %v %s", path, res.StatusCode, res.Header, body)
		}
		if o := p.outcome(t); o.Reason != "upstream_busy" || o.Action != Forward {
			t.Errorf("outcome %+v", o)
		}
	}
	close(stop)
	working.Wait()
	for range 8 { // nothing is held on to
		if res, _ := p.get(t, "GET", "/a"); res.StatusCode != 200 {
			t.Errorf("afterwards: %d", res.StatusCode)
		}
		<-arrived
	}
}

func TestOpenStreamsTakeNoPlace(t *testing.T) {
	t.Parallel()
	arrived, stop := make(chan string, 10), make(chan struct{})
	f := startFleet(t, 1, workers(arrived, stop))
	p := limited(t, f, 1, nil)
	for range 3 {
		res := p.stream(t, "/events", "nobody")
		if line, err := bufio.NewReader(res.Body).ReadString('\n'); res.StatusCode != 200 || err != nil {
			t.Fatalf("stream: %d %q, %v", res.StatusCode, line, err)
		}
		<-arrived
	}
	close(stop)
}

// TestFailedRequestsLeaveTheirPlace tries more than there are places for.
func TestFailedRequestsLeaveTheirPlace(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 2, func(i int) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	})
	f.stop[0]()
	p := limited(t, f, 1, nil)
	for _, method := range []string{"GET", "POST", "GET", "POST"} {
		if res, _ := p.get(t, method, "/x"); res.StatusCode != 502 {
			t.Errorf("%s: %d", method, res.StatusCode)
		}
	}
}
