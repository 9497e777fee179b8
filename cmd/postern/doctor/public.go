package doctor

import (
	"net"
	"net/http"
	"strings"
	"time"
)

// reach tells whether the public URL leads to Postern at all.
func (x *examination) reach() bool {
	said, err := x.ask(http.MethodGet, x.api("/ok"), "")
	switch {
	case err != nil:
		x.fail("check DNS, the load balancer and its certificate; from where users are, not from inside", "%s cannot be reached: %v", x.URL, err)
		return false
	case said.StatusCode >= 300 && said.StatusCode < 400:
		x.fail("set server.public_url to where browsers end up, or stop the redirect", "%s redirects to %s: browsers would send cookies and origins of another address", x.URL, said.Header.Get("Location"))
		return false
	case said.StatusCode != http.StatusOK || !strings.Contains(said.body, `"ok":true`):
		x.fail("the proxy in front has to pass everything below "+x.BasePath+" on, with its path as it is", "%s answers %d, which is not Postern's", x.api("/ok"), said.StatusCode)
		return false
	}
	x.ok("%s leads to Postern", x.URL)
	for _, name := range []string{"Via", "X-Cache", "CF-Ray", "X-Served-By", "X-Amz-Cf-Id", "Server"} {
		if value := said.Header.Get(name); value != "" {
			x.proxy = name + ": " + value
			break
		}
	}
	if x.proxy != "" && len(x.TrustedProxies) == 0 {
		x.warn("name its addresses in server.trusted_proxies; until then all clients have the proxy's address, and share its limits", "a proxy is in front (%s), and server.trusted_proxies is empty", x.proxy)
	}
	x.clock(said)
	return true
}

// clock compares ours with the server's: lifetimes and signatures of providers depend on it.
func (x *examination) clock(said answer) {
	date, err := http.ParseTime(said.Header.Get("Date"))
	if err != nil {
		return
	}
	if off := time.Since(date).Abs(); off > time.Minute {
		x.warn("let both machines keep time by NTP", "the server's clock and this machine's differ by %s", off.Truncate(time.Second))
	}
}

func (x *examination) scheme() {
	if x.URL.Scheme != "https" {
		if ip := net.ParseIP(x.URL.Hostname()); x.URL.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
			x.ok("http on this machine alone")
			return
		}
		x.fail("serve https, by server.tls or by the proxy in front, and set server.public_url to it", "server.public_url is http: cookies and passwords cross the network in clear")
		return
	}
	said, err := x.ask(http.MethodGet, x.api("/ok"), "")
	if err == nil && said.Header.Get("Strict-Transport-Security") == "" {
		x.warn("let the proxy in front pass Strict-Transport-Security on", "answers have no Strict-Transport-Security, which Postern sends")
		return
	}
	x.ok("https, and browsers are told to stay with it")
}

func (x *examination) caches() {
	said, err := x.ask(http.MethodGet, x.api("/get-session"), "")
	if err != nil {
		x.fail("", "get-session cannot be asked: %v", err)
		return
	}
	if !strings.Contains(said.Header.Get("Cache-Control"), "no-store") {
		x.fail("let the proxy in front leave Cache-Control alone below "+x.BasePath, "answers of the auth API come without Cache-Control: no-store (%q): one user's session may be shown to another", said.Header.Get("Cache-Control"))
		return
	}
	if said.Header.Get("Age") != "" || strings.Contains(strings.ToUpper(said.Header.Get("X-Cache")), "HIT") {
		x.fail("exclude "+x.BasePath+" from the cache", "get-session comes from a cache (Age %s)", said.Header.Get("Age"))
		return
	}
	x.ok("answers of the auth API are kept in no cache")
}

// paths finds fronts that tidy paths up before Postern judges them.
func (x *examination) paths() {
	for _, odd := range []string{x.BasePath + "/x/../ok", x.BasePath + "/%6fk", "/" + x.BasePath + "/ok"} {
		said, err := x.ask(http.MethodGet, x.URL.String()+odd, "")
		if err == nil && said.StatusCode == http.StatusOK && strings.Contains(said.body, `"ok":true`) {
			x.warn("let the proxy in front pass paths on as they were sent: what it forbids or limits by path could be evaded", "%s is answered as %s/ok: something in front rewrites paths", odd, x.BasePath)
			return
		}
	}
	x.ok("paths arrive as they are sent")
}

func (x *examination) guarded() {
	if x.Sensitive == "" {
		return
	}
	said, err := x.ask(http.MethodGet, x.URL.String()+x.Sensitive, "")
	switch {
	case err != nil:
		x.fail("", "%s cannot be asked: %v", x.Sensitive, err)
	case said.StatusCode < 300:
		x.fail("make its route auth: required; 'postern explain GET "+x.Sensitive+"' says which one it meets", "%s is shown without a session", x.Sensitive)
	case said.StatusCode >= 500:
		x.fail("'postern config check --online' tries what is behind", "%s answers %d without a session", x.Sensitive, said.StatusCode)
	default:
		x.ok("%s wants a session (%d)", x.Sensitive, said.StatusCode)
	}
}

// admin looks for the admin listener where users are.
func (x *examination) admin() {
	addresses := []string{x.URL.String()}
	if host, port, err := net.SplitHostPort(x.AdminListen); err == nil && host != "127.0.0.1" && host != "::1" && host != "localhost" {
		addresses = append(addresses, "http://"+net.JoinHostPort(x.URL.Hostname(), port))
	}
	for _, address := range addresses {
		said, err := x.ask(http.MethodGet, address+"/metrics", "")
		if err == nil && said.StatusCode == http.StatusOK && strings.Contains(said.body, "postern_build_info") {
			x.fail("bind server.admin_listen to 127.0.0.1, or keep its port inside the network", "the metrics are public at %s/metrics", address)
			return
		}
	}
	x.ok("the admin listener is not public")
}
