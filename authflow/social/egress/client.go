package egress

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
)

const (
	// MaxBodyBytes is how much of an answer is read, decompressed.
	MaxBodyBytes = 1 << 20

	defaultTimeout = 10 * time.Second // of a Config that was not read from anywhere
	maxHeaderBytes = 64 << 10
	connectTimeout = 5 * time.Second
	maxConnections = 32 // per host
	userAgent      = "Postern (https://github.com/posternhq/postern)"
)

// Call is one call to a provider, once it is over.
type Call struct {
	Provider string
	Method   string
	Host     string // without path and query, which may hold secrets
	Status   int    // 0: there was no answer
	Outcome  Outcome
	Took     time.Duration
	Err      error // nil when there was a whole answer
}

// Client makes the HTTP clients that providers are called with. Its fields may be set before the first For; their zero values work.
type Client struct {
	// Observe hears of every call.
	Observe func(Call)
	// ObserveBreaker hears when a provider is not asked any more, and when it is again. It must return at once.
	ObserveBreaker func(provider string, open bool)
	// RootCAs are the authorities that a provider's certificate may come from; nil: the system's.
	RootCAs *x509.CertPool
	// Resolver finds addresses; nil: net.DefaultResolver.
	Resolver *net.Resolver

	cfg     Config
	mu      sync.Mutex
	clients map[string]*http.Client
}

// New returns a Client for a valid configuration.
func New(cfg Config) *Client { return &Client{cfg: cfg, clients: map[string]*http.Client{}} }

// For returns the client of a provider, the same one each time. Its time-out is that of the configuration; a caller that has less
// time says so by the request's context.
//
// Errors of net/http repeat the whole URL, query included. Where that holds a secret, take the error out of the *url.Error
// before it is logged.
func (c *Client) For(provider string) *http.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	client, ok := c.clients[provider]
	if !ok {
		client = &http.Client{Transport: &transport{
			provider:     provider,
			next:         c.connections(),
			breaker:      newBreaker(provider, c.ObserveBreaker),
			observe:      c.Observe,
			timeout:      cmp.Or(c.cfg.Timeout, defaultTimeout),
			allowPrivate: c.cfg.AllowPrivateAddresses,
		}}
		c.clients[provider] = client
	}
	return client
}

// connections are those of one provider, so that none waits for another's.
func (c *Client) connections() *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout, Resolver: c.Resolver}
	var proxy func(*http.Request) (*url.URL, error)
	if address, err := url.Parse(c.cfg.ProxyURL); err == nil && c.cfg.ProxyURL != "" {
		// All that is dialled now is the proxy, which is the operator's and may well be private.
		proxy = http.ProxyURL(address)
	} else if !c.cfg.AllowPrivateAddresses {
		dialer.ControlContext = checkDialled
	}
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.RootCAs},
		TLSHandshakeTimeout:    connectTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxConnsPerHost:        maxConnections,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        time.Minute,
		ForceAttemptHTTP2:      true,
		// A connection that died silently is found out, rather than failing calls until TCP gives up on it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
}

// checkDialled runs once the name has been resolved and before anything is sent, for each address that is tried.
func checkDialled(_ context.Context, _, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q: %w", address, ErrBlockedAddress)
	}
	return checkAddress(addr.Addr())
}
