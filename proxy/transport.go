package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/posternhq/postern/proxy/clientaddr"
	"github.com/posternhq/postern/proxy/http1"
)

// endpoint is an upstream URL, taken apart.
type endpoint struct {
	scheme string // "http" or "https": what the transport speaks
	host   string // for the URL; the Host header is the client's
	socket string // path of a Unix socket
	h2c    bool
}

// String is the endpoint as the configuration has it.
func (e endpoint) String() string {
	switch {
	case e.socket != "":
		return "unix:" + e.socket
	case e.h2c:
		return "h2c://" + e.host
	}
	return e.scheme + "://" + e.host
}

func parseEndpoint(raw string) (*endpoint, error) {
	if socket, ok := strings.CutPrefix(raw, "unix:"); ok {
		if socket = path.Clean("/" + strings.TrimLeft(socket, "/")); !strings.HasPrefix(raw, "unix:/") || socket == "/" {
			return nil, fmt.Errorf("%q names no socket; write unix:/run/app.sock", raw)
		}
		return &endpoint{scheme: "http", host: "unix", socket: socket}, nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is not a URL; write one such as http://127.0.0.1:8000", raw)
	}
	if _, ok := clientaddr.ParseHost(u.Host); !ok {
		return nil, fmt.Errorf("%q has a malformed host or port", raw)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("%q has more than scheme, host and port; requests keep the path they were decided on", u.Redacted())
	}
	switch u.Scheme {
	case "http", "https":
		return &endpoint{scheme: u.Scheme, host: u.Host}, nil
	case "h2c":
		return &endpoint{scheme: "http", host: u.Host, h2c: true}, nil
	}
	return nil, fmt.Errorf("%q is no scheme of an upstream; use http, https, h2c or unix", u.Scheme)
}

// upstream is an endpoint with the transports that reach it.
type upstream struct {
	endpoint
	transport transport
	// upgrades goes over HTTP/1.1: an upgrade is not a thing HTTP/2 has (RFC 9113 §8.6). It is the same where there is no
	// HTTP/2.
	upgrades *http.Transport
}

// transport is what reaches an upstream.
type transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

// transportFor is the one for an exchange.
func (u *upstream) transportFor(x *exchange) transport {
	if x.webSocket {
		return u.upgrades
	}
	return u.transport
}

// upstreams makes one upstream for each endpoint and time-out. The time-out is the transport's own, which starts when
// the request was written: neither a long upload nor a long answer is cut by it.
type upstreams struct {
	config UpstreamConfig
	tell   func(address string, well bool) // hears when an address is left out and when it is back; may be nil

	optional bool // a rule may have no address
	made     map[upstreamKey]*upstream
	pools    map[string]*pool
	health   map[endpoint]*health
	slots    map[endpoint]*slots
	tls      map[UpstreamTLSConfig]*tlsDialer
}

type upstreamKey struct {
	endpoint endpoint
	timeout  time.Duration
	tls      UpstreamTLSConfig // of https endpoints
}

func newUpstreams(config UpstreamConfig, tell func(string, bool)) *upstreams {
	return &upstreams{config: config, tell: tell, made: map[upstreamKey]*upstream{}, pools: map[string]*pool{}, health: map[endpoint]*health{}, slots: map[endpoint]*slots{}, tls: map[UpstreamTLSConfig]*tlsDialer{}}
}

// bind gives a rule its pool, and what else it inherits.
func (u *upstreams) bind(rule *Rule) error {
	if rule.tls == (UpstreamTLSConfig{}) {
		rule.tls = u.config.TLS
		if len(rule.endpoints) > 0 {
			rule.tls.ServerName = "" // that of another application
		}
	}
	if len(rule.endpoints) == 0 {
		endpoints, err := parseEndpoints("upstream.url", u.config.URL, "upstream.urls", u.config.URLs)
		if err != nil {
			return err
		}
		if len(endpoints) == 0 && !u.optional {
			return errors.New("upstream.url: is empty; name the application, as in http://127.0.0.1:8000")
		}
		rule.endpoints = endpoints
	}
	if rule.timeout == 0 {
		rule.timeout = u.config.ResponseHeaderTimeout
	}
	if rule.hostHeader.policy == inheritedHost {
		inherited, err := parseHostHeader(u.config.HostHeader)
		if err != nil {
			return fmt.Errorf("upstream.host_header: %w", err)
		}
		rule.hostHeader = inherited
	}
	key := fmt.Sprint(rule.endpoints, rule.timeout, rule.tls)
	if u.pools[key] == nil {
		u.pools[key] = u.pool(rule)
	}
	rule.pool = u.pools[key]
	return nil
}

func (u *upstreams) pool(rule *Rule) *pool {
	p := &pool{}
	for _, at := range rule.endpoints {
		key := upstreamKey{endpoint: at, timeout: rule.timeout}
		if at.scheme == "https" {
			key.tls = rule.tls
		}
		if u.made[key] == nil {
			u.made[key] = u.connect(key)
		}
		if u.health[at] == nil {
			u.health[at] = &health{address: at.String(), pause: u.config.UnhealthyFor, tell: u.tell}
			u.slots[at] = newSlots(u.config.MaxRequests)
		}
		p.members = append(p.members, &member{u.made[key], u.health[at], u.slots[at]})
	}
	return p
}

func (u *upstreams) connect(key upstreamKey) *upstream {
	h2 := key.endpoint.h2c || key.endpoint.scheme == "https"
	standard := u.transport(key, h2)
	up := &upstream{endpoint: key.endpoint, transport: standard, upgrades: standard}
	switch {
	case h2:
		up.upgrades = u.transport(key, false)
	case key.endpoint.scheme == "http" && key.endpoint.socket == "":
		up.transport = u.lean(key, standard)
	}
	return up
}

// lean is the transport for the usual case, an application that speaks HTTP/1.1 without TLS. It has the settings of the standard one.
func (u *upstreams) lean(key upstreamKey, standard *http.Transport) *http1.Transport {
	return &http1.Transport{
		Dial: func(ctx context.Context) (net.Conn, error) {
			return standard.DialContext(ctx, "tcp", withPort(key.endpoint.host))
		},
		Standard:               standard,
		MaxIdle:                standard.MaxIdleConnsPerHost,
		IdleTimeout:            standard.IdleConnTimeout,
		ResponseHeaderTimeout:  standard.ResponseHeaderTimeout,
		MaxResponseHeaderBytes: standard.MaxResponseHeaderBytes,
	}
}

// withPort adds the port that http has when none is named.
func withPort(host string) string {
	if (&url.URL{Host: host}).Port() != "" {
		return host
	}
	return net.JoinHostPort((&url.URL{Host: host}).Hostname(), "80")
}

// transport speaks HTTP/1.1, or if h2 is set HTTP/2: with h2c nothing else, with TLS if the application chooses it.
func (u *upstreams) transport(key upstreamKey, h2 bool) *http.Transport {
	idle := u.config.MaxIdleConnections
	if idle == 0 {
		idle = 1 << 20 // the transport takes zero for its default of two
	}
	h2c := h2 && key.endpoint.h2c
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(h2c)
	protocols.SetHTTP1(!h2c)
	protocols.SetHTTP2(h2 && !h2c)
	dial := dialer(key.endpoint, u.config.DialTimeout)
	return &http.Transport{
		DialContext:            dial,
		DialTLSContext:         u.dialTLS(key, dial, h2),
		MaxIdleConnsPerHost:    idle,
		IdleConnTimeout:        u.config.IdleTimeout,
		ResponseHeaderTimeout:  key.timeout,
		ExpectContinueTimeout:  time.Second,
		DisableCompression:     true, // the answer's encoding is between client and application
		MaxResponseHeaderBytes: 1 << 20,
		Protocols:              protocols,
		// A dead HTTP/2 connection would otherwise hold every stream on it until TCP gives up.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
	}
}

func (u *upstreams) dialTLS(key upstreamKey, dial dialFunc, h2 bool) dialFunc {
	if key.endpoint.scheme != "https" {
		return nil
	}
	if u.tls[key.tls] == nil {
		u.tls[key.tls] = &tlsDialer{config: key.tls}
	}
	if h2 {
		return u.tls[key.tls].over(dial, u.config.DialTimeout, "h2", "http/1.1")
	}
	return u.tls[key.tls].over(dial, u.config.DialTimeout, "http/1.1")
}

func dialer(to endpoint, timeout time.Duration) dialFunc {
	d := &net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}
	if to.socket == "" {
		return d.DialContext
	}
	return func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", to.socket) }
}

// buffers lends ReverseProxy its copy buffers.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

func newBuffers() *buffers {
	return &buffers{sync.Pool{New: func() any { return new([bufferSize]byte) }}}
}

func (b *buffers) Get() []byte  { return b.pool.Get().(*[bufferSize]byte)[:] }
func (b *buffers) Put(s []byte) { b.pool.Put((*[bufferSize]byte)(s)) }
