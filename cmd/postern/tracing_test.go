package main

import (
	"bytes"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	v1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/posternhq/postern/config"
)

// receiver takes traces as a collector does, by OTLP over HTTP.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	spans    []*v1.Span
	services map[string]bool
	header   http.Header
}

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	c := &receiver{services: map[string]bool{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var request collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &request)
		}
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s: %v", r.URL, r.Header, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.header = r.Header
		for _, of := range request.ResourceSpans {
			for _, a := range of.Resource.Attributes {
				if a.Key == "service.name" {
					c.services[a.Value.GetStringValue()] = true
				}
			}
			for _, scope := range of.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// writtenLog is a log that may be read while it is written.
type writtenLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *writtenLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *writtenLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// traced is Postern with traces, in front of an application that remembers the headers it got.
type traced struct {
	*app
	collector *receiver
	tracing   *tracing
	log       *writtenLog
	cookie    string
	got       http.Header
}

func startTraced(t *testing.T, settings map[string]string, environ ...string) *traced {
	t.Helper()
	x := &traced{collector: startReceiver(t), log: &writtenLog{}}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x.got = r.Header.Clone()
		if r.URL.Path == "/missing" {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(upstream.Close)
	environ = append([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + x.collector.URL, "OTEL_EXPORTER_OTLP_HEADERS=x-tenant=acme"}, environ...)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value) // the SDK reads the process's own
	}
	flags := map[string]string{
		"server.public_url": "http://postern.test", "upstream.url": upstream.URL, "server.trusted_proxies": "192.0.2.0/24",
		"database.path": filepath.Join(t.TempDir(), "postern.db"), "auth.secret": newRandomSecret(),
		"auth.email_password.require_email_verification": "false", "mail.notifications": "false",
		"routes": `[{path: /open, auth: public}]`,
	}
	maps.Copy(flags, settings)
	loaded, err := config.Sources{Mode: config.Serve, Flags: flags}.Load()
	if err != nil {
		t.Fatal(err)
	}
	logs := newLogs(loaded.Config.Log, x.log)
	if x.tracing, err = newTracing(t.Context(), environ, "", logs.Logger); err != nil || x.tracing == nil {
		t.Fatal(x.tracing, err)
	}
	if x.app, err = newApp(t.Context(), loaded.Config, logs, extras{tracing: x.tracing}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.close)
	stop := x.start(t.Context())
	t.Cleanup(stop)
	x.cookie = signedUp(t, x)
	return x
}

func (x *traced) ask(path string, header map[string]string) int {
	r := httptest.NewRequest(http.MethodGet, "http://postern.test"+path, nil)
	r.RequestURI = path
	r.Header.Set("Cookie", x.cookie)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	x.ServeHTTP(w, r)
	return w.Code
}

// exported are the spans of all requests, the sign-up's left out.
func (x *traced) exported(t *testing.T) []*v1.Span {
	t.Helper()
	x.tracing.close()
	x.app.log.lines.flush()
	x.collector.mu.Lock()
	defer x.collector.mu.Unlock()
	traces := map[string]bool{}
	for _, s := range x.collector.spans {
		if s.Name == "POST /api/auth/sign-up/email" {
			traces[string(s.TraceId)] = true
		}
	}
	if len(traces) != 1 {
		t.Errorf("%d traces of a sign-up", len(traces))
	}
	var rest []*v1.Span
	for _, s := range x.collector.spans {
		if !traces[string(s.TraceId)] {
			rest = append(rest, s)
		}
	}
	return rest
}

func attributeOf(s *v1.Span, key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return strings.Trim(strings.SplitN(a.Value.String(), ":", 2)[1], `"`)
		}
	}
	return ""
}

func TestTraceShowsTheStepsOfARequest(t *testing.T) {
	x := startTraced(t, nil)
	x.store.ForgetAll()
	if code := x.ask("/missing?token=secret", nil); code != http.StatusNotFound {
		t.Fatalf("answered %d", code)
	}
	x.ask("/missing", nil) // from memory
	spans := x.exported(t)
	byName := map[string]*v1.Span{}
	for _, s := range spans {
		byName[s.Name] = s
		if strings.Contains(s.String(), "secret") || strings.Contains(s.String(), "bench@example.com") {
			t.Errorf("a span tells too much: %s", s)
		}
	}
	parents := map[string]string{"decide": "GET default", "session look-up": "decide", "FindSession": "session look-up", "GET": "GET default"}
	var names []string
	for _, s := range spans {
		names = append(names, s.Name)
	}
	if !x.collector.services["postern"] || x.collector.header.Get("X-Tenant") != "acme" {
		t.Errorf("services %v, headers %v", x.collector.services, x.collector.header)
	}
	ids := map[string]*v1.Span{}
	for _, s := range spans {
		ids[string(s.SpanId)] = s
	}
	for child, parent := range parents {
		s := byName[child]
		if s == nil {
			t.Fatalf("no span %q among %q", child, names)
		}
		if p := ids[string(s.ParentSpanId)]; p == nil || p.Name != parent || string(p.TraceId) != string(s.TraceId) {
			t.Errorf("%q is below %v, want %q", child, p.GetName(), parent)
		}
	}
	var results []string
	for _, s := range spans {
		switch {
		case s.Name == "session look-up":
			results = append(results, attributeOf(s, "postern.session_cache"))
		case s.Kind == v1.Span_SPAN_KIND_SERVER:
			if len(s.ParentSpanId) != 0 || attributeOf(s, "http.route") != "default" || attributeOf(s, "http.response.status_code") != "404" || attributeOf(s, "url.path") != "/missing" {
				t.Errorf("request %s", s)
			}
		}
	}
	if len(results) != 2 || results[0] != "miss" || results[1] != "hit" {
		t.Errorf("look-ups %v", results)
	}
	// The application continues the trace, below the span of its own work; and the log line finds it.
	last := regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-01$`).FindStringSubmatch(x.got.Get("Traceparent"))
	if last == nil {
		t.Fatalf("the application got %v", x.got)
	}
	parent, err := hex.DecodeString(last[2])
	if err != nil || ids[string(parent)] == nil || ids[string(parent)].Kind != v1.Span_SPAN_KIND_CLIENT || hex.EncodeToString(ids[string(parent)].TraceId) != last[1] {
		t.Errorf("the application is told of %v", ids[string(parent)])
	}
	if !strings.Contains(x.log.String(), `"trace_id":"`+last[1]+`"`) {
		t.Errorf("no line of the log has %s", last[1])
	}
}

const (
	foreignTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	foreign      = "00-" + foreignTrace + "-00f067aa0ba902b7-"
)

func TestTracesOfTrustedProxiesAreContinued(t *testing.T) {
	x := startTraced(t, nil)
	x.ask("/open", map[string]string{"Traceparent": foreign + "01", "Tracestate": "vendor=x", "Baggage": "tenant=acme"})
	if !strings.HasPrefix(x.got.Get("Traceparent"), "00-"+foreignTrace+"-") || strings.Contains(x.got.Get("Traceparent"), "00f067aa0ba902b7") ||
		x.got.Get("Tracestate") != "vendor=x" || x.got.Get("Baggage") != "tenant=acme" {
		t.Errorf("the application got %v", x.got)
	}
	x.ask("/open", map[string]string{"Traceparent": foreign + "00"}) // they have decided not to record it
	if got := x.got.Get("Traceparent"); !strings.HasPrefix(got, "00-"+foreignTrace+"-") || !strings.HasSuffix(got, "-00") {
		t.Errorf("not sampled: the application got %q", got)
	}
	for _, s := range x.exported(t) {
		if hex.EncodeToString(s.TraceId) != foreignTrace {
			t.Errorf("%s has another trace", s.Name)
		}
	}
}

func TestTracesOfStrangersAreNot(t *testing.T) {
	for name, settings := range map[string]map[string]string{
		"not a trusted proxy": {"server.trusted_proxies": "10.0.0.0/8"},
		"nobody":              {"telemetry.trace_context": "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			x := startTraced(t, settings, "OTEL_TRACES_SAMPLER=parentbased_always_off")
			x.ask("/open", map[string]string{"Traceparent": foreign + "01", "Tracestate": "vendor=x", "Baggage": "admin=true"})
			if got := x.got.Get("Traceparent"); got == "" || strings.Contains(got, foreignTrace) || !strings.HasSuffix(got, "-00") || x.got.Get("Tracestate") != "" || x.got.Get("Baggage") != "" {
				t.Errorf("the application got %v", x.got)
			}
			x.tracing.close()
			if len(x.collector.spans) != 0 {
				t.Errorf("a client had %d spans recorded", len(x.collector.spans))
			}
		})
	}
}

func TestTracesAreWantedByVariables(t *testing.T) {
	t.Parallel()
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"
	for _, c := range []struct {
		environ []string
		wanted  bool
		problem string
	}{
		{nil, false, ""},
		{[]string{"OTEL_SERVICE_NAME=x", "OTEL_EXPORTER_OTLP_ENDPOINT="}, false, ""},
		{[]string{endpoint}, true, ""},
		{[]string{"OTEL_TRACES_EXPORTER=otlp"}, true, ""},
		{[]string{endpoint, "OTEL_TRACES_EXPORTER=none"}, false, ""},
		{[]string{endpoint, "OTEL_SDK_DISABLED=true"}, false, ""},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"}, true, ""},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, true, `env OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" is not spoken here`},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=collector:4318"}, true, "env OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: is not an http or https URL"},
	} {
		v := newOTelVariables(c.environ)
		err := v.problems()
		if v.wanted() != c.wanted || (err == nil) != (c.problem == "") || err != nil && !strings.HasPrefix(err.Error(), c.problem) {
			t.Errorf("%v: wanted %t, %v", c.environ, v.wanted(), err)
		}
	}
}
