package doctor

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// around looks for ways to the application that do not pass Postern. Whoever reaches it directly writes the identity headers themselves.
func (x *examination) around() {
	open := false
	for _, upstream := range x.Upstreams {
		for _, address := range Around(x.ctx, upstream) {
			open = true
			x.fail("have the application listen at 127.0.0.1 alone, or keep its port closed by a network policy", "the application answers at %s, past Postern", address)
		}
	}
	if !open && len(x.Upstreams) > 0 {
		x.ok("the application is not found past Postern from here")
	}
}

// aroundTimeout is short: these are addresses of this machine.
const aroundTimeout = time.Second

// Around returns the addresses of this machine's network at which an application that is meant for this machine alone can be reached. An application elsewhere is its own
// machine's business: for it there are none.
func Around(ctx context.Context, upstream *url.URL) []string {
	ip := net.ParseIP(upstream.Hostname())
	if upstream.Scheme == "unix" || upstream.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil
	}
	port := upstream.Port()
	if port == "" {
		port = map[string]string{"https": "443"}[upstream.Scheme]
		if port == "" {
			port = "80"
		}
	}
	return reachable(ctx, networkAddresses(), port)
}

func reachable(ctx context.Context, hosts []string, port string) []string {
	client := &http.Client{
		Timeout:       aroundTimeout,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var found []string
	for _, host := range hosts {
		address := net.JoinHostPort(host, port)
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", http.NoBody)
		if err != nil {
			continue
		}
		r.Header.Set("User-Agent", "postern-doctor")
		response, err := client.Do(r)
		if err != nil {
			continue
		}
		_ = response.Body.Close() // that there is an answer says it all
		found = append(found, address)
	}
	return found
}

// networkAddresses are those of this machine that others can reach.
func networkAddresses() []string {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var hosts []string
	for _, a := range all {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil || prefix.Addr().IsLoopback() || prefix.Addr().IsLinkLocalUnicast() {
			continue
		}
		hosts = append(hosts, prefix.Addr().String())
	}
	return hosts
}
