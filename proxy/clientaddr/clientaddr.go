package clientaddr

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// UnixPeers is the entry of a trust list that stands for peers on a Unix socket, which have no address.
const UnixPeers = "unix"

// Client is the far end of a request, as far as it can be vouched for.
type Client struct {
	Addr  netip.Addr // invalid for a peer on a Unix socket of which nothing more is known
	Proto string     // "http" or "https"
	Host  string     // with port, as the client named it
}

// Trust knows which peers may speak for others. The zero value trusts nobody.
type Trust struct {
	prefixes []netip.Prefix
	unix     bool
}

// NewTrust reads a list of CIDRs, single addresses, and UnixPeers. All wrong entries are reported together.
func NewTrust(list []string) (*Trust, error) {
	t := &Trust{}
	var problems []error
	for _, entry := range list {
		if entry == UnixPeers {
			t.unix = true
			continue
		}
		prefix, err := parsePrefix(entry)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		t.prefixes = append(t.prefixes, prefix)
	}
	return t, errors.Join(problems...)
}

func parsePrefix(entry string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(entry); err == nil {
		addr = plain(addr)
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(entry)
	if err != nil {
		return prefix, fmt.Errorf("%q is neither a CIDR such as 10.0.0.0/8 nor an address nor %q", entry, UnixPeers)
	}
	// ::ffff:10.0.0.0/104 is the same set of peers as 10.0.0.0/8, and peers are compared unmapped.
	if addr := prefix.Addr(); addr.Is4In6() {
		if prefix.Bits() < 96 {
			return prefix, fmt.Errorf("%q is wider than all mapped IPv4 addresses; write the IPv4 network", entry)
		}
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), nil
}

// TrustsPeer tells whether the socket's peer may speak for others.
func (t *Trust) TrustsPeer(r *http.Request) bool { return t.Trusts(r.RemoteAddr) }

// Trusts is the same for a peer's address, written as net.Conn and http.Request do.
func (t *Trust) Trusts(remote string) bool {
	addr, unix := peer(remote)
	if unix {
		return t.unix
	}
	return t.trusts(addr)
}

func (t *Trust) trusts(addr netip.Addr) bool {
	for _, prefix := range t.prefixes {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// Client derives the client of a request.
func (t *Trust) Client(r *http.Request) Client {
	client := Client{Proto: "http", Host: r.Host}
	if r.TLS != nil {
		client.Proto = "https"
	}
	addr, unix := peer(r.RemoteAddr)
	client.Addr = addr
	if unix && !t.unix || !unix && !t.trusts(addr) {
		return client
	}
	if lines := r.Header["X-Forwarded-For"]; len(lines) > 0 {
		client.Addr = t.walk(addr, lines, parseAddr)
	} else if lines := r.Header["Forwarded"]; len(lines) > 0 {
		client.Addr = t.walk(addr, lines, forwardedFor)
		client.believe(forwardedParam(last(lines), "proto"), forwardedParam(last(lines), "host"))
	}
	client.believe(last(r.Header["X-Forwarded-Proto"]), last(r.Header["X-Forwarded-Host"]))
	return client
}

// walk goes from the right end of the list, which the nearest hop wrote, to the first address that is not trusted.
func (t *Trust) walk(nearest netip.Addr, lines []string, parse func(string) (netip.Addr, bool)) netip.Addr {
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var entry string
			rest, entry, more = cutLast(rest)
			addr, ok := parse(entry)
			if !ok {
				return nearest
			}
			nearest = addr
			if !t.trusts(addr) {
				return nearest
			}
		}
	}
	return nearest
}

// believe takes scheme and host from a trusted hop if they are what they should be, and ignores them if not.
func (c *Client) believe(proto, host string) {
	switch {
	case strings.EqualFold(proto, "https"), strings.EqualFold(proto, "wss"): // Traefik writes wss and ws for upgrades
		c.Proto = "https"
	case strings.EqualFold(proto, "http"), strings.EqualFold(proto, "ws"):
		c.Proto = "http"
	}
	if _, ok := ParseHost(host); ok {
		c.Host = host
	}
}

// peer reads http.Request.RemoteAddr. Go gives "@" or nothing for the peer of a Unix socket.
func peer(remote string) (addr netip.Addr, unix bool) {
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		return plain(ap.Addr()), false
	}
	return netip.Addr{}, remote == "" || remote[0] == '@' || remote[0] == '/'
}

// plain is the one spelling of an address: ::ffff:192.0.2.1 is 192.0.2.1, and a zone means nothing to anyone else.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
