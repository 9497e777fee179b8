package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"syscall"
	"testing"

	"github.com/posternhq/postern/proxy/clientaddr"
)

// The two benchmarks do the same work, but for what Postern is for. Compare them in one run:
//
//	go test -run '^$' -bench 'Hit|Bare' -count 6 ./proxy
func BenchmarkAuthenticatedHit(b *testing.B) {
	app := benchmarkApp(b)
	trust, err := clientaddr.NewTrust([]string{"10.0.0.0/8"})
	if err != nil {
		b.Fatal(err)
	}
	p, err := New(testConfig(app, RouteConfig{Path: "/public/**", Auth: "public"}, RouteConfig{Path: "/api/**"}), people(), Options{
		RequestID: func(*http.Request) string { return "0123456789abcdef" },
		Client:    trust.Client,
		Observe:   func(*http.Request, Outcome) {},
	})
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, p)
}

func BenchmarkBareReverseProxy(b *testing.B) {
	to, err := url.Parse(benchmarkApp(b))
	if err != nil {
		b.Fatal(err)
	}
	u := newUpstreams(testConfig(to.String()).Upstream, nil)
	transport := u.transport(upstreamKey{endpoint: endpoint{scheme: "http", host: to.Host}}, false)
	benchmark(b, &httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(to)
			pr.SetXForwarded()
			pr.Out.Host = pr.In.Host
		},
		Transport:  transport,
		BufferPool: newBuffers(),
	})
}

func benchmarkApp(b *testing.B) string {
	b.Helper()
	body := make([]byte, 1024)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	b.Cleanup(app.Close)
	return app.URL
}

// cpuTime is what the whole process has used: client, Postern and application. The clock on the wall says more about
// the machine's other work.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func benchmark(b *testing.B, handler http.Handler) {
	b.Helper()
	front := httptest.NewServer(handler)
	b.Cleanup(front.Close)
	b.ReportAllocs()
	before := cpuTime(b)
	defer func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") }()
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), "GET", front.URL+"/api/tasks/17?page=2", nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header = http.Header{
			"Cookie": {cookieName + "=ann"}, "Accept": {"application/json"}, "Accept-Language": {"en"}, "Accept-Encoding": {"gzip, br"},
			"User-Agent": {"Mozilla/5.0"}, "Referer": {"http://app.example/"}, "Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Site": {"same-origin"},
		}
		res, err := front.Client().Transport.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != 200 {
			b.Fatal(res.StatusCode, err)
		}
		_ = res.Body.Close()
	}
}
