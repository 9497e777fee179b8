package authflow_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
)

// Whatever a client sends to whatever route, signed in or not, is answered, and never with a fault of ours.
func TestD75D77NoInputIsAFault(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	for _, route := range routes(flow) {
		if slices.Contains(route.Aliases, route.Path) {
			continue
		}
		t.Run(route.Method+" "+route.Path, func(t *testing.T) {
			t.Parallel()
			attack := &attack{flow: flow.For(t), t: t, route: route, slots: make(chan struct{}, 50)}
			attack.bodies()
			attack.fields()
			attack.queries()
			attack.headers()
			attack.strangers.Wait()
		})
	}
}

// attack sends one route everything there is, once without a session and once with.
type attack struct {
	flow   *authflowtest.Flow
	t      *testing.T
	route  authflow.Route
	cookie string

	strangers sync.WaitGroup // some routes answer strangers only after a while, so these are asked side by side
	slots     chan struct{}
}

// wholeBodies are what stands where an object should.
var wholeBodies = map[string]string{
	"nothing": "", "null": "null", "array": "[]", "string": `"x"`, "number": "1", "huge number": "1e999", "boolean": "true", "empty object": "{}", "blank": " ",
	"half": `{"email":`, "two values": "{} {}", "NUL": "\x00", "invalid UTF-8": "\xff\xfe\xfd", "byte order mark": "\xef\xbb\xbf{}", "bare controls": "{\"a\":\"\x01\"}",
	"deep": strings.Repeat("[", 20000) + strings.Repeat("]", 20000), "deep enough": `{"email":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}",
	"a megabyte": `{"email":"` + strings.Repeat("a", 1<<20) + `"}`, "keys": manyKeys(), "prototype": `{"__proto__":{"token":"x"},"constructor":{"prototype":{}},"":"","toString":1}`,
	"equal keys": `{"email":"a@b.co","email":{},"token":"x","token":[],"password":"x","password":null,"newPassword":1,"newPassword":"x"}`,
	"privileges": `{"id":"x","userId":"x","emailVerified":true,"role":"admin","createdAt":0}`,
}

func manyKeys() string {
	var b strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	return "{" + b.String() + `"email":{}}`
}

// badValues are what a field is given, as JSON.
var badValues = []string{
	"null", "0", "1", "-1.5", "true", "false", "[]", `["x"]`, "{}", `{"$ne":null}`, `""`, `" "`, `"\u0000"`, `"a\u0000b"`, `"\ud800"`, `"\u202e\u0007\r\nSet-Cookie: x=1"`,
	`"'; DROP TABLE \"user\"; --"`, `"<script>alert(1)</script>"`, `"//evil.test"`, `"%00%ff%2f"`, `"../../etc/passwd"`, `"a@b@c.co"`, `"` + strings.Repeat("a", 70_000) + `"`,
	`"` + strings.Repeat("é", 20_000) + `"`,
}

var badQueryValues = []string{"", "%00", "%ff", "%zz", ";", "%0d%0aSet-Cookie:%20x=1", "x&%s=y", "//evil.test", "%2F%2Fevil.test", "a%20b", strings.Repeat("a", 70_000), "%F0%9F%98%80", "[]", "{}"}

// body is a good one, but for passwords that are refused before they are hashed, which is dear. What is stored at sign-up, and
// with a session, package password puts to the test.
func (a *attack) body() map[string]any {
	return costlessBody(a.route)
}

func (a *attack) bodies() {
	if a.route.Method == http.MethodGet {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(wholeBodies)) {
		for _, contentType := range []string{"application/json", "application/x-www-form-urlencoded", "text/plain", "", "application/json; charset=\"", "\xff/\x7f"} {
			a.send(name+" as "+contentType, func() *http.Request {
				r := rawRequest(a.route, wholeBodies[name], goodQuery(a.route))
				r.Header.Set("Content-Type", contentType)
				return r
			})
		}
	}
}

func (a *attack) fields() {
	for _, field := range a.route.Body {
		for _, value := range badValues {
			a.send(field.Name+" is "+value, func() *http.Request {
				body := a.body()
				body[field.Name] = json.RawMessage(value)
				return request(a.t, a.route, body, goodQuery(a.route))
			})
		}
	}
}

func (a *attack) queries() {
	names := []string{"disableRefresh", "callbackURL", "unknown"}
	for _, field := range a.route.Query {
		names = append(names, field.Name)
	}
	for _, name := range names {
		for _, value := range badQueryValues {
			a.send("query "+name+" is "+value, func() *http.Request {
				query := name + "=" + strings.ReplaceAll(value, "%s", name)
				for _, good := range strings.Split(goodQuery(a.route), "&") {
					if !strings.HasPrefix(good, name+"=") {
						query += "&" + good
					}
				}
				return request(a.t, a.route, a.body(), query)
			})
		}
	}
	a.send("query of 20,000 parameters", func() *http.Request {
		return request(a.t, a.route, a.body(), strings.Repeat("a=b&", 20_000)+goodQuery(a.route))
	})
	a.send("query of semicolons", func() *http.Request {
		return request(a.t, a.route, a.body(), "a=1;b=2;"+goodQuery(a.route))
	})
}

// badHeaders hold everything a parser of ours looks at (D75).
var badHeaders = []http.Header{
	{"Authorization": {"Bearer"}}, {"Authorization": {"Bearer "}}, {"Authorization": {"Bearer ."}}, {"Authorization": {"Bearer %zz.%"}}, {"Authorization": {"Bearer \x00\xff"}},
	{"Authorization": {"Bearer " + strings.Repeat("a", 100_000)}}, {"Authorization": {"Bearer " + strings.Repeat("%2e", 10_000)}}, {"Authorization": {"", "Bearer x", "Basic %"}},
	{"Cookie": {""}}, {"Cookie": {";;;==;=;"}}, {"Cookie": {"better-auth.session_token"}}, {"Cookie": {"better-auth.session_token="}}, {"Cookie": {"better-auth.session_token=\"", "\x00=\xff"}},
	{"Cookie": {"better-auth.session_token=%"}}, {"Cookie": {strings.Repeat("better-auth.session_token=a.b; ", 10_000)}}, {"Cookie": {strings.Repeat("a=b; ", 100_000)}},
	{"Origin": {"\x00"}}, {"Origin": {"://"}}, {"Origin": {"http://[::1"}}, {"Origin": {strings.Repeat("a", 100_000)}}, {"Referer": {"%zz"}, "Origin": {""}},
	{"User-Agent": {"\xff\x00\x1b[2J" + strings.Repeat("é", 10_000)}}, {"X-Forwarded-For": {"\x00, ::1, x"}}, {"Sec-Fetch-Site": {"\xff"}}, {"Accept": {"\x00"}}, {"Host": {"\xff"}},
}

func (a *attack) headers() {
	for i, header := range badHeaders {
		a.send(fmt.Sprintf("header %d %.60q", i, header), func() *http.Request {
			r := request(a.t, a.route, a.body(), goodQuery(a.route))
			for name, lines := range header {
				r.Header[name] = append(r.Header[name], lines...)
			}
			return r
		})
	}
}

// send asks as a stranger and as a user, and looks at the answers.
func (a *attack) send(what string, make func() *http.Request) {
	a.t.Helper()
	a.slots <- struct{}{}
	a.strangers.Go(func() {
		a.check(what, serve(a.flow, a.from(make(), "")))
		<-a.slots
	})
	if a.cookie == "" {
		a.cookie = "better-auth.session_token=" + a.flow.Signed(string(a.flow.Session(a.flow.User("Ada")).Token))
	}
	w := serve(a.flow, a.from(make(), a.cookie))
	a.check(what+", signed in", w)
	if len(w.Header()["Set-Cookie"]) > 0 {
		a.cookie = "" // it has changed or is gone: the next one comes with a session of its own
	}
}

func (a *attack) from(r *http.Request, cookie string) *http.Request {
	if _, set := r.Header["Origin"]; !set {
		r.Header.Set("Origin", a.flow.BaseURL)
	}
	if cookie != "" {
		r.Header["Cookie"] = append([]string{cookie}, r.Header["Cookie"]...)
	}
	return r
}

func (a *attack) check(what string, w *httptest.ResponseRecorder) {
	a.t.Helper()
	if w.Code >= 500 || w.Code < 200 {
		a.t.Errorf("%.200s: %d %s", what, w.Code, w.Body)
	}
	media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	page := w.Code == 200 && a.route.Media != "" && media == a.route.Media
	if w.Body.Len() > 0 && !page && (!json.Valid(w.Body.Bytes()) || media != "application/json") {
		a.t.Errorf("%.200s: %d %s %.200s", what, w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	for name, lines := range w.Header() {
		for _, line := range lines {
			if strings.ContainsAny(line, "\r\n\x00") {
				a.t.Errorf("%.200s: header %s breaks: %q", what, name, line)
			}
		}
	}
	if location := w.Header().Get("Location"); strings.HasPrefix(location, "//") || strings.Contains(location, "://evil") {
		a.t.Errorf("%.200s: leads to %q", what, location)
	}
}
