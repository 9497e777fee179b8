package egress

import (
	"fmt"
	"net/netip"
)

// special are the addresses that no provider on the public internet has: what the registries of IANA list as not globally
// reachable (RFC 6890 and what came later), and a few that clouds answer on. IPv6 is public only within 2000::/3 (RFC 4291 §2.4), so of
// the rest nothing needs listing.
var special = prefixes(
	"0.0.0.0/8",        // this network, RFC 791 §3.2
	"10.0.0.0/8",       // private, RFC 1918
	"100.64.0.0/10",    // carrier-grade NAT, RFC 6598; Alibaba Cloud's metadata
	"127.0.0.0/8",      // loopback, RFC 1122 §3.2.1.3
	"168.63.129.16/32", // Azure's WireServer: public by number, the machine's host in fact
	"169.254.0.0/16",   // link-local, RFC 3927; the metadata of most clouds
	"172.16.0.0/12",    // private, RFC 1918
	"192.0.0.0/24",     // protocol assignments, RFC 6890 §2.1; Oracle Cloud's metadata
	"192.0.2.0/24",     // documentation, RFC 5737
	"192.88.99.0/24",   // 6to4 relays, RFC 7526
	"192.168.0.0/16",   // private, RFC 1918
	"198.18.0.0/15",    // benchmarking, RFC 2544
	"198.51.100.0/24",  // documentation, RFC 5737
	"203.0.113.0/24",   // documentation, RFC 5737
	"224.0.0.0/4",      // multicast, RFC 5771
	"240.0.0.0/4",      // reserved, RFC 1112 §4, and broadcast, RFC 8190
	"2001::/23",        // protocol assignments, RFC 2928; Teredo carries IPv4 addresses, RFC 4380
	"2001:db8::/32",    // documentation, RFC 3849
	"2002::/16",        // 6to4 carries IPv4 addresses, RFC 3056
	"3fff::/20",        // documentation, RFC 9637
)

var (
	globalUnicast = netip.MustParsePrefix("2000::/3")
	nat64         = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052 §2.1: an IPv4 address is its last 32 bits
)

// checkAddress refuses what is not on the public internet. Addresses that hold an IPv4 address are judged by that one, since that is
// where they lead.
func checkAddress(addr netip.Addr) error {
	addr = addr.WithZone("").Unmap()
	if nat64.Contains(addr) {
		// Networks with IPv6 alone reach every IPv4 host this way (RFC 6147), so a public one is fine.
		b := addr.As16()
		return checkAddress(netip.AddrFrom4([4]byte(b[12:])))
	}
	if !addr.IsValid() || addr.Is6() && !globalUnicast.Contains(addr) {
		return fmt.Errorf("%s: %w", addr, ErrBlockedAddress)
	}
	for _, p := range special {
		if p.Contains(addr) {
			return fmt.Errorf("%s: %w", addr, ErrBlockedAddress)
		}
	}
	return nil
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}
