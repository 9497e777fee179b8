package extauthz

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/proxy/clientaddr"
	"github.com/posternhq/postern/proxy/forwardauth"
	"github.com/posternhq/postern/sessionstore"
)

const cookieName = "better-auth.session_token"

// people is a resolver who knows ada, and of whom the token "down" cannot be known.
type people struct{}

func (people) Resolve(w http.ResponseWriter, r *http.Request) (*sessionstore.Identity, error) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil, nil
	}
	switch c.Value {
	case "down":
		return nil, sessionstore.ErrUnavailable
	case "broken":
		panic("a mistake of ours")
	case "renewed":
		w.Header().Add("Set-Cookie", cookieName+"=renewed; Path=/")
		w.Header().Add("Set-Cookie", "better-auth.session_data=cached; Path=/")
	case "ada":
	default:
		return nil, nil
	}
	return &sessionstore.Identity{User: sessionstore.User{ID: "u-ada", Email: "ada@example.com"}, Session: sessionstore.Session{ID: "s-ada"}}, nil
}

func (people) OwnsCookie(name string) bool { return name == cookieName }

func (p people) Conceal(h http.Header) {
	if line := h.Get("Cookie"); line != "" {
		h.Set("Cookie", strings.Trim(strings.Replace(line, cookieName+"=ada", "", 1), "; "))
		if h.Get("Cookie") == "" {
			h.Del("Cookie")
		}
	}
}

// answering is a Postern that listens, and Envoy's own client to it.
type answering struct {
	authv3.AuthorizationClient
	heard []string // by Asked
	seen  []clientaddr.Client
}

func start(t *testing.T, trusted ...string) *answering {
	t.Helper()
	p, err := proxy.New(proxy.Config{
		Upstream: proxy.UpstreamConfig{DialTimeout: 1}, DefaultAuth: "required", CSRF: proxy.CSRFConfig{Enabled: true},
		Routes: []proxy.RouteConfig{{Path: "/public/**", Auth: "public"}, {Path: "/admin/**", Roles: []string{"admin"}}, {Path: "/**", Host: "open.example", Auth: "public"}},
	}, people{}, proxy.Options{PublicURL: "https://app.example", SignInURL: "/sign-in", NoApplication: true})
	if err != nil {
		t.Fatal(err)
	}
	trust, err := clientaddr.NewTrust(trusted)
	if err != nil {
		t.Fatal(err)
	}
	a := &answering{}
	recovering := func(next http.Handler) http.Handler { // as the edge does
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.seen = append(a.seen, trust.Client(r))
			defer func() {
				if recover() != nil {
					w.WriteHeader(http.StatusInternalServerError)
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
	authorizer := New(p, Options{Around: recovering, Options: forwardauth.Options{
		Trusts: trust.TrustsPeer, Asked: func(_ *http.Request, frontEnd, reason string) { a.heard = append(a.heard, frontEnd+" "+reason) },
	}})
	server := NewServer(func() *Authorizer { return authorizer })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(server.Shutdown(ctx), server.Close(), <-served); err != nil {
			t.Error(err)
		}
	})
	a.AuthorizationClient = authv3.NewAuthorizationClient(conn)
	return a
}

// asks is a question as Envoy puts it; header is lines written "name: value".
func asks(method, path string, header ...string) *authv3.CheckRequest {
	headers := map[string]string{":method": method, ":path": path, ":authority": "app.example", ":scheme": "https"}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		headers[name] = value
	}
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source: &authv3.AttributeContext_Peer{Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{Address: "192.0.2.7"}}}},
		Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Method: method, Path: path, Host: headers[":authority"], Scheme: headers[":scheme"], Headers: headers, Protocol: "HTTP/2",
		}},
	}}
}

func (a *answering) ask(t *testing.T, question *authv3.CheckRequest) *authv3.CheckResponse {
	t.Helper()
	said, err := a.Check(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// lines are header options as HTTP has them.
func lines(t *testing.T, options []*corev3.HeaderValueOption, add bool) http.Header {
	t.Helper()
	h := http.Header{}
	for _, o := range options {
		h.Add(o.GetHeader().GetKey(), o.GetHeader().GetValue())
		if appends := o.GetAppendAction() == corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD; appends != add || o.GetAppend().GetValue() != add { //nolint:staticcheck // what older versions of Envoy read
			t.Errorf("%v is appended: %v", o.GetHeader(), appends)
		}
	}
	return h
}

const asAda = "cookie: theme=dark; " + cookieName + "=ada"

func TestEnvoyIsAnswered(t *testing.T) {
	t.Parallel()
	a := start(t, "127.0.0.1")
	said := a.ask(t, asks("GET", "/tasks?a=b", asAda, "x-postern-user-id: root", "x_postern-user_id: root", "x-forwarded-for: 198.51.100.1", "forwarded: for=198.51.100.2"))
	ok := said.GetOkResponse()
	if codes.Code(said.GetStatus().GetCode()) != codes.OK || ok == nil {
		t.Fatalf("ada: %v", said)
	}
	set := lines(t, ok.GetHeaders(), false)
	if want := (http.Header{
		"X-Postern-User-Id": {"u-ada"}, "X-Postern-User-Email": {"ada@example.com"}, "X-Postern-User-Email-Verified": {"false"}, "X-Postern-Session-Id": {"s-ada"}, "Cookie": {"theme=dark"},
	}); !maps.EqualFunc(set, want, slices.Equal) {
		t.Errorf("set %v, want %v", set, want)
	}
	for _, name := range []string{"x_postern-user_id", "x-postern-user-roles", "x-postern-assertion", "forwarded", "remote-user"} {
		if !slices.Contains(ok.GetHeadersToRemove(), name) {
			t.Errorf("%s may stay: %v", name, ok.GetHeadersToRemove())
		}
	}
	if slices.Contains(ok.GetHeadersToRemove(), "x-postern-user-id") || slices.Contains(ok.GetHeadersToRemove(), "x-forwarded-for") {
		t.Errorf("removed %v", ok.GetHeadersToRemove())
	}
	if client := a.seen[0]; client.Addr.String() != "192.0.2.7" || client.Host != "app.example" || client.Proto != "https" { // D28: what the client says of itself is not heard
		t.Errorf("asked for %v", client)
	}
	if cookies := lines(t, a.ask(t, asks("GET", "/tasks", "cookie: "+cookieName+"=renewed")).GetOkResponse().GetResponseHeadersToAdd(), true)["Set-Cookie"]; len(cookies) != 2 {
		t.Errorf("renewed by %q", cookies)
	}
	if !slices.Equal(a.heard, []string{"envoy-grpc ", "envoy-grpc "}) {
		t.Errorf("heard %q", a.heard)
	}
}

func TestEnvoyIsToldNo(t *testing.T) {
	t.Parallel()
	a := start(t, "127.0.0.1")
	for name, row := range map[string]struct {
		question *authv3.CheckRequest
		http     int
		grpc     codes.Code
		text     string
	}{
		"a stranger":                     {asks("GET", "/tasks"), 401, codes.Unauthenticated, "UNAUTHORIZED"},
		"a browser":                      {asks("GET", "/tasks", "sec-fetch-mode: navigate"), 302, codes.PermissionDenied, ""},
		"the wrong role":                 {asks("GET", "/admin/x", asAda), 403, codes.PermissionDenied, "FORBIDDEN"},
		"D74 the database is away":       {asks("GET", "/tasks", "cookie: "+cookieName+"=down"), 503, codes.Unavailable, "SERVICE_UNAVAILABLE"},
		"D74 something of ours is wrong": {asks("GET", "/tasks", "cookie: "+cookieName+"=broken"), 500, codes.Unavailable, ""},
		"another site's form":            {asks("POST", "/tasks", asAda, "origin: https://evil.example"), 403, codes.PermissionDenied, "INVALID_ORIGIN"},
		"a foreign page's socket":        {asks("GET", "/tasks", asAda, "origin: https://evil.example", "sec-websocket-key: x"), 403, codes.PermissionDenied, "INVALID_ORIGIN"},
		"D01 the query":                  {asks("GET", "/admin/x?a=/public/", asAda), 403, codes.PermissionDenied, "FORBIDDEN"},
		"D03 headers":                    {asks("GET", "/admin/x", asAda, "x-forwarded-uri: /public/a", "x-original-uri: /public/a", "x-envoy-original-path: /public/a"), 403, codes.PermissionDenied, "FORBIDDEN"},
		"D05 dot segments":               {asks("GET", "/public/%2e%2e/admin/x", asAda), 400, codes.PermissionDenied, "BAD_REQUEST"},
		"D10 encoded slashes":            {asks("GET", "/public%2f..%2Fadmin/x", asAda), 400, codes.PermissionDenied, "BAD_REQUEST"},
		"D11 two slashes":                {asks("GET", "//open.example/admin/x", asAda), 400, codes.PermissionDenied, "BAD_REQUEST"},
		"D15 a fragment":                 {asks("GET", "/admin/x#/public/", asAda), 400, codes.PermissionDenied, "BAD_REQUEST"},
		"D16 another host by header":     {asks("GET", "/admin/x", asAda, "x-forwarded-host: open.example", "host: open.example"), 403, codes.PermissionDenied, "FORBIDDEN"},
		"D74 a gRPC call":                {asks("POST", "/a.Service/Call", "content-type: application/grpc"), 401, codes.Unauthenticated, "UNAUTHORIZED"},
		"CONNECT":                        {asks("CONNECT", "/tasks", asAda), 405, codes.PermissionDenied, "METHOD_NOT_ALLOWED"},
		"no attributes":                  {&authv3.CheckRequest{}, 400, codes.PermissionDenied, "BAD_REQUEST"},
		"no scheme":                      {asks("GET", "/tasks", ":scheme: "), 400, codes.PermissionDenied, "BAD_REQUEST"},
		"a malformed host":               {asks("GET", "/tasks", ":authority: a b"), 400, codes.PermissionDenied, "BAD_REQUEST"},
	} {
		said := a.ask(t, row.question)
		denied := said.GetDeniedResponse()
		if denied == nil || codes.Code(said.GetStatus().GetCode()) != row.grpc || int(denied.GetStatus().GetCode()) != row.http || !strings.Contains(denied.GetBody(), row.text) {
			t.Errorf("%s: %v", name, said)
			continue
		}
		var cookies, others []*corev3.HeaderValueOption
		for _, o := range denied.GetHeaders() {
			if o.GetHeader().GetKey() == "set-cookie" {
				cookies = append(cookies, o)
			} else {
				others = append(others, o)
			}
		}
		lines(t, cookies, true)
		h := lines(t, others, false)
		if h["Connection"] != nil || h["Content-Length"] != nil {
			t.Errorf("%s: %v", name, h)
		}
		if name == "a browser" && h.Get("Location") != "https://app.example/sign-in?return_to=%2Ftasks" {
			t.Errorf("sent to %v", h)
		}
	}
}

// Raw headers (encode_raw_headers) mean the same.
func TestRawHeadersAreRead(t *testing.T) {
	t.Parallel()
	a := start(t, "127.0.0.1")
	question := asks("GET", "/tasks")
	asked := question.GetAttributes().GetRequest().GetHttp()
	asked.Headers = nil
	asked.HeaderMap = &corev3.HeaderMap{Headers: []*corev3.HeaderValue{
		{Key: ":path", RawValue: []byte("/public/a")}, {Key: "cookie", RawValue: []byte(cookieName + "=ada")}, {Key: "x_postern_user_id", RawValue: []byte("root")},
	}}
	if ok := a.ask(t, question).GetOkResponse(); ok == nil || lines(t, ok.GetHeaders(), false).Get("X-Postern-User-Id") != "u-ada" || !slices.Contains(ok.GetHeadersToRemove(), "x_postern_user_id") {
		t.Errorf("%v", ok)
	}
}

func TestStrangersMayNotAskByGRPC(t *testing.T) {
	t.Parallel()
	for _, trusted := range [][]string{nil, {"10.0.0.0/8"}, {"unix"}} {
		a := start(t, trusted...)
		said := a.ask(t, asks("GET", "/public/a", "x-forwarded-for: 10.0.0.1"))
		if denied := said.GetDeniedResponse(); denied.GetStatus().GetCode() != 403 || !strings.Contains(denied.GetBody(), "trusted_proxies") || !slices.Equal(a.heard, []string{"envoy-grpc untrusted_front_end"}) {
			t.Errorf("trusting %v: %v, heard %q", trusted, said, a.heard)
		}
	}
}
