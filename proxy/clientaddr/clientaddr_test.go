package clientaddr

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func trust(t testing.TB, list ...string) *Trust {
	t.Helper()
	tr, err := NewTrust(list)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func request(remote string, header ...string) *http.Request {
	r := &http.Request{RemoteAddr: remote, Host: "app.example:8080", Header: http.Header{}}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func TestClientAddressIsWalkedFromTheRight(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		trust  []string
		remote string
		header []string
		want   string
	}{
		{"an untrusted peer speaks for itself", nil, "203.0.113.9:1", []string{"X-Forwarded-For: 1.1.1.1"}, "203.0.113.9"},
		{"a peer outside the list speaks for itself", []string{"10.0.0.0/8"}, "203.0.113.9:1", []string{"X-Forwarded-For: 1.1.1.1"}, "203.0.113.9"},
		{"no header", []string{"10.0.0.0/8"}, "10.0.0.1:1", nil, "10.0.0.1"},
		{"one hop", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9"}, "203.0.113.9"},
		{"what the client put on the left is not believed", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"X-Forwarded-For: 1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		{"two trusted hops", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"X-Forwarded-For: 1.1.1.1,203.0.113.9 ,\t10.2.3.4"}, "203.0.113.9"},
		{"several lines are one list", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 10.2.3.4"}, "203.0.113.9"},
		{"all trusted", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"X-Forwarded-For: 10.9.9.9, 10.2.3.4"}, "10.9.9.9"},
		{"rubbish ends the walk", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9, unknown, 10.2.3.4"}, "10.2.3.4"},
		{"rubbish at the end leaves the peer", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9, x"}, "10.0.0.1"},
		{"empty entries are rubbish", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9,"}, "10.0.0.1"},
		{"ports are dropped", []string{"10.0.0.1"}, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9:4711"}, "203.0.113.9"},
		{"IPv6 in brackets with port", []string{"10.0.0.1"}, "10.0.0.1:1", []string{"X-Forwarded-For: [2001:db8::1]:4711"}, "2001:db8::1"},
		{"IPv6 in brackets", []string{"10.0.0.1"}, "10.0.0.1:1", []string{"X-Forwarded-For: [2001:db8::1]"}, "2001:db8::1"},
		{"mapped addresses are unmapped", []string{"10.0.0.1"}, "[::ffff:10.0.0.1]:1", []string{"X-Forwarded-For: ::ffff:203.0.113.9"}, "203.0.113.9"},
		{"a mapped network trusts the same peers", []string{"::ffff:10.0.0.0/104"}, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9"}, "203.0.113.9"},
		{"zones are dropped", nil, "[fe80::1%eth0]:1", nil, "fe80::1"},
		{"Forwarded", []string{"10.0.0.1"}, "10.0.0.1:1", []string{`Forwarded: for=1.1.1.1, for="203.0.113.9:4711";proto=https`}, "203.0.113.9"},
		{"Forwarded with IPv6", []string{"10.0.0.1"}, "10.0.0.1:1", []string{`Forwarded: FOR="[2001:db8::1]"`}, "2001:db8::1"},
		{"Forwarded with an obfuscated node", []string{"10.0.0.1"}, "10.0.0.1:1", []string{`Forwarded: for=1.1.1.1, for=_hidden`}, "10.0.0.1"},
		{"Forwarded with unknown", []string{"10.0.0.1"}, "10.0.0.1:1", []string{`Forwarded: for=unknown`}, "10.0.0.1"},
		{"Forwarded with a comma in quotes", []string{"10.0.0.1"}, "10.0.0.1:1", []string{`Forwarded: for="1.1.1.1,for=2.2.2.2"`}, "10.0.0.1"},
		{"Forwarded with an escape", []string{"10.0.0.1"}, "10.0.0.1:1", []string{`Forwarded: for="1.1.1\.1"`}, "10.0.0.1"},
		{"Forwarded that names two clients", []string{"10.0.0.1"}, "10.0.0.1:1", []string{`Forwarded: for=1.1.1.1;for=2.2.2.2`}, "10.0.0.1"},
		{"X-Forwarded-For wins over Forwarded", []string{"10.0.0.1"}, "10.0.0.1:1", []string{`Forwarded: for=1.1.1.1`, "X-Forwarded-For: 203.0.113.9"}, "203.0.113.9"},
		{"an untrusted Unix peer has no address", nil, "@", []string{"X-Forwarded-For: 1.1.1.1"}, "invalid IP"},
		{"a trusted Unix peer may speak for others", []string{"unix"}, "@", []string{"X-Forwarded-For: 203.0.113.9"}, "203.0.113.9"},
		{"trusting networks does not trust Unix peers", []string{"0.0.0.0/0", "::/0"}, "", []string{"X-Forwarded-For: 1.1.1.1"}, "invalid IP"},
	}
	for _, tt := range tests { // D28, D96
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := trust(t, tt.trust...).Client(request(tt.remote, tt.header...)).Addr.String(); got != tt.want {
				t.Errorf("client is %s, want %s", got, tt.want)
			}
		})
	}
}

func TestProtoAndHostAreBelievedFromTrustedPeersOnly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		remote      string
		header      []string
		tls         bool
		proto, host string
	}{
		{"untrusted", "203.0.113.9:1", []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "Forwarded: proto=https;host=evil.example"}, false, "http", "app.example:8080"},
		{"untrusted over TLS", "203.0.113.9:1", []string{"X-Forwarded-Proto: http"}, true, "https", "app.example:8080"},
		{"trusted", "10.0.0.1:1", []string{"X-Forwarded-Proto: HTTPS", "X-Forwarded-Host: public.example"}, false, "https", "public.example"},
		{"Traefik's word for upgrades", "10.0.0.1:1", []string{"X-Forwarded-Proto: wss"}, false, "https", "app.example:8080"},
		{"the nearest hop's value counts", "10.0.0.1:1", []string{"X-Forwarded-Proto: https, http", "X-Forwarded-Host: evil.example, public.example"}, false, "http", "public.example"},
		{"Forwarded", "10.0.0.1:1", []string{`Forwarded: for=1.1.1.1;proto=http, for=10.1.1.1;proto=https;host="public.example:444"`}, false, "https", "public.example:444"},
		{"rubbish is ignored", "10.0.0.1:1", []string{"X-Forwarded-Proto: gopher", "X-Forwarded-Host: a b<script>"}, false, "http", "app.example:8080"},
	}
	for _, tt := range tests { // D08, D28
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := request(tt.remote, tt.header...)
			if tt.tls {
				r.TLS = &tls.ConnectionState{}
			}
			got := trust(t, "10.0.0.0/8").Client(r)
			if got.Proto != tt.proto || got.Host != tt.host {
				t.Errorf("client is %s://%s, want %s://%s", got.Proto, got.Host, tt.proto, tt.host)
			}
		})
	}
}

func TestWrongTrustEntriesAreReportedTogether(t *testing.T) {
	t.Parallel()
	_, err := NewTrust([]string{"10.0.0.0/8", "10.0.0.0/33", "proxy.local", "::ffff:0:0/80"})
	if err == nil {
		t.Fatal("wrong entries were accepted")
	}
	for _, entry := range []string{"10.0.0.0/33", "proxy.local", "::ffff:0:0/80"} {
		if !strings.Contains(err.Error(), entry) {
			t.Errorf("%q is not named in: %v", entry, err)
		}
	}
}

func TestTrustsPeerLooksAtTheSocketOnly(t *testing.T) {
	t.Parallel()
	tr := trust(t, "10.0.0.0/8", "unix")
	for remote, want := range map[string]bool{"10.0.0.1:1": true, "203.0.113.9:1": false, "@": true, "rubbish": false} {
		if got := tr.TrustsPeer(request(remote, "X-Forwarded-For: 10.0.0.1")); got != want {
			t.Errorf("%q: trusted is %v", remote, got)
		}
	}
}

func TestParseHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"Example.COM": "example.com", "example.com.": "example.com", "example.com:8080": "example.com",
		"EXAMPLE.com.:443": "example.com", "xn--Bcher-kva.example": "xn--bcher-kva.example", "127.0.0.1:80": "127.0.0.1",
		"[::1]": "[::1]", "[2001:DB8:0::1]:443": "[2001:db8::1]", "my_app": "my_app",
		"": "", ".": "", "a..b": "", ".a": "", "a b": "", "a/b": "", "a@b": "", "a:": "", "a:0": "", "a:65536": "", "a:80:80": "",
		"a:8x": "", "[::1": "", "[::1]x": "", "[1.2.3.4]": "", "[fe80::1%25eth0]": "", "ex%61mple": "", "bücher.example": "", "a,b": "", "a\\b": "",
	} {
		if got, ok := ParseHost(host); got != want || ok != (want != "") {
			t.Errorf("ParseHost(%q) = %q, %v", host, got, ok)
		}
	}
}

func FuzzForwardedFor(f *testing.F) {
	for _, seed := range []string{"1.1.1.1, 10.0.0.2", `for="[2001:db8::1]:80";proto=https;host=a, for=unknown`, "::ffff:1.2.3.4", "fe80::1%x", `for="1.1.1.1,`, ",,,"} {
		f.Add(seed, seed, "https", "a.example")
	}
	tr := trust(f, "10.0.0.0/8", "unix")
	f.Fuzz(func(t *testing.T, xff, forwarded, proto, host string) {
		for _, header := range []http.Header{
			{"X-Forwarded-For": {xff}, "X-Forwarded-Proto": {proto}, "X-Forwarded-Host": {host}},
			{"Forwarded": {forwarded}},
		} {
			client := tr.Client(&http.Request{RemoteAddr: "10.0.0.1:1", Host: "app.example", Header: header})
			if !client.Addr.IsValid() || client.Addr.Zone() != "" || client.Addr.Is4In6() {
				t.Errorf("address %v from %q", client.Addr, header)
			}
			if again, err := netip.ParseAddr(client.Addr.String()); err != nil || again != client.Addr {
				t.Errorf("address %v does not survive its text", client.Addr)
			}
			if client.Proto != "http" && client.Proto != "https" {
				t.Errorf("scheme %q from %q", client.Proto, header)
			}
			if name, ok := ParseHost(client.Host); !ok || strings.ContainsAny(name, " /\\@,\"") {
				t.Errorf("host %q from %q", client.Host, header)
			}
			// A hop that nobody trusts cannot change anything.
			if far := tr.Client(&http.Request{RemoteAddr: "203.0.113.9:1", Host: "app.example", Header: header}); far.Addr.String() != "203.0.113.9" || far.Proto != "http" || far.Host != "app.example" {
				t.Errorf("an untrusted peer changed %+v", far)
			}
		}
	})
}

func BenchmarkClient(b *testing.B) {
	b.ReportAllocs()
	tr, r := trust(b, "10.0.0.0/8"), request("10.0.0.1:1", "X-Forwarded-For: 203.0.113.9, 10.2.3.4", "X-Forwarded-Proto: https")
	for b.Loop() {
		tr.Client(r)
	}
}
