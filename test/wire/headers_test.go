package wire

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// protected are names that only Postern may use towards the application.
var protected = []string{
	"X-Postern-User-Id", "X-Postern-User-Email", "X-Postern-User-Email-Verified", "X-Postern-User-Name", "X-Postern-User-Roles",
	"X-Postern-Session-Id", "X-Postern-Assertion", "X-Postern-Anything", "X-Request-Id", "Remote-User", "Remote-Groups", "X-Forwarded-User",
	"X-Auth-Request-Email",
}

// sender sends one GET request with these lines in its header.
type sender func(t *testing.T, path string, lines ...string) reply

// protocols are the ways to send a request to a stack.
func (s *stack) protocols() map[string]sender {
	return map[string]sender{
		"HTTP/1.1": func(t *testing.T, path string, lines ...string) reply {
			t.Helper()
			return s.ask(t, "GET "+path+" HTTP/1.1\r\nHost: postern.test\r\n"+strings.Join(append(lines, "", ""), "\r\n"))
		},
		"HTTP/2": func(t *testing.T, path string, lines ...string) reply {
			t.Helper()
			return s.roundTrip(t, get(path, lowered(lines)...), "")
		},
	}
}

// lowered writes names in lower case, as HTTP/2 wants them (RFC 9113 §8.2).
func lowered(lines []string) []string {
	out := slices.Clone(lines)
	for i, line := range out {
		name, value, _ := strings.Cut(line, ":")
		out[i] = strings.ToLower(name) + ":" + value
	}
	return out
}

// spellings are all ways to write a name with some of its hyphens as underscores, each in three cases.
func spellings(name string) (all []string) {
	hyphens := strings.Count(name, "-")
	for choice := range 1 << hyphens {
		spelt, at := []byte(name), 0
		for i, c := range spelt {
			if c == '-' {
				if choice>>at&1 == 1 {
					spelt[i] = '_'
				}
				at++
			}
		}
		all = append(all, string(spelt), strings.ToLower(string(spelt)), strings.ToUpper(string(spelt)))
	}
	return all
}

func with(suffix string, names ...string) (lines []string) {
	for _, name := range names {
		lines = append(lines, name+suffix)
	}
	return lines
}

// wantIdentity fails unless the application got the identity of whoever is signed in, or nobody's, and nothing forged.
func (s *stack) wantIdentity(t *testing.T, got recorded, signedIn bool) {
	t.Helper()
	want := map[string]string{"X-Postern-User-Id": s.id, "X-Postern-User-Email": "ada@example.com", "X-Postern-User-Email-Verified": "false", "X-Postern-User-Name": "Ada"}
	for _, name := range protected {
		values := got.values(name)
		expected, exact := want[name]
		switch {
		case name == "X-Request-Id":
			if len(values) != 1 || strings.Contains(values[0], "forged") {
				t.Errorf("%s: %q", name, values)
			}
		case !signedIn && len(values) > 0, slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, "forged") }):
			t.Errorf("%s: %q arrives", name, values)
		case signedIn && exact && (len(values) != 1 || values[0] != expected):
			t.Errorf("%s: %q, want one %q", name, values, expected)
		case len(values) > 1:
			t.Errorf("%s arrives %d times", name, len(values))
		}
	}
}

func TestD19D21D26ForgedIdentityDoesNotArrive(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	lists := map[string][]string{
		"as they are":        with(": forged", protected...),
		"without a value":    with(":", protected...),
		"twice":              with(": forged", append(protected, protected...)...),
		"folded by commas":   with(": forged, forged", protected...),
		"empty beside full":  append(with(":", protected...), with(": forged", protected...)...),
		"without a blank":    with(":forged", protected...),
		"blanks at the end":  with(": forged \t ", protected...),
		"dots":               with(": forged", strings.Split(strings.ReplaceAll(strings.Join(protected, " "), "-", "."), " ")...),
		"a trailing hyphen":  nil,
		"nothing but theirs": {"X-App: kept", "X_App_Too: kept"},
	}
	for _, name := range protected {
		lists["spellings of "+name] = with(": forged", spellings(name)...)
	}
	for protocol, send := range s.protocols() {
		for how, lines := range lists {
			t.Run(protocol+" "+how, func(t *testing.T) {
				t.Parallel()
				id := strings.NewReplacer(" ", "-", "/", "-").Replace(protocol + how)
				for path, signedIn := range map[string]bool{"/public/" + id + "/": false, "/optional/nobody/" + id + "/": false, "/optional/ada/" + id + "/": true} {
					more := append(slices.Clone(lines), "X-Own: kept")
					if signedIn {
						more = append(more, "Cookie: "+s.cookie)
					}
					if got := send(t, path, more...); got.status != 200 {
						t.Fatalf("%s: %d %s", path, got.status, got.body)
					}
					got := s.app.only(t, path)
					s.wantIdentity(t, got, signedIn)
					if own := got.values("X-Own"); len(own) != 1 { // whatever is not protected passes
						t.Errorf("X-Own: %q", own)
					}
					if cookie := got.values("Cookie"); len(cookie) != 0 {
						t.Errorf("Cookie: %q", cookie)
					}
				}
			})
		}
	}
}

func TestD20ConfiguredNamesAreProtectedInAllSpellings(t *testing.T) {
	t.Parallel()
	s := newStack(t, map[string]string{"identity.headers": `{user_name: x-app-NAME}`, "identity.templates": `{x-Mail-from: "{user.email}"}`, "identity.presets": "[authelia]"})
	for protocol, send := range s.protocols() {
		path := "/optional/" + strings.ReplaceAll(protocol, "/", "-")
		var lines []string
		for _, name := range []string{"X-App-Name", "X-Mail-From", "Remote-Email", "X-Postern-User-Name"} {
			lines = append(lines, with(": forged", spellings(name)...)...)
		}
		if got := send(t, path, append(lines, "Cookie: "+s.cookie, "X-App-Named: kept")...); got.status != 200 {
			t.Fatalf("%s: %d %s", protocol, got.status, got.body)
		}
		got := s.app.only(t, path)
		for name, want := range map[string]string{
			"X-App-Name": "[Ada]", "X-Mail-From": "[ada@example.com]", "Remote-Email": "[ada@example.com]", "X-Postern-User-Name": "[]", "X-App-Named": "[kept]",
		} {
			if values := fmt.Sprint(got.values(name)); values != want {
				t.Errorf("%s: %s is %s, want %s", protocol, name, values, want)
			}
		}
	}
}

func TestD22D23ConnectionTakesNothingAway(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	names := []string{"X-Postern-User-Id", "X-Postern-User-Email", "X-Postern-User-Name", "X-Postern-Session-Id", "X-Postern-Assertion", "X-Request-Id",
		"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Host", "Cookie"}
	number := 0
	for _, header := range []string{"Connection", "Proxy-Connection", "Keep-Alive", "TE", "Trailer", "Upgrade"} {
		for _, list := range []string{
			strings.Join(names, ", "), strings.ToLower(strings.Join(names, ",")), " " + strings.Join(names, " , ") + " ", "\t" + strings.Join(names, "\t,\t"),
			"close, " + strings.Join(names, ", "), strings.ReplaceAll(strings.Join(names, ", "), "-", "_"), `"` + strings.Join(names, `", "`) + `"`,
		} {
			number++
			path := fmt.Sprintf("/optional/%d/", number)
			lines := []string{header + ": " + list, header + ": x-postern-user-id", "Cookie: " + s.cookie}
			got := s.protocols()["HTTP/1.1"](t, path, lines...)
			if got.status != 200 {
				t.Errorf("%s: %q: %d %s", header, list, got.status, got.body)
				continue
			}
			request := s.app.only(t, path)
			s.wantIdentity(t, request, true)
			for _, name := range []string{"X-Postern-Session-Id", "X-Postern-Assertion", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Host"} {
				if len(request.values(name)) != 1 {
					t.Errorf("%s: %q: %s is %q", header, list, name, request.values(name))
				}
			}
			for _, hop := range []string{"Connection", "Proxy-Connection", "Keep-Alive", "TE", "Trailer", "Upgrade"} {
				if values := request.values(hop); len(values) > 0 {
					t.Errorf("%s: %q: %s: %q arrives", header, list, hop, values)
				}
			}
			// HTTP/2 has no such headers (RFC 9113 §8.2.2); TE may say trailers, and Trailer is of the message.
			if header == "TE" || header == "Trailer" {
				continue
			}
			if got := s.protocols()["HTTP/2"](t, path+"2", lines...); got.status == 200 || len(s.app.under(path+"2")) > 0 {
				t.Errorf("HTTP/2, %s: %d", header, got.status)
			}
		}
	}
	if got := s.protocols()["HTTP/2"](t, "/optional/control", "Cookie: "+s.cookie, "TE: trailers"); got.status != 200 {
		t.Errorf("the control request: %d", got.status)
	}
}

// listeners have one thing in common: what is behind them.
func TestD24ProtectedNamesPassByNoListener(t *testing.T) {
	t.Parallel()
	certificate := harness.NewCertificate(t, "postern.test", time.Now().Add(time.Hour))
	certFile, keyFile := certificate.In(t, t.TempDir())
	socket := t.TempDir() + "/postern.sock"
	for name, row := range map[string]struct {
		settings map[string]string
		dial     func(*stack) (net.Conn, error)
		http2    bool
	}{
		"TLS":         {map[string]string{"server.tls.cert_file": certFile, "server.tls.key_file": keyFile, "server.h2c": "false"}, overTLS(certificate, "http/1.1"), false},
		"TLS, HTTP/2": {map[string]string{"server.tls.cert_file": certFile, "server.tls.key_file": keyFile, "server.h2c": "false"}, overTLS(certificate, "h2"), true},
		"unix":        {map[string]string{"server.listen": "unix:" + socket}, func(*stack) (net.Conn, error) { return net.Dial("unix", socket) }, false},
		"unix, h2c":   {map[string]string{"server.listen": "unix:" + socket + "2"}, func(*stack) (net.Conn, error) { return net.Dial("unix", socket+"2") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &stack{app: startRecorder(t)}
			s.Postern = harness.StartPostern(t, harness.Settings(harness.SQLite(t).Settings(), map[string]string{
				"upstream.url": "http://" + s.app.address, "routes": routes, "server.h2c": "true", "log.level": "error",
			}, row.settings))
			s.address = strings.TrimPrefix(s.URL, "http://")
			conn, err := row.dial(s)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			lines := append(with(": forged", protected...), with(": forged", "X-Forwarded-Client-Cert", "X-Forwarded-Ssl", "X-Postern-Ssl-Client-Verify")...)
			if row.http2 {
				f := newFrames(conn)
				f.hello(t)
				if got := f.await(f.open(get("/public/x", lowered(lines)...), true)); got.status != 200 {
					t.Fatalf("%d %s", got.status, got.body)
				}
			} else if got := exchange(t, conn, "GET /public/x HTTP/1.1\r\nHost: postern.test\r\n"+strings.Join(append(lines, "", ""), "\r\n")); got.status != 200 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			got := s.app.only(t, "/public/x")
			s.wantIdentity(t, got, false)
			for _, line := range got.lines {
				if strings.Contains(line, "forged") {
					t.Errorf("%s", line)
				}
			}
		})
	}
}

func overTLS(certificate *harness.Certificate, protocol string) func(*stack) (net.Conn, error) {
	return func(s *stack) (net.Conn, error) {
		return tls.Dial("tcp", s.address, &tls.Config{RootCAs: certificate.Pool(), ServerName: "postern.test", NextProtos: []string{protocol}})
	}
}

func TestD25ForgedTrailersDoNotArrive(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	trailers := append(with(": forged", protected...), "Cookie: "+s.cookie, "Authorization: Bearer forged", "X-Forwarded-For: 6.6.6.6", "Host: forged", "X-Checksum: kept")
	var names []string
	for _, line := range trailers {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	announced := "Trailer: " + strings.Join(names, ", ")
	check := func(t *testing.T, path string, status int) {
		t.Helper()
		if status != 200 {
			t.Fatalf("%s: %d", path, status)
		}
		got := s.app.only(t, path)
		s.wantIdentity(t, got, true)
		if got.body != "hello" || len(got.trailer) != 1 || !strings.EqualFold(got.trailer[0], "X-Checksum: kept") {
			t.Errorf("%s: body %q, trailers %q", path, got.body, got.trailer)
		}
	}
	first := s.ask(t, "POST /optional/1 HTTP/1.1\r\nHost: postern.test\r\nCookie: "+s.cookie+"\r\nTransfer-Encoding: chunked\r\n"+announced+"\r\n\r\n5\r\nhello\r\n0\r\n"+strings.Join(append(trailers, "", ""), "\r\n"))
	check(t, "/optional/1", first.status)

	f := s.http2(t)
	list := get("/optional/2", "cookie: "+s.cookie, strings.ToLower(announced))
	list[0].Value = "POST"
	stream := f.open(list, false)
	_ = f.WriteData(stream, false, []byte("hello"))
	possible := slices.DeleteFunc(lowered(trailers), func(line string) bool { // with these the stream is reset
		return strings.HasPrefix(line, "host:") || strings.HasPrefix(line, "authorization:")
	})
	_ = f.WriteHeaders(frameOf(stream, f.block(fields(possible...))))
	check(t, "/optional/2", f.await(stream).status)
}

func TestD27D96NobodyElseSpeaksOfTheClient(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	var lines []string
	for _, name := range []string{
		"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Forwarded-Uri",
		"X-Forwarded-Method", "X-Forwarded-Ssl", "X-Forwarded-Scheme", "X-Forwarded-Client-Cert", "X-Forwarded-By", "X-Forwarded", "Forwarded", "Forwarded-For",
		"X-Real-Ip", "X-Client-Ip", "Client-Ip", "True-Client-Ip", "X-Cluster-Client-Ip", "CF-Connecting-IP", "CF-Connecting-IPv6", "Fastly-Client-Ip", "Fly-Client-Ip",
		"X-Azure-ClientIP", "X-Original-Forwarded-For", "X-Envoy-External-Address", "X-Appengine-User-Ip", "X-Original-Url", "X-Original-Uri", "X-Rewrite-Url", "X-Http-Method-Override",
	} {
		lines = append(lines, name+": 6.6.6.6", strings.ReplaceAll(name, "-", "_")+": 6.6.6.6")
	}
	for protocol, send := range s.protocols() {
		path := "/public/" + strings.ReplaceAll(protocol, "/", "-")
		if got := send(t, path, lines...); got.status != 200 {
			t.Fatalf("%s: %d %s", protocol, got.status, got.body)
		}
		got := s.app.only(t, path)
		for _, line := range got.lines {
			if strings.Contains(line, "6.6.6.6") && !strings.HasPrefix(strings.ToLower(line), "forwarded") {
				t.Errorf("%s: %s", protocol, line)
			}
		}
		if fmt.Sprint(got.values("X-Forwarded-For"), got.values("X-Forwarded-Proto"), got.values("X-Forwarded-Host")) != "[127.0.0.1] [http] [postern.test]" {
			t.Errorf("%s: %q", protocol, got.lines)
		}
	}
}

// What a trusted proxy says of the client arrives only where it is an address.
func TestD28ForwardedAddressesAreAddresses(t *testing.T) {
	t.Parallel()
	s := newStack(t, map[string]string{"server.trusted_proxies": "127.0.0.1"})
	for protocol, send := range s.protocols() {
		for i, row := range []struct{ line, want string }{
			{"X-Forwarded-For: 192.0.2.1", "192.0.2.1"},
			{"Forwarded: for=192.0.2.1", "192.0.2.1"},
			{`Forwarded: for="[2001:db8::1]:4711"`, "2001:db8::1"},
			{"X-Forwarded-For: 192.0.2.9, evil.test", ""},
			{"X-Forwarded-For: unknown", ""},
			{"X-Forwarded-For: <script>", ""},
			{"X-Forwarded-For: 192.0.2.1; DROP TABLE", ""},
			{"X-Forwarded-For: 127.0.0.1.evil.test", ""},
			{"X-Forwarded-For: ", ""},
			{"X-Forwarded-For: ,", ""},
			{"Forwarded: for=unknown", ""},
			{"Forwarded: for=_hidden", ""},
			{`Forwarded: for="_gazonk"`, ""},
			{`Forwarded: for="192.0.2.1, 192.0.2.2"`, ""},
			{`Forwarded: for=192.0.2.1", for=192.0.2.2`, ""},
			{`Forwarded: for="192.0.2.1\r\nX-Postern-User-Id: forged"`, ""},
			{"Forwarded: host=evil.test\\;for=192.0.2.1", ""},
		} {
			path := fmt.Sprintf("/public/%s/%d/", strings.ReplaceAll(protocol, "/", "-"), i)
			if got := send(t, path, row.line); got.status != 200 {
				t.Errorf("%s: %q: %d", protocol, row.line, got.status)
				continue
			}
			got := s.app.only(t, path).values("X-Forwarded-For")
			if len(got) != 1 {
				t.Errorf("%s: %q: %q", protocol, row.line, got)
				continue
			}
			if _, err := netip.ParseAddr(got[0]); err != nil || row.want != "" && got[0] != row.want {
				t.Errorf("%s: %q: %q, want %q", protocol, row.line, got[0], row.want)
			}
		}
	}
}

func TestD29D94TheApplicationSetsNoSessionCookie(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	const cookies = "Set-Cookie: better-auth.session_token=forged; Path=/\r\nset-cookie:  better-auth.session_data =forged\r\nSet-Cookie: theme=dark\r\n"
	s.app.answer = func(r recorded) string {
		switch {
		case strings.Contains(r.line, "/interim"):
			return "HTTP/1.1 103 Early Hints\r\n" + cookies + "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: theme=dark\r\n\r\nok"
		case strings.Contains(r.line, "/trailer"):
			return "HTTP/1.1 200 OK\r\nTrailer: Set-Cookie\r\nTransfer-Encoding: chunked\r\nSet-Cookie: theme=dark\r\n\r\n2\r\nok\r\n0\r\n" + cookies + "\r\n"
		}
		return "HTTP/1.1 200 OK\r\n" + cookies + "Content-Length: 2\r\n\r\nok"
	}
	for protocol, send := range s.protocols() {
		for _, where := range []string{"answer", "interim", "trailer"} {
			got := send(t, "/public/"+where)
			if got.status != 200 || got.body != "ok" || fmt.Sprint(got.header.Values("Set-Cookie")) != "[theme=dark]" {
				t.Errorf("%s, %s: %d %q %v", protocol, where, got.status, got.body, got.header)
			}
			if where == "interim" && (len(got.interim) != 1 || fmt.Sprint(got.interim[0].Values("Set-Cookie")) != "[theme=dark]") {
				t.Errorf("%s: interim answers %v", protocol, got.interim)
			}
		}
	}
}
