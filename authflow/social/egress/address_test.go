package egress_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posternhq/postern/authflow/social/egress"
)

// notPublic are one address or more of each range that no provider has.
var notPublic = []string{
	"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.1", "168.63.129.16",
	"169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
	"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
	"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254",
	"64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
	"fe80::1", "fe80::1%25eth0", "fec0::1", "ff02::1",
}

func TestD46NoPrivateAddressIsCalled(t *testing.T) {
	t.Parallel()
	client := egress.New(egress.Config{}).For("idp")
	for _, address := range notPublic {
		host := address
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		if err := get(t, client, "https://"+host+"/"); !errors.Is(err, egress.ErrBlockedAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestD46NoNameLeadsToAPrivateAddress(t *testing.T) {
	t.Parallel()
	for _, address := range notPublic {
		if strings.Contains(address, "%") {
			continue
		}
		client := egress.New(egress.Config{})
		dns := &names{answers: []netip.Addr{netip.MustParseAddr(address)}}
		client.Resolver = dns.resolver(t)
		if err := get(t, client.For("idp"), "https://idp.example/"); !errors.Is(err, egress.ErrBlockedAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Spellings of 127.0.0.1 that a URL parser takes for names, and some resolvers for addresses.
func TestD46OddSpellingsOfLoopbackLeadNowhere(t *testing.T) {
	t.Parallel()
	server, hits := counting(t)
	port := netip.MustParseAddrPort(server.Listener.Addr().String()).Port()
	client := egress.New(egress.Config{}).For("idp")
	for _, host := range []string{"localhost", "LOCALHOST", "2130706433", "0x7f000001", "017700000001", "127.1", "0x7f.1", "127.0.0.1.", "①②⑦.⓪.⓪.①"} {
		if err := get(t, client, fmt.Sprintf("https://%s:%d/", host, port)); err == nil {
			t.Errorf("%s answers", host)
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d connections reached this machine", hits.Load())
	}
}

func TestD46ANameThatChangesItsMeaningGainsNothing(t *testing.T) {
	t.Parallel()
	server, hits := counting(t)
	port := netip.MustParseAddrPort(server.Listener.Addr().String()).Port()
	for _, allowed := range []bool{false, true} {
		client := egress.New(egress.Config{AllowPrivateAddresses: allowed})
		dns := &names{answers: []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("127.0.0.1")}}
		client.Resolver = dns.resolver(t)
		seen, err := client.Resolver.LookupNetIP(t.Context(), "ip4", "rebind.example")
		if err != nil || seen[0] != dns.answers[0] {
			t.Fatalf("the first look at the name: %v, %v", seen, err)
		}
		err = get(t, client.For("idp"), fmt.Sprintf("https://rebind.example:%d/", port))
		if errors.Is(err, egress.ErrBlockedAddress) == allowed {
			t.Errorf("private addresses allowed: %v; the call: %v", allowed, err)
		}
	}
	if hits.Load() != 1 {
		t.Errorf("%d connections, want the allowed one", hits.Load())
	}
}

func TestOnlyHTTPSIsSpoken(t *testing.T) {
	t.Parallel()
	client := egress.New(egress.Config{}).For("idp")
	for _, url := range []string{"http://idp.example/", "ftp://idp.example/", "file:///etc/passwd"} {
		if err := get(t, client, url); !errors.Is(err, egress.ErrInsecureURL) {
			t.Errorf("%s: %v", url, err)
		}
	}
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	if err := get(t, inside().For("idp"), server.URL); err != nil {
		t.Errorf("http with private addresses allowed: %v", err)
	}
	if err := get(t, inside().For("idp"), "ftp://127.0.0.1/"); !errors.Is(err, egress.ErrInsecureURL) {
		t.Errorf("ftp with private addresses allowed: %v", err)
	}
}

// inside is a Client that may call this machine.
func inside() *egress.Client { return egress.New(egress.Config{AllowPrivateAddresses: true}) }

// get reads a whole answer.
func get(t *testing.T, client *http.Client, url string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// counting counts connections and speaks TLS to none.
func counting(t *testing.T) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var hits atomic.Int64
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			hits.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, &hits
}
