package geoip

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// file is a database of the type, with these entries by network.
func file(t *testing.T, kind string, entries map[string]mmdbtype.Map) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, Languages: []string{"de", "en"}, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, entry := range entries {
		_, parsed, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(parsed, entry); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// names is a city or country; an odd number of words ends with nothing.
func names(byLanguage ...string) mmdbtype.Map {
	all := mmdbtype.Map{}
	for i := 0; i+1 < len(byLanguage); i += 2 {
		all[mmdbtype.String(byLanguage[i])] = mmdbtype.String(byLanguage[i+1])
	}
	return mmdbtype.Map{"names": all}
}

func cities(t *testing.T) []byte {
	germany := names("de", "Deutschland", "en", "Germany")
	return file(t, "GeoLite2-City", map[string]mmdbtype.Map{
		"192.0.2.0/24":     {"city": names("de", "München", "en", "Munich"), "country": germany},
		"198.51.100.0/24":  {"country": germany},
		"203.0.113.0/25":   {"registered_country": germany},
		"203.0.113.128/25": {"city": mmdbtype.String("not a map")},
		"2001:db8:1::/48":  {"city": names("en", "Munich"), "country": names("en", "Germany")},
	})
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	next := path + ".next" // as geoipupdate replaces it
	if err := os.WriteFile(next, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}

func TestAddressesHavePlacesInTheLanguageAskedFor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "city.mmdb")
	write(t, path, cities(t))
	places, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ address, lang, want string }{
		{"192.0.2.7", "en", "Munich, Germany"},
		{"192.0.2.7", "de", "München, Deutschland"},
		{"192.0.2.7", "fr", "Munich, Germany"},
		{"::ffff:192.0.2.7", "en", "Munich, Germany"},
		{"198.51.100.1", "de", "Deutschland"},
		{"203.0.113.1", "en", "Germany"},
		{"203.0.113.200", "en", ""}, // an entry of another shape
		{"2001:db8:1::", "de", "Munich, Germany"},
		{"2001:db8:2::", "de", ""},
		{"127.0.0.1", "en", ""},
	} {
		if got := places.Place(netip.MustParseAddr(c.address), c.lang); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.address, c.lang, got, c.want)
		}
	}
	if got := places.Place(netip.Addr{}, "en"); got != "" {
		t.Errorf("no address is in %q", got)
	}
}

func TestAFileThatCannotBeUsedChangesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "city.mmdb")
	munich := netip.MustParseAddr("192.0.2.7")
	places, err := Open(path)
	if err == nil || !strings.Contains(err.Error(), path) || places.Place(munich, "en") != "" {
		t.Fatalf("a file that is not there: %v", err)
	}
	reload := func(what string, changed bool, says, place string) {
		t.Helper()
		if got, err := places.Reload(); got || err != nil {
			t.Errorf("%s, seen once: %v, %v", what, got, err)
		}
		got, err := places.Reload()
		if got != changed || (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, %v", what, got, err)
		}
		if got, err := places.Reload(); got || err != nil {
			t.Errorf("%s, told already: %v, %v", what, got, err)
		}
		if got := places.Place(munich, "en"); got != place {
			t.Errorf("%s: in %q", what, got)
		}
	}
	good := cities(t)
	write(t, path, good)
	reload("the first file", true, "", "Munich, Germany")
	write(t, path, good[:len(good)/2])
	reload("half a file", false, path, "Munich, Germany")
	write(t, path, nil)
	reload("an empty file", false, path, "Munich, Germany")
	write(t, path, file(t, "GeoLite2-ASN", nil))
	reload("a file of networks", false, `"GeoLite2-ASN" has no places; use one of cities or countries`, "Munich, Germany")
	write(t, path, file(t, "GeoLite2-Country", map[string]mmdbtype.Map{"192.0.2.0/24": {"country": names("en", "Germany")}}))
	reload("a new file", true, "", "Germany")

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if changed, err := places.Reload(); changed || err == nil {
		t.Errorf("a file that is gone: %v, %v", changed, err)
	}
	if changed, err := places.Reload(); changed || err != nil || places.Place(munich, "en") != "Germany" {
		t.Errorf("a file that is gone, told already: %v, %v", changed, err)
	}
}
