package main

import (
	"cmp"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/proxy/clientaddr"
)

// edge is the outermost handler: it names the request, finds out where it came from, and tells of it once it is over.
type edge struct {
	next    http.Handler
	trust   *clientaddr.Trust
	cors    *cors
	log     *logs
	metrics *metrics
	asked   bool // by front ends, and by nobody else
	traces  *traces

	oneAddress sync.Once // for suspectProxy
}

// before is an edge of the same kind before another handler.
func (e *edge) before(next http.Handler) *edge {
	return &edge{next: next, trust: e.trust, cors: e.cors, log: e.log, metrics: e.metrics, asked: e.asked, traces: e.traces}
}

func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &visit{
		Context: r.Context(),
		info:    requestInfo{client: e.trust.Client(r), started: time.Now()},
		answer:  answer{ResponseWriter: w, cors: e.cors, origin: e.cors.allowed(r)},
	}
	v.name(e.requestID(r))
	e.traces.begin(v, r, e.trust)
	e.metrics.inFlight.Inc()
	defer e.finish(&v.answer, r, &v.info)
	if !e.asked && e.cors.answerPreflight(&v.answer, r) { // to front ends, what matters is what the client asked them for
		v.info.route, v.info.auth = "preflight", "public"
		return
	}
	e.next.ServeHTTP(&v.answer, r.WithContext(v))
}

// requestID is the one that a trusted proxy in front gave, so that one id follows the request through both logs, or a new one.
func (e *edge) requestID(r *http.Request) string {
	if given := r.Header.Get("X-Request-Id"); given != "" && e.trust.TrustsPeer(r) && isRequestID(given) {
		return given
	}
	return newRequestID()
}

// newRequestID returns 20 characters of 32. Ids need to differ, not to be secret: the generator is a strong one all the same,
// and does not ask the operating system each time.
func newRequestID() string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's: nothing in it is mistaken for something else
	var id [20]byte
	for i, bits := 0, uint64(0); i < len(id); i++ {
		if i%10 == 0 {
			bits = rand.Uint64()
		}
		id[i] = alphabet[bits&31]
		bits >>= 5
	}
	return string(id[:])
}

func isRequestID(s string) bool {
	for i := range len(s) {
		b := s[i]
		if !('a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_' || b == '.') {
			return false
		}
	}
	return len(s) <= 128
}

// finish also runs when the handler panics. http.ErrAbortHandler is how a handler cuts its answer off; any other panic is a
// mistake of ours, and costs this request only.
func (e *edge) finish(out *answer, r *http.Request, info *requestInfo) {
	failure := recover()
	e.metrics.inFlight.Dec()
	if failure != nil && failure != http.ErrAbortHandler {
		e.log.LogAttrs(r.Context(), slog.LevelError, "panic",
			slog.Any("panic", failure), slog.String("request_id", info.id), slog.String("stack", string(debug.Stack())))
		if out.status == 0 {
			out.Header().Set("Content-Type", "application/json")
			out.WriteHeader(http.StatusInternalServerError)
		} else {
			failure = http.ErrAbortHandler // what is out must not look complete
		}
	}
	if out.status == 0 {
		out.status = http.StatusOK // net/http's answer when a handler says nothing
	}
	took := time.Since(info.started)
	e.metrics.request(r, out.status, took, info)
	if info.reason == authflow.ReasonRateLimited {
		e.suspectProxy(r, info)
	}
	if info.span != nil {
		info.finishSpan(r, out.status)
	}
	e.tell(r, out, took, info)
	if failure == http.ErrAbortHandler {
		panic(failure)
	}
}

// suspectProxy warns, once, when a limit was reached by a peer that speaks for others without being trusted to: most likely it is
// the operator's own load balancer, and all users have the limits of one.
func (e *edge) suspectProxy(r *http.Request, info *requestInfo) {
	if e.trust.TrustsPeer(r) || r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == "" {
		return
	}
	e.oneAddress.Do(func() {
		e.log.LogAttrs(r.Context(), slog.LevelWarn, "rate limit reached by what looks like a proxy; if it is yours, name it in server.trusted_proxies",
			slog.String("client", info.client.Addr.String()), slog.String("request_id", info.id))
	})
}

func (e *edge) tell(r *http.Request, out *answer, took time.Duration, info *requestInfo) {
	level := slog.LevelInfo
	if out.status >= 500 {
		level = slog.LevelError
	}
	if level < e.log.level.Level() {
		return
	}
	method := cmp.Or(info.method, r.Method)
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs,
		slog.String("request_id", info.id),
		slog.String("method", method[:min(len(method), maxLoggedMethod)]),
		slog.String("route", info.route),
		slog.Int("status", out.status),
		slog.Int64("bytes", out.bytes),
		milliseconds("duration_ms", took),
	)
	if info.upstream > 0 {
		attrs = append(attrs, milliseconds("upstream_ms", info.upstream))
	}
	if info.client.Addr.IsValid() {
		attrs = append(attrs, slog.String("client", info.client.Addr.String()))
	}
	attrs = appendText(attrs, "front_end", info.frontEnd)
	attrs = appendText(attrs, "path", info.path)
	attrs = appendText(attrs, "user_id", info.userID)
	attrs = appendText(attrs, "session_id", info.sessionID)
	attrs = appendText(attrs, "reason", info.reason)
	if info.span != nil {
		attrs = append(attrs, slog.String("trace_id", info.span.SpanContext().TraceID().String()))
	}
	if info.err != nil {
		attrs = append(attrs, slog.String("err", info.err.Error()))
	}
	e.log.request(level, info.started.Add(took), attrs)
}

func milliseconds(key string, d time.Duration) slog.Attr {
	return slog.Float64(key, float64(d.Microseconds())/1000)
}

func appendText(attrs []slog.Attr, key, value string) []slog.Attr {
	if value == "" {
		return attrs
	}
	return append(attrs, slog.String(key, value))
}

// answer remembers what was answered, and adds what makes it readable to a page of another origin.
type answer struct {
	http.ResponseWriter
	cors   *cors
	origin string // that may read it; empty for none
	marked bool   // by somebody else: its readers are not ours to name
	status int
	bytes  int64
}

// Unwrap lets http.ResponseController reach flushing and hijacking.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols || status >= 200 {
		if a.status == 0 {
			a.status = status
			if !a.marked {
				a.cors.mark(a.Header(), a.origin)
			}
		}
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}
