package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/posternhq/postern/sessionstore"
)

// forgeable lists names a client might use to speak in Postern's place.
func forgeable() []string {
	names := []string{"X-Postern-Assertion", "X-Postern-Anything-Else", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix",
		"X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Uri", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups"}
	for _, row := range HeaderRows() {
		names = append(names, row.Header)
	}
	for _, preset := range Presets() { // whether or not they are sent
		for _, header := range preset.Headers {
			names = append(names, header.Header)
		}
	}
	names = append(names, "X-Auth-Request-User", "X-Auth-Request-Anything")
	for _, name := range unvouched() {
		names = append(names, http.CanonicalHeaderKey(name))
	}
	return names
}

// spellings are the names that applications fold into one: WSGI, Rack and PHP know no difference between - and _.
func spellings(name string) []string {
	all := []string{name, strings.ToLower(name), strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(strings.ToLower(name), "-", "_"), strings.ReplaceAll(name, "-", ".")}
	for i := range name {
		if name[i] == '-' {
			all = append(all, name[:i]+"_"+name[i+1:])
		}
	}
	return all
}

// cgi is the variable name into which a CGI-like application turns a header.
func cgi(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}

func TestD03D19D20D21D24D26D27D96InboundIdentityHeadersAreStripped(t *testing.T) {
	t.Parallel()
	app := &upstreamLog{}
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	configured := map[string]string{"user_email": "remote-EMAIL", "user_roles": ""} // not canonical, and switched off
	for _, auth := range []string{"public", "optional", "required"} {
		config := testConfig(server.URL, RouteConfig{Path: "/**", Auth: auth})
		config.Identity.Headers = configured
		p, err := New(config, people(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewServer(p)
		t.Cleanup(front.Close)
		f := &front0{front}
		var request strings.Builder
		fmt.Fprintf(&request, "GET / HTTP/1.1\r\nHost: app.example\r\n%s\r\n", asAnn)
		for _, name := range append(forgeable(), "Remote-Email") {
			for _, spelling := range spellings(name) {
				fmt.Fprintf(&request, "%s: forged\r\n%s: forged,forged\r\n", spelling, spelling)
			}
		}
		request.WriteString("X-Mine: kept\r\nX_Mine_Too: kept\r\n\r\n")
		before := len(app.requests())
		f.send(t, request.String())
		got := app.requests()[before]
		if got.header.Get("X-Mine") != "kept" || len(got.header["X_mine_too"]) != 1 {
			t.Errorf("%s: other headers were lost: %v", auth, got.header)
		}
		lines := map[string]int{}
		for name, values := range got.header {
			lines[cgi(name)] += len(values)
			if strings.Contains(strings.Join(values, ""), "forged") {
				t.Errorf("%s: %s: %q arrived", auth, name, values)
			}
		}
		for name, n := range lines {
			if n != 1 {
				t.Errorf("%s: %d lines of %s", auth, n, name)
			}
		}
		if email := got.header.Get("Remote-Email"); (email == "ann@example.com") != (auth != "public") {
			t.Errorf("%s: Remote-Email is %q", auth, email)
		}
	}
}

type front0 struct{ *httptest.Server }

func (f *front0) send(t *testing.T, request string) {
	t.Helper()
	res, _ := (&front{Server: f.Server}).raw(t, request)
	if res == nil || res.StatusCode != 200 {
		t.Fatalf("answer %v", res)
	}
}

func TestConnectionListsTakeNothingAway(t *testing.T) { // D22, D23
	t.Parallel()
	var names []string
	for _, row := range HeaderRows() {
		names = append(names, row.Header)
	}
	names = append(names, "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")
	var list strings.Builder
	for _, name := range names {
		fmt.Fprintf(&list, "Connection: close, %s\r\nConnection: %s ,\t%s\r\nTE: %s\r\nKeep-Alive: %s\r\nProxy-Connection: %s\r\n",
			name, strings.ToLower(name), " "+name, name, name, name)
	}
	list.WriteString("Connection: Cookie, Authorization, Host, Upgrade\r\n")
	f := start(t, setup{})
	if res, body := f.raw(t, "GET / HTTP/1.1\r\nHost: app.example\r\n"+asAnn+"\r\n"+list.String()+"\r\n"); res == nil || res.StatusCode != 200 {
		t.Fatalf("answer %v %s", res, body)
	}
	got := f.app.only(t)
	for _, name := range names {
		want := 1
		if name == "X-Postern-User-Roles" {
			want = 0
		}
		if lines := got.header[name]; len(lines) != want {
			t.Errorf("%s: %q", name, lines)
		}
	}
	for _, name := range []string{"Connection", "Te", "Keep-Alive", "Proxy-Connection", "Cookie"} {
		if lines, ok := got.header[name]; ok {
			t.Errorf("%s arrived: %q", name, lines)
		}
	}
}

func TestFoldedLinesDoNotArrive(t *testing.T) { // D26, D78
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/**", Auth: "public"}}})
	f.raw(t, "GET / HTTP/1.1\r\nHost: app.example\r\nX-A: a\r\n X-Postern-User-Id: forged\r\nX-Postern-User-Id: for\r\n\tged\r\n\r\n")
	for _, got := range f.app.requests() {
		if lines, ok := got.header["X-Postern-User-Id"]; ok {
			t.Errorf("arrived: %q", lines)
		}
	}
}

func TestValuesArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"ann": "ann", "a b": "a b", "Zoë": "Zo%C3%AB", "100%": "100%25", "a\r\nX-Evil: 1": "a%0D%0AX-Evil: 1", "\x00\x7f": "%00%7F", " a ": "%20a%20", " ": "%20", "日本": "%E6%97%A5%E6%9C%AC", "\xff": "%FF", "": "",
	} {
		got := encodeValue(value)
		if got != want {
			t.Errorf("%q is sent as %q, want %q", value, got, want)
		}
		if back, err := url.PathUnescape(got); err != nil || back != value {
			t.Errorf("%q comes back as %q", value, back)
		}
	}
}

func FuzzIdentityValue(f *testing.F) {
	f.Add("Zoë\r\nX: y")
	headers, err := newIdentityHeaders(IdentityConfig{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest("GET", "http://app.example/", nil)
		headers.set(r.Header, &sessionstore.Identity{User: sessionstore.User{Name: value, Email: value, Role: &value}}, value)
		var wire strings.Builder
		if err := r.Write(&wire); err != nil {
			t.Fatal(err)
		}
		got, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire.String())))
		if err != nil {
			t.Fatalf("%q breaks the request: %v", value, err)
		}
		if _, err := io.ReadAll(got.Body); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"X-Postern-User-Name", "X-Postern-User-Email", "X-Request-Id"} {
			if back, err := url.PathUnescape(got.Header.Get(name)); err != nil || back != value {
				t.Errorf("%s: %q comes back as %q", name, value, back)
			}
		}
	})
}

func TestEmptyFieldsSendNoHeader(t *testing.T) { // D21
	t.Parallel()
	headers, err := newIdentityHeaders(IdentityConfig{Headers: map[string]string{"session_id": ""}})
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	headers.set(h, nil, "")
	if len(h) != 0 {
		t.Errorf("for nobody: %v", h)
	}
	headers.set(h, &sessionstore.Identity{User: sessionstore.User{ID: "u"}, Session: sessionstore.Session{ID: "s"}}, "")
	if len(h) != 2 || h.Get("X-Postern-User-Id") != "u" || h.Get("X-Postern-User-Email-Verified") != "false" {
		t.Errorf("for a user of whom little is known: %v", h)
	}
	h = http.Header{}
	headers.set(h, identity("root", " user , admin"), "")
	if got := h.Get("X-Postern-User-Roles"); got != "user,admin" {
		t.Errorf("roles are %q", got)
	}
}

func TestHeaderNamesThatMeanSomethingElseAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"X_User", "X User", "X-Üser", "cookie", "Host", "Connection", "Content-Length", "X-Forwarded-For", "Authorization"} {
		if err := (IdentityConfig{Headers: map[string]string{"user_id": name}}).Validate(); err == nil || !strings.HasPrefix(err.Error(), "headers.user_id: ") {
			t.Errorf("%q: %v", name, err)
		}
	}
	twice := IdentityConfig{Headers: map[string]string{"user_id": "X-User", "user_email": "x-user"}}
	if err := twice.Validate(); err == nil || err.Error() != "headers.user_email: X-User already carries another field" {
		t.Errorf("one name for two fields: %v", err)
	}
	if err := (IdentityConfig{Headers: map[string]string{"user_id": "X-Forwarded-User", "user_email": "X-Forwarded-Email"}}).Validate(); err != nil {
		t.Errorf("oauth2-proxy's names: %v", err)
	}
}
