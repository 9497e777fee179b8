package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStreamsArriveAsTheyAreWritten(t *testing.T) { // users-ask 40
	t.Parallel()
	next := make(chan string)
	streams := make(chan int, 10)
	f := start(t, setup{
		options: Options{Streams: NewStreams(nil, StreamOptions{Opened: func(delta int) { streams <- delta }})},
		app: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
			control := http.NewResponseController(w)
			_ = control.Flush()
			for event := range next {
				_, _ = io.WriteString(w, event)
				_ = control.Flush()
			}
		}),
	})
	req, _ := http.NewRequestWithContext(t.Context(), "GET", f.URL+"/events", nil)
	req.Header.Set("Cookie", cookieName+"=ann")
	res, err := f.Client().Do(req) // returns while the application has sent headers only
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for i := range 3 { // each event is read before the next is written, so nothing may be held back
		event := fmt.Sprintf("data: %d\n\n", i)
		next <- event
		got := make([]byte, len(event))
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != event {
			t.Fatalf("read %q, %v", got, err)
		}
	}
	close(next)
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) != 0 {
		t.Errorf("end of stream: %q, %v", rest, err)
	}
	f.outcome(t)
	if opened, closed := <-streams, <-streams; opened != 1 || closed != -1 {
		t.Errorf("streams counted %d and %d", opened, closed)
	}
}

func TestRouteTimeoutDoesNotCutStreams(t *testing.T) { // D97, users-ask 38
	t.Parallel()
	f := start(t, setup{
		routes: []RouteConfig{{Path: "/**", Auth: "public", Timeout: 300 * time.Millisecond}},
		app: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-r.Context().Done()
				return
			}
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Second) // well beyond the time-out
			_, _ = io.WriteString(w, "late")
		}),
	})
	if res, body := f.get(t, "GET", "/stream"); res.StatusCode != 200 || body != "late" {
		t.Errorf("a stream was cut: %d %q", res.StatusCode, body)
	}
	f.outcome(t)
	if res, body := f.get(t, "GET", "/slow"); res.StatusCode != 504 || !strings.Contains(body, `"GATEWAY_TIMEOUT"`) {
		t.Errorf("no headers in time: %d %s", res.StatusCode, body)
	}
	if o := f.outcome(t); o.Reason != "upstream_timeout" || o.Err == nil || o.UpstreamTime <= 0 {
		t.Errorf("outcome %+v", o)
	}
}

func TestRequestTimeoutEndsRequestsButNotStreams(t *testing.T) {
	t.Parallel()
	const allowed = 2 * time.Second // enough for a busy machine to send the headers
	f := start(t, setup{
		routes: []RouteConfig{
			{Path: "/headers", Auth: "public", RequestTimeout: 50 * time.Millisecond},
			{Path: "/**", Auth: "public", RequestTimeout: allowed},
		},
		app: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/events":
				w.Header().Set("Content-Type", "text/event-stream")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(allowed + allowed/2)
				_, _ = io.WriteString(w, "late")
				return
			case "/body":
				_, _ = io.WriteString(w, "part")
				_ = http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
		}),
	})
	t.Run("no headers", func(t *testing.T) {
		if res, body := f.get(t, "GET", "/headers"); res.StatusCode != 504 || !strings.Contains(body, `"GATEWAY_TIMEOUT"`) {
			t.Errorf("answer %d %s", res.StatusCode, body)
		}
		if o := f.outcome(t); o.Reason != "upstream_timeout" || !errors.Is(o.Err, errRequestTimeout) {
			t.Errorf("outcome %+v", o)
		}
	})
	t.Run("a body without end", func(t *testing.T) {
		t.Parallel()
		res, err := f.Client().Get(f.URL + "/body")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if body, err := io.ReadAll(res.Body); err == nil || string(body) != "part" {
			t.Errorf("arrives as %q, %v", body, err)
		}
	})
	t.Run("a stream", func(t *testing.T) {
		t.Parallel()
		if res, body := f.get(t, "GET", "/events"); res.StatusCode != 200 || body != "late" {
			t.Errorf("was cut: %d %q", res.StatusCode, body)
		}
	})
}

func TestD93AnswersThatAreCutArriveCut(t *testing.T) {
	t.Parallel()
	for _, h2 := range []bool{false, true} {
		for path, head := range map[string]string{
			"/chunked": "Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n", "/sized": "Content-Length: 100\r\n\r\npart",
		} {
			t.Run(fmt.Sprintf("%s, h2 %v", path, h2), func(t *testing.T) {
				t.Parallel()
				f := start(t, setup{h2: h2, routes: []RouteConfig{{Path: "/**", Auth: "public"}}, app: scripted("HTTP/1.1 200 OK\r\n" + head)})
				req, _ := http.NewRequestWithContext(t.Context(), "GET", f.URL+path, nil)
				res, err := f.Client().Do(req)
				if err != nil {
					return // cut before the headers were out is cut, too
				}
				defer res.Body.Close()
				body, err := io.ReadAll(res.Body)
				if err == nil {
					t.Errorf("a part came as the whole: %q", body)
				}
				if !strings.HasPrefix("part", string(body)) {
					t.Errorf("something was appended: %q", body)
				}
				if o := f.outcome(t); !errors.Is(o.Err, ErrAborted) || o.Reason != "aborted" {
					t.Errorf("outcome %+v", o)
				}
			})
		}
	}
}

// scripted is an application that answers with these bytes and closes the connection.
func scripted(answer string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	})
}

func TestApplicationMayNotSetTheSessionCookie(t *testing.T) { // D29, D94
	t.Parallel()
	const cookies = "Set-Cookie: " + cookieName + "=forged; Path=/\r\nset-cookie:  " + cookieData + " =forged\r\nSet-Cookie: =" + cookieName + "=forged\r\n" +
		"SET-COOKIE: theme=dark\r\n"
	answers := map[string]string{
		"answer":              "HTTP/1.1 200 OK\r\n" + cookies + "X-Request-Id: theirs\r\nContent-Length: 2\r\n\r\nok",
		"error":               "HTTP/1.1 500 Oops\r\n" + cookies + "Content-Length: 2\r\n\r\nok",
		"interim":             "HTTP/1.1 103 Early Hints\r\n" + cookies + "Link: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: theme=dark\r\nContent-Length: 2\r\n\r\nok",
		"trailer":             "HTTP/1.1 200 OK\r\nSet-Cookie: theme=dark\r\nTrailer: Set-Cookie, X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n" + cookies + "X-Sum: 1\r\n\r\n",
		"unannounced trailer": "HTTP/1.1 200 OK\r\nSet-Cookie: theme=dark\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n" + cookies + "X-Sum: 1\r\n\r\n",
	}
	for name, answer := range answers {
		for _, h2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, h2 %v", name, h2), func(t *testing.T) {
				t.Parallel()
				f := start(t, setup{h2: h2, app: scripted(answer)})
				var interim []textproto.MIMEHeader
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
					interim = append(interim, h)
					return nil
				}})
				req, _ := http.NewRequestWithContext(ctx, "GET", f.URL+"/", nil)
				req.Header.Set("Cookie", cookieName+"=renewed")
				res, err := f.Client().Transport.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				if body, err := io.ReadAll(res.Body); err != nil || string(body) != "ok" {
					t.Fatalf("body %q, %v", body, err)
				}
				// Ours is there once, although the application tried; theirs is there, too.
				want := []string{cookieName + "=renewed; Path=/", "theme=dark"}
				if got := res.Header["Set-Cookie"]; fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("cookies of the answer: %q, want %q", got, want)
				}
				if got := res.Header["X-Request-Id"]; len(got) != 1 || got[0] != "req-1" {
					t.Errorf("request ids of the answer: %q", got)
				}
				if got, ok := res.Trailer["Set-Cookie"]; ok || strings.HasSuffix(name, "trailer") && res.Trailer.Get("X-Sum") != "1" {
					t.Errorf("trailers %v, cookies %q", res.Trailer, got)
				}
				if name == "interim" {
					if len(interim) != 1 || interim[0].Get("Link") != "</a.css>" || fmt.Sprint(interim[0]["Set-Cookie"]) != "[theme=dark]" || interim[0].Get("X-Request-Id") != "" {
						t.Errorf("interim answers %v", interim)
					}
				}
			})
		}
	}
}

func TestClientThatLeavesCancelsTheApplication(t *testing.T) {
	t.Parallel()
	started, cancelled := make(chan struct{}), make(chan struct{})
	f := start(t, setup{app: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
		close(cancelled)
	})})
	conn := f.dial(t)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: app.example\r\n"+asAnn+"\r\n\r\n")
	<-started
	_ = conn.Close()
	<-cancelled
	if o := f.outcome(t); o.Reason != "client_gone" {
		t.Errorf("outcome %+v", o)
	}
}

func TestUpstreamFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer string
		status int
	}{
		"closes at once":        {"", 502},
		"is no HTTP server":     {"SSH-2.0-OpenSSH_9.6\r\n", 502},
		"sends a broken header": {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", 502},
		"sends two lengths":     {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 502},
		"switches unasked":      {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 502},
		"answers endlessly":     {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 2<<20) + "\r\n\r\n", 502},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, setup{app: scripted(tt.answer)})
			res, body := f.get(t, "POST", "/", asAnn)
			if res.StatusCode != tt.status || body != `{"code":"BAD_GATEWAY","message":"The application did not answer properly","requestId":"req-1"}`+"\n" {
				t.Errorf("answer %d %s", res.StatusCode, body)
			}
			if o := f.outcome(t); o.Reason != "upstream" || o.Err == nil || o.Action != Forward || o.UserID != "u-ann" {
				t.Errorf("outcome %+v", o)
			}
		})
	}
	t.Run("is not there", func(t *testing.T) {
		t.Parallel()
		f := start(t, setup{change: func(c *Config) {
			gone := httptest.NewServer(nil)
			c.Upstream.URL = gone.URL
			gone.Close()
		}})
		if res, body := f.get(t, "GET", "/", asAnn); res.StatusCode != 502 || strings.Contains(body, "127.0.0.1") {
			t.Errorf("answer %d %s", res.StatusCode, body)
		}
	})
}

func TestBodiesThatAreTooLargeGet413(t *testing.T) {
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/**", Auth: "public", MaxBody: 1000}}})
	send := func(size int, chunked bool) int {
		var body io.Reader = strings.NewReader(strings.Repeat("a", size))
		if chunked {
			body = io.MultiReader(body)
		}
		req, _ := http.NewRequestWithContext(t.Context(), "POST", f.URL+"/", body)
		res, err := f.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	for _, chunked := range []bool{false, true} {
		if got := send(1000, chunked); got != 200 {
			t.Errorf("1000 bytes, chunked %v: %d", chunked, got)
		}
		if got := send(1001, chunked); got != 413 {
			t.Errorf("1001 bytes, chunked %v: %d", chunked, got)
		}
	}
}

func TestBodiesThatTrickleGet408(t *testing.T) { // D97
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/open", Auth: "public"}}, options: Options{SignInURL: "/sign-in"},
		change: func(c *Config) { c.Upstream.BodyGrace = 200 * time.Millisecond }})
	for line, want := range map[string]int{"POST /open": 408, "POST /closed": 401, "GET /closed": 302} {
		conn := f.dial(t)
		_, _ = io.WriteString(conn, line+" HTTP/1.1\r\nHost: app.example\r\nAccept: text/html\r\nContent-Length: 100000\r\n\r\n")
		stop := make(chan struct{})
		go func() { // for as long as it takes: an answer that waits for the body never comes
			for {
				select {
				case <-stop:
					return
				case <-time.After(50 * time.Millisecond):
					_, _ = io.WriteString(conn, "a")
				}
			}
		}()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		close(stop)
		if err != nil || res.StatusCode != want {
			t.Fatalf("%s: answer %v, %v", line, res, err)
		}
		_ = res.Body.Close()
		if o := f.outcome(t); want == 408 && o.Reason != "slow_body" {
			t.Errorf("outcome %+v", o)
		}
	}
}

func TestMalformedBodiesAreTheClientsFault(t *testing.T) { // D78
	t.Parallel()
	for _, grace := range []time.Duration{0, time.Minute} {
		f := start(t, setup{routes: []RouteConfig{{Path: "/open", Auth: "public"}}, change: func(c *Config) { c.Upstream.BodyGrace = grace }})
		for _, body := range []string{"zz\r\n", "1;" + strings.Repeat("a", 20000) + "\r\na\r\n", "1\r\nab\r\n", "ffffffffffffffffff\r\n"} {
			conn := f.dial(t)
			_, _ = io.WriteString(conn, "POST /open HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\n\r\n"+body)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || res.StatusCode != 400 {
				t.Fatalf("%.20q: answer %v, %v", body, res, err)
			}
			_ = res.Body.Close()
			if o := f.outcome(t); o.Reason != "body" {
				t.Errorf("%.20q: outcome %+v", body, o)
			}
		}
	}
}

func TestPacedBodyCountsOnlyTheClientsTime(t *testing.T) {
	t.Parallel()
	body := &pacedBody{ReadCloser: io.NopCloser(strings.NewReader("abc")), control: http.NewResponseController(httptest.NewRecorder()), grace: time.Second, waited: 999 * time.Millisecond}
	if _, err := body.Read(make([]byte, 1)); err != nil {
		t.Errorf("within the grace: %v", err)
	}
	body.waited = time.Second + time.Millisecond // one byte earned less than this
	if _, err := body.Read(make([]byte, 1)); !errors.Is(err, errSlowBody) {
		t.Errorf("beyond the grace: %v", err)
	}
	body.received = 10 << 10
	if _, err := body.Read(make([]byte, 1)); err != nil {
		t.Errorf("with ten seconds earned: %v", err)
	}
}

func TestSmugglingEndsAtPostern(t *testing.T) { // D78
	t.Parallel()
	const inner = "GET /admin HTTP/1.1\r\nHost: app.example\r\nX-Postern-User-Id: forged\r\n\r\n"
	tests := map[string]string{
		"CL.TE":              "POST /public HTTP/1.1\r\nHost: app.example\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"TE.CL":              fmt.Sprintf("POST /public HTTP/1.1\r\nHost: app.example\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(inner), inner),
		"TE twice":           "POST /public HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"TE unknown":         "POST /public HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"TE with a tab":      "POST /public HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding:\tchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"space before colon": "POST /public HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"two lengths":        "POST /public HTTP/1.1\r\nHost: app.example\r\nContent-Length: 0\r\nContent-Length: " + fmt.Sprint(len(inner)) + "\r\n\r\n",
		"signed length":      "POST /public HTTP/1.1\r\nHost: app.example\r\nContent-Length: +5\r\n\r\n0\r\n\r\n",
		"bare line feeds":    "POST /public HTTP/1.1\nHost: app.example\nTransfer-Encoding: chunked\n\n0\n\n",
		"chunk extension":    "POST /public HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\n\r\n0;a=\"\r\n\r\n",
		"folded":             "POST /public HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"TE over HTTP/1.0":   "POST /public HTTP/1.0\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
	}
	for name, prefix := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, setup{routes: []RouteConfig{{Path: "/public", Auth: "public"}}})
			conn := f.dial(t)
			_, _ = io.WriteString(conn, prefix+inner)
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = io.ReadAll(conn)
			for _, got := range f.app.requests() {
				if got.uri != "/public" || got.header.Get("X-Postern-User-Id") != "" {
					t.Errorf("the application saw %+v", got)
				}
			}
		})
	}
}

func TestExpectContinueWithAnEarlyRefusal(t *testing.T) { // D81
	t.Parallel()
	f := start(t, setup{app: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			w.WriteHeader(422)
		}
	}), routes: []RouteConfig{{Path: "/open", Auth: "public"}}})
	for _, path := range []string{"/closed", "/open"} {
		res, _ := f.raw(t, "POST "+path+" HTTP/1.1\r\nHost: app.example\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")
		if want := map[string]int{"/closed": 401, "/open": 422}[path]; res == nil || res.StatusCode != want {
			t.Errorf("%s: %v", path, res)
		}
		for range 3 {
			if res, _ := f.get(t, "GET", "/open"); res.StatusCode != 200 {
				t.Errorf("after %s the next request got %d", path, res.StatusCode)
			}
		}
	}
}

func TestD77ManyCookiesAreNoTrouble(t *testing.T) { // D77
	t.Parallel()
	f := start(t, setup{})
	res, _ := f.get(t, "GET", "/", "Cookie: "+strings.Repeat("a=b; ", 20000)+cookieName+"=ann")
	if res.StatusCode >= 500 {
		t.Errorf("answer %d", res.StatusCode)
	}
	for _, got := range f.app.requests() {
		if strings.Contains(got.header.Get("Cookie"), cookieName) {
			t.Error("the session cookie arrived")
		}
	}
}

func TestUpstreamKinds(t *testing.T) { // users-ask 41
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "app.sock")
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Proto, r.Host, r.RequestURI)
	})
	listen := func(network, address string) net.Listener {
		var config net.ListenConfig
		listener, err := config.Listen(t.Context(), network, address)
		if err != nil {
			t.Fatal(err)
		}
		return listener
	}
	serve := func(listener net.Listener, h2c bool) {
		server := &http.Server{Handler: handler, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
		server.Protocols.SetHTTP1(!h2c)
		server.Protocols.SetUnencryptedHTTP2(h2c)
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(func() { _ = server.Close() })
	}
	serve(listen("unix", socket), false)
	h2c := listen("tcp", "127.0.0.1:0")
	serve(h2c, true)
	f := start(t, setup{routes: []RouteConfig{
		{Path: "/unix/**", Auth: "public", Upstream: "unix:" + socket},
		{Path: "/h2c/**", Auth: "public", Upstream: "h2c://" + h2c.Addr().String()},
	}})
	for path, proto := range map[string]string{"/unix/a%20b?c": "HTTP/1.1", "/h2c/a|b?c": "HTTP/2.0"} {
		want := proto + " " + strings.TrimPrefix(f.URL, "http://") + " " + path
		if res, body := f.raw(t, "GET "+path+" HTTP/1.1\r\nHost: "+strings.TrimPrefix(f.URL, "http://")+"\r\n\r\n"); res.StatusCode != 200 || body != want {
			t.Errorf("%s: %d %q, want %q", path, res.StatusCode, body, want)
		}
	}
}

func TestHTTP2OnTheClientsSide(t *testing.T) {
	t.Parallel()
	f := start(t, setup{h2: true, options: Options{SignInURL: "/sign-in"}})
	res, body := f.get(t, "GET", "/a", asAnn)
	if res.ProtoMajor != 2 || res.StatusCode != 200 || body != "hello from the application" {
		t.Fatalf("answer %s %d %q", res.Proto, res.StatusCode, body)
	}
	if got := f.app.only(t); got.header.Get("X-Forwarded-Proto") != "https" || got.header.Get("X-Postern-User-Id") != "u-ann" {
		t.Errorf("the application saw %v", got.header)
	}
	if res, _ := f.get(t, "GET", "/a"); res.StatusCode != 401 {
		t.Errorf("without a session: %d", res.StatusCode)
	}
}

func TestUpstreamURLs(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]endpoint{
		"http://127.0.0.1:8000": {scheme: "http", host: "127.0.0.1:8000"},
		"http://app:8000/":      {scheme: "http", host: "app:8000"},
		"https://app.example":   {scheme: "https", host: "app.example"},
		"h2c://[::1]:8000":      {scheme: "http", host: "[::1]:8000", h2c: true},
		"unix:/run/app.sock":    {scheme: "http", host: "unix", socket: "/run/app.sock"},
		"unix:///run/app.sock":  {scheme: "http", host: "unix", socket: "/run/app.sock"},
	} {
		if got, err := parseEndpoint(raw); err != nil || *got != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	for _, raw := range []string{"", "app:8000", "http://", "ftp://a", "http://a/b", "http://a?b", "http://u:secret@a", "http://a:99999", "unix:", "unix:app.sock", "unix:/"} {
		if got, err := parseEndpoint(raw); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]Size{"0": 0, "10": 10, "10MiB": 10 << 20, "1 kb": 1000, "2GB": 2e9, "3gib": 3 << 30, "5 B": 5} {
		var got Size
		if err := got.DecodeConfig(written); err != nil || got != want {
			t.Errorf("%q is %d, %v", written, got, err)
		}
		if back, err := ParseSize(want.String()); err != nil || back != want {
			t.Errorf("%d is written %q", want, want)
		}
	}
	for _, wrong := range []any{"", "MB", "-1", "1.5MB", "10 MBit", "99999999999GB", []any{"1"}} {
		if got := new(Size); got.DecodeConfig(wrong) == nil {
			t.Errorf("%v is read as %d", wrong, *got)
		}
	}
}
