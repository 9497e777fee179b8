package proxy

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
)

func TestAmbiguousTargetsAreRefusedBeforeAnyRule(t *testing.T) { // D02, D05, D09, D10, D11, D95
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/**", Auth: "public"}}})
	tests := map[string]string{
		"/public/../admin": "dot_segment", "/public/./admin": "dot_segment", "/public/..": "dot_segment", "/.": "dot_segment",
		"/public/%2e%2e/admin": "dot_segment", "/public/%2E%2e/admin": "dot_segment", "/public/.%2e/admin": "dot_segment", "/public/%2e/admin": "dot_segment",
		"/public/.../admin": "dot_segment", "/public/..%20/admin": "dot_segment",
		"/public/..;/admin": "path_parameter", "/public/%2e%2e;/admin": "path_parameter", "/public/..%3b/admin": "path_parameter", "/admin;x": "path_parameter", "/admin%3Bx": "path_parameter",
		"/public/%252e%252e/admin": "double_encoding", "/public/%25252e/admin": "double_encoding", "/a%252fb": "double_encoding", "/a%25%32%66b": "double_encoding", "/a%255cb": "double_encoding",
		"/a%2fb": "encoded_slash", "/a%2Fb": "encoded_slash", "/public/%2f": "encoded_slash",
		"/..%2fadmin": "dot_segment", "/public/..%2f..%2Fadmin": "dot_segment", "/public/a%2F%2e%2e%2fadmin": "dot_segment", "/public/%2e%2Fadmin": "dot_segment",
		"/%2F/admin": "empty_segment", "/%2fadmin": "empty_segment", "/public/a%2f%252f": "double_encoding",
		"//admin": "empty_segment", "///admin": "empty_segment", "/a//b": "empty_segment", "/a//": "empty_segment", "//": "empty_segment",
		`/\admin`: "backslash", `/a\..\admin`: "backslash", "/%5cadmin": "backslash", "/a%5Cb": "backslash",
		"/admin#/public": "fragment", "/admin?x#/public": "fragment",
		"/a%00": "control_character", "/a%0d%0ab": "control_character", "/a%7f": "control_character",
		"/%c0%ae%c0%ae/admin": "encoding", "/%ff": "encoding", "/\xff": "encoding",
	}
	for target, reason := range tests {
		res, body := f.raw(t, "GET "+target+" HTTP/1.1\r\nHost: app.example\r\n\r\n")
		if res == nil || res.StatusCode != 400 || !strings.Contains(body, `"code":"BAD_REQUEST"`) {
			t.Errorf("%s: answer %v %s", target, res, body)
			continue
		}
		if o := f.outcome(t); o.Reason != reason || o.Route != "" || !o.Refused {
			t.Errorf("%s: outcome %+v, want %s", target, o, reason)
		}
	}
	if n := len(f.app.requests()); n != 0 {
		t.Errorf("%d requests passed", n)
	}
}

func TestMalformedRequestsNeverPass(t *testing.T) { // D02, D16, D64
	t.Parallel()
	tests := map[string]string{
		"CONNECT":                      "CONNECT app.example:443 HTTP/1.1\r\nHost: app.example:443\r\n\r\n",
		"CONNECT with a path":          "CONNECT /x HTTP/1.1\r\nHost: app.example\r\n\r\n",
		"TRACE":                        "TRACE /x HTTP/1.1\r\nHost: app.example\r\n\r\n",
		"lower-case method":            "get /x HTTP/1.1\r\nHost: app.example\r\n\r\n",
		"absolute form":                "GET http://other.example/x HTTP/1.1\r\nHost: app.example\r\n\r\n",
		"absolute form with a longer":  "GET http://app.example.evil/x HTTP/1.1\r\nHost: app.example\r\n\r\n",
		"absolute form with user info": "GET http://app.example@evil.example/x HTTP/1.1\r\nHost: app.example\r\n\r\n",
		"absolute form, other scheme":  "GET https://app.example/x HTTP/1.1\r\nHost: app.example\r\n\r\n",
		"absolute form, fragment":      "GET http://app.example/x#/public HTTP/1.1\r\nHost: app.example\r\n\r\n",
		"asterisk":                     "GET * HTTP/1.1\r\nHost: app.example\r\n\r\n",
		"no slash":                     "GET x HTTP/1.1\r\nHost: app.example\r\n\r\n",
		"no host":                      "GET /x HTTP/1.0\r\n\r\n",
		"empty host":                   "GET /x HTTP/1.1\r\nHost: \r\n\r\n",
		"two hosts":                    "GET /x HTTP/1.1\r\nHost: app.example\r\nHost: evil.example\r\n\r\n",
		"host with a path":             "GET /x HTTP/1.1\r\nHost: app.example/y\r\n\r\n",
		"host with a comma":            "GET /x HTTP/1.1\r\nHost: app.example,evil.example\r\n\r\n",
		"host with user info":          "GET /x HTTP/1.1\r\nHost: evil@app.example\r\n\r\n",
		"host with a wrong port":       "GET /x HTTP/1.1\r\nHost: app.example:99999\r\n\r\n",
		"space before the colon":       "GET /x HTTP/1.1\r\nHost: app.example\r\nX-Postern-User-Id : a\r\n\r\n",
		"null in a header":             "GET /x HTTP/1.1\r\nHost: app.example\r\nX-A: a\x00b\r\n\r\n",
	}
	f := start(t, setup{routes: []RouteConfig{{Path: "/**", Auth: "public"}}, options: Options{PublicURL: "http://app.example"}})
	for name, request := range tests {
		if res, body := f.raw(t, request); res != nil && (res.StatusCode < 400 || res.StatusCode > 405) {
			t.Errorf("%s: %d %s", name, res.StatusCode, body)
		}
	}
	if all := f.app.requests(); len(all) != 0 {
		t.Errorf("passed: %+v", all)
	}
	if res, _ := f.raw(t, "GET http://app.example/x?y HTTP/1.1\r\nHost: ignored.example\r\n\r\n"); res.StatusCode != 200 {
		t.Errorf("our own origin in absolute form: %d", res.StatusCode)
	}
	if got := f.app.only(t); got.uri != "/x?y" || got.host != "app.example" {
		t.Errorf("the application saw %s at %s", got.uri, got.host)
	}
}

func TestD01D09D77ForwardedBytesAreThoseDecidedOn(t *testing.T) { // D01, D09, D77
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/**", Auth: "public"}}})
	targets := []string{
		"/", "/a/", "/a?", "/a?b=c;d&e", "/a?x=../..//\\", "/a?x=%zz&y=%2f", "/a|b", `/a"b<c>{d}^e` + "`", "/%61dmin", "/a%20b+c", "/tags/c%23", "/what%3F", "/50%25%20off",
		"/user@x:y,z!$&'()*=~-._", "/%7Euser", "/b%C3%BCcher", "/bücher", "/a?ü", "/[x]", "/a?" + strings.Repeat("p=1&", 10001),
	}
	for i, target := range targets {
		if res, body := f.raw(t, "GET "+target+" HTTP/1.1\r\nHost: App.Example.:80\r\n\r\n"); res == nil || res.StatusCode != 200 {
			t.Fatalf("%s: %v %s", target, res, body)
		}
		got := f.app.requests()[i]
		if got.uri != target || got.host != "App.Example.:80" {
			t.Errorf("the application saw %s at %s, want %s", got.uri, got.host, target)
		}
	}
}

// recorder is a transport that writes each request to the wire and reads it back as an application would.
type recorder struct{ last *http.Request }

func (rec *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		return nil, err
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		return nil, err
	}
	rec.last = got
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

func FuzzTarget(f *testing.F) { // D09
	for _, seed := range []string{"/", "/a/../b", "/%2e%2e/", "/a%2fb", "//x", "/a?b#c", "/a;b", `/\x`, "/%25%32%65", "/ü", "/%c3%bc", "http://app.example/x", "http://evil.example/x", "*", "/a|b?c=%zz;d"} {
		f.Add(seed)
	}
	config := testConfig("http://127.0.0.1:1", RouteConfig{Path: "/**", Auth: "public"})
	p, err := New(config, people(), Options{PublicURL: "http://app.example"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + uri + " HTTP/1.1\r\nHost: app.example\r\n\r\n")))
		if err != nil {
			return
		}
		decided, no := parseTarget(r, p.public)
		if no == nil && hasEncodedSlash(decided.path) {
			no = refuseEncodedSlash
		}
		got := through(t, p, r)
		if no != nil {
			if got != nil {
				t.Fatalf("%q was refused (%s) and forwarded as %q", uri, no.reason, got.RequestURI)
			}
			return
		}
		if got == nil {
			t.Fatalf("%q was accepted and not forwarded", uri)
		}
		sent := strings.TrimPrefix(r.RequestURI, "http://app.example")
		if strings.HasPrefix(strings.ToLower(r.RequestURI), "http://app.example") {
			sent = r.RequestURI[len("http://app.example"):]
		}
		if got.RequestURI != sent || got.RequestURI != decided.raw {
			t.Errorf("%q was forwarded as %q", sent, got.RequestURI)
		}
		if got.URL.Path != decided.path {
			t.Errorf("decided on %q, forwarded %q", decided.path, got.URL.Path)
		}
		checkCanonical(t, decided.path)
	})
}

// through serves the request with a transport that records, and returns what an application would have read.
func through(t *testing.T, p *Proxy, r *http.Request) *http.Request {
	t.Helper()
	rec, forwarding := &recorder{}, p.forwarder()
	forwarding.Transport = rec
	alone := *p
	alone.forwarding = forwarding
	alone.ServeHTTP(httptest.NewRecorder(), r)
	return rec.last
}

// checkCanonical states what a second reader might do to a path: none of it may change anything.
func checkCanonical(t *testing.T, decided string) {
	t.Helper()
	if clean := path.Clean(decided); clean != decided && clean+"/" != decided {
		t.Errorf("%q cleans to %q", decided, clean)
	}
	if again, err := url.PathUnescape(decided); err == nil && again != decided {
		t.Errorf("%q decodes to %q", decided, again)
	}
	if strings.ContainsAny(decided, "\\;\x00\r\n") {
		t.Errorf("%q has a separator of somebody", decided)
	}
}
