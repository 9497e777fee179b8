package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// ledger is a SessionWatcher that a test writes. What it says nothing of is as it was.
type ledger struct {
	mu       sync.Mutex
	now      map[sessionstore.SessionID]*sessionstore.Identity // nil: has ended
	down     bool
	rechecks map[sessionstore.SessionID]int
	streams  *Streams
	ended    chan Ending
}

// watched is a ledger with Streams that look at it. What is not told by Wake is found out in no time.
func watched(t *testing.T, o StreamOptions) *ledger {
	t.Helper()
	l := &ledger{now: map[sessionstore.SessionID]*sessionstore.Identity{}, rechecks: map[sessionstore.SessionID]int{}, ended: make(chan Ending, 100)}
	if o.Interval == 0 {
		o.Interval = 5 * time.Millisecond
	}
	o.Ended = func(why Ending) { l.ended <- why }
	l.streams = NewStreams(l, o)
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(done)
		_ = l.streams.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return l
}

func (l *ledger) Recheck(_ context.Context, identity *sessionstore.Identity) (*sessionstore.Identity, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rechecks[identity.Session.ID]++
	if l.down {
		return nil, sessionstore.ErrUnavailable
	}
	if now, changed := l.now[identity.Session.ID]; changed {
		return now, nil
	}
	alive := *identity
	alive.Session.ExpiresAt = time.Now().Add(time.Hour)
	return &alive, nil
}

func (l *ledger) MayHaveEnded(identity *sessionstore.Identity, _ time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, changed := l.now[identity.Session.ID]
	return changed
}

func (l *ledger) set(session sessionstore.SessionID, now *sessionstore.Identity) {
	l.mu.Lock()
	l.now[session] = now
	l.mu.Unlock()
	l.streams.Wake()
}

func (l *ledger) fail(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
}

func (l *ledger) count(session sessionstore.SessionID) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rechecks[session]
}

// rechecked waits until the session was asked for so many times.
func (l *ledger) rechecked(t *testing.T, session sessionstore.SessionID, times int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); l.count(session) < times; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nobody asks for %s", session)
		}
	}
}

// ticker is an application that sends lines for as long as somebody listens, and tells when nobody does.
func ticker(kind string, gone chan<- struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, "data: tick\n\n"); err != nil {
				break
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(time.Millisecond):
			}
		}
		gone <- struct{}{}
	})
}

func (f *front) stream(t *testing.T, path, who string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", f.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", cookieName+"="+who)
	res, err := f.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// D-users-ask 37: nothing outlives the session in whose name it was begun, whatever it is.
func TestStreamsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	for _, h2 := range []bool{false, true} {
		for _, kind := range []string{"text/event-stream", "application/octet-stream"} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %t", kind, h2), func(t *testing.T) {
				t.Parallel()
				l, gone := watched(t, StreamOptions{}), make(chan struct{}, 2)
				f := start(t, setup{app: ticker(kind, gone), options: Options{Streams: l.streams}, h2: h2})
				ann, root := f.stream(t, "/a", "ann"), f.stream(t, "/b", "root")
				l.rechecked(t, "s-ann", 1)
				l.set("s-ann", nil)
				if _, err := io.Copy(io.Discard, ann.Body); err == nil {
					t.Error("what was cut off looks complete") // D93
				}
				<-gone
				if o := f.outcome(t); o.SessionID != "s-ann" || o.Reason != "session_ended" {
					t.Errorf("outcome %+v", o)
				}
				if why := <-l.ended; why != SessionEnded {
					t.Errorf("ended because of %s", why)
				}
				l.rechecked(t, "s-root", 1)
				if line, err := bufio.NewReader(root.Body).ReadString('\n'); err != nil || line != "data: tick\n" {
					t.Errorf("somebody else's stream: %q, %v", line, err)
				}
			})
		}
	}
}

func TestWaitingRequestsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	l, arrived, gone := watched(t, StreamOptions{}), make(chan struct{}), make(chan struct{})
	f := start(t, setup{options: Options{Streams: l.streams}, app: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(gone)
	})})
	go func() {
		<-arrived
		l.set("s-ann", nil)
	}()
	res, body := f.get(t, "GET", "/poll", "Cookie: "+cookieName+"=ann")
	if res.StatusCode != 401 || !strings.Contains(body, "The session has ended") || !res.Close {
		t.Errorf("got %d %s, closing: %t", res.StatusCode, body, res.Close)
	}
	<-gone
	if o := f.outcome(t); o.Reason != "session_ended" || !errors.Is(o.Err, errEnded) {
		t.Errorf("outcome %+v", o)
	}
}

func TestUploadsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	l, arrived := watched(t, StreamOptions{}), make(chan struct{})
	failed := make(chan error, 1)
	f := start(t, setup{options: Options{Streams: l.streams}, app: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadFull(r.Body, make([]byte, 4))
		close(arrived)
		_, err := io.Copy(io.Discard, r.Body)
		failed <- err
	})})
	conn := f.dial(t)
	_, _ = io.WriteString(conn, "POST /up HTTP/1.1\r\nHost: app.example\r\n"+asAnn+"\r\nContent-Length: 1000000\r\n\r\nsome")
	<-arrived
	l.set("s-ann", nil)
	if err := <-failed; err == nil {
		t.Error("the application took the part for the whole")
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != 401 {
		t.Errorf("answer %v, %v", res, err)
	}
}

// TestPipelinedBytesDoNotKeepAStreamAlive: net/http does not notice that a client leaves whose next request has begun.
func TestPipelinedBytesDoNotKeepAStreamAlive(t *testing.T) {
	t.Parallel()
	for name, headersFirst := range map[string]bool{"while it is answered": true, "before it is answered": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, revoked := watched(t, StreamOptions{}), make(chan struct{})
			f := start(t, setup{options: Options{Streams: l.streams}, app: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if headersFirst {
					_, _ = io.WriteString(w, "public\n")
					_ = http.NewResponseController(w).Flush()
				}
				<-revoked
				for range 1000 {
					if _, err := io.WriteString(w, "secret\n"); err != nil {
						return
					}
					_ = http.NewResponseController(w).Flush()
				}
			})})
			conn := f.dial(t)
			_, _ = io.WriteString(conn, "GET /x HTTP/1.1\r\nHost: app.example\r\n"+asAnn+"\r\n\r\nG")
			l.rechecked(t, "s-ann", 1)
			l.set("s-ann", nil)
			if why := <-l.ended; why != SessionEnded {
				t.Errorf("ended because of %s", why)
			}
			close(revoked)
			got, _ := io.ReadAll(conn)
			if strings.Contains(string(got), "secret") {
				t.Errorf("the client got %q", got)
			}
			if !headersFirst && !strings.HasPrefix(string(got), "HTTP/1.1 401 ") {
				t.Errorf("the client got %q", got)
			}
		})
	}
}

func TestStreamsGoOnWithTheirSession(t *testing.T) {
	t.Parallel()
	l, gone := watched(t, StreamOptions{Recheck: time.Millisecond}), make(chan struct{}, 1)
	f := start(t, setup{app: ticker("text/event-stream", gone), options: Options{Streams: l.streams}})
	events := bufio.NewReader(f.stream(t, "/events", "ann").Body)
	goesOn := func(why string) {
		t.Helper()
		l.rechecked(t, "s-ann", l.count("s-ann")+2) // the first of them may have begun before
		for range 100 {
			if _, err := events.ReadString('\n'); err != nil {
				t.Fatalf("%s: %v", why, err)
			}
		}
	}
	renewed := identity("ann", "")
	renewed.Session.ExpiresAt = time.Now().Add(time.Hour)
	l.set("s-ann", renewed)
	goesOn("the session was renewed")
	l.fail(true)
	goesOn("the database is away") // for less than Grace
	l.fail(false)
	goesOn("the database is back")
	l.set("s-ann", nil)
	<-gone
}

func TestStreamsEndWhenTheirSessionStaysUnknown(t *testing.T) {
	t.Parallel()
	l, gone := watched(t, StreamOptions{Recheck: time.Millisecond, Grace: 50 * time.Millisecond}), make(chan struct{}, 1)
	f := start(t, setup{app: ticker("text/event-stream", gone), options: Options{Streams: l.streams}})
	res := f.stream(t, "/events", "ann")
	l.fail(true)
	if _, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Error("what was cut off looks complete")
	}
	if why := <-l.ended; why != SessionUnknown {
		t.Errorf("ended because of %s", why)
	}
}

func TestD65StreamsEndWithTheRoleThatTheRouteWants(t *testing.T) {
	t.Parallel()
	l, gone := watched(t, StreamOptions{}), make(chan struct{}, 1)
	f := start(t, setup{
		routes: []RouteConfig{{Path: "/**", Auth: "required", Roles: []string{"admin"}, MaxSessionAge: 100 * 365 * 24 * time.Hour}},
		app:    ticker("text/event-stream", gone), options: Options{Streams: l.streams, Now: func() time.Time { return time.Time{} }},
	})
	res := f.stream(t, "/events", "root")
	demoted := identity("root", "user")
	demoted.Session.ExpiresAt = time.Now().Add(time.Hour)
	l.set("s-root", demoted)
	if _, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Error("what was cut off looks complete")
	}
	if why := <-l.ended; why != NoLongerAllowed {
		t.Errorf("ended because of %s", why)
	}
}

func TestShortRequestsAreNotAskedFor(t *testing.T) {
	t.Parallel()
	l := watched(t, StreamOptions{Interval: time.Hour})
	f := start(t, setup{options: Options{Streams: l.streams}})
	for range 10 {
		f.get(t, "GET", "/", "Cookie: "+cookieName+"=ann")
	}
	l.set("s-ann", nil) // a look that is not the interval's
	l.streams.each(func(*exchange) { t.Error("a request that is over is still watched") })
	if n := l.count("s-ann"); n != 0 {
		t.Errorf("the session was asked for %d times", n)
	}
}

// TestOutageIsFoundOutOnce: a database that does not even refuse must not be waited for once for each of ten thousand streams.
func TestOutageIsFoundOutOnce(t *testing.T) {
	t.Parallel()
	l := watched(t, StreamOptions{Interval: time.Hour})
	for range 1000 {
		l.streams.add(&exchange{decision: Decision{Identity: identity("ann", "")}})
	}
	l.fail(true)
	l.streams.look(t.Context(), true)
	if n := l.count("s-ann"); n == 0 || n > maxRechecks {
		t.Errorf("asked %d times", n)
	}
	if len(l.ended) != 0 {
		t.Error("streams were ended within Grace")
	}
}

func TestWatchingCostsNoMemory(t *testing.T) {
	s, x := NewStreams(nil, StreamOptions{}), &exchange{}
	if n := testing.AllocsPerRun(1000, func() {
		s.add(x)
		s.remove(x)
		x.watch = watch{}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkWatching(b *testing.B) {
	s, x := NewStreams(nil, StreamOptions{}), &exchange{}
	b.ReportAllocs()
	for b.Loop() {
		s.add(x)
		s.remove(x)
	}
}
