package authflow

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// maxUserAgentBytes is more than any browser sends.
const maxUserAgentBytes = 512

// storedAddress is an address as better-auth keeps it with a session: IPv4 in dots, IPv6 written out and cut to /64, which is
// as much of it as tells networks apart. Empty when unknown.
func storedAddress(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || addr.Is4() {
		if !addr.IsValid() {
			return ""
		}
		return addr.String()
	}
	b := addr.As16()
	return fmt.Sprintf("%02x%02x:%02x%02x:%02x%02x:%02x%02x:0000:0000:0000:0000", b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7])
}

// userAgent is the header in a form every database takes: valid UTF-8, no controls, bounded.
func userAgent(r *http.Request) string {
	agent := strings.ToValidUTF8(r.UserAgent(), "")
	agent = strings.Map(func(c rune) rune {
		if c < 0x20 || c == 0x7f {
			return -1
		}
		return c
	}, agent)
	if len(agent) > maxUserAgentBytes {
		agent = strings.ToValidUTF8(agent[:maxUserAgentBytes], "")
	}
	return agent
}

// Languages is what the sender reads (RFC 9110 §12.5.4), for letters and pages. It may be anything.
func (c *Call) Languages() string { return c.R.Header.Get("Accept-Language") }

// Device is what the sender says to be; see the function of that name.
func (c *Call) Device() (program, system string) { return Device(userAgent(c.R)) }
