package main

import (
	"errors"
	"net"
	"sync"

	proxyproto "github.com/pires/go-proxyproto"
	"github.com/prometheus/client_golang/prometheus"
)

// connections puts around the public listener what concerns connections, not requests: their number, and the addresses that
// a load balancer names at their beginning.
func (a *app) connections(listener net.Listener) net.Listener {
	if a.cfg.Server.ProxyProtocol {
		listener = a.withNamedAddresses(listener)
	}
	return newBoundedListener(listener, a.cfg.Server.MaxConnections, a.metrics.conns)
}

// withNamedAddresses reads headers of the PROXY protocol. A receiver must not guess whether there is one (PROXY protocol §2):
// trusted peers must send one, and what looks like one from others is read as HTTP, which it is not.
func (a *app) withNamedAddresses(listener net.Listener) net.Listener {
	return &proxyproto.Listener{
		Listener:          listener,
		ReadHeaderTimeout: a.cfg.Server.ReadHeaderTimeout,
		ValidateHeader:    checkNamedAddress,
		ConnPolicy: func(peers proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			if a.current.Load().trust.Trusts(peers.Upstream.String()) {
				return proxyproto.REQUIRE, nil
			}
			return proxyproto.SKIP, nil
		},
	}
}

// errNamedAddress is a header of the PROXY protocol that names a client by something else than a TCP address. Taken for a peer on a
// Unix socket, it could be trusted.
var errNamedAddress = errors.New("PROXY header names no TCP address")

func checkNamedAddress(h *proxyproto.Header) error {
	if h.Command.IsLocal() || h.SourceAddr == nil { // the load balancer's own health check, or somebody it does not know
		return nil
	}
	if _, ok := h.SourceAddr.(*net.TCPAddr); !ok {
		return errNamedAddress
	}
	return nil
}

// boundedListener has no more than so many connections open at a time; others wait in the system's queue. It is
// netutil.LimitListener, with a gauge, and with half-closed connections: net/http needs those to have a client read the
// answer to a request that it has not finished, and WebSockets to say goodbye.
type boundedListener struct {
	net.Listener
	open   prometheus.Gauge
	slots  chan struct{} // nil without a limit
	closed chan struct{}
	close  func()
}

func newBoundedListener(listener net.Listener, most int, open prometheus.Gauge) *boundedListener {
	l := &boundedListener{Listener: listener, open: open, closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	if most > 0 {
		l.slots = make(chan struct{}, most)
	}
	return l
}

func (l *boundedListener) Accept() (net.Conn, error) {
	if l.slots != nil {
		select {
		case l.slots <- struct{}{}:
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		l.release()
		return nil, err
	}
	l.open.Inc()
	return &boundedConn{Conn: conn, done: sync.OnceFunc(func() {
		l.open.Dec()
		l.release()
	})}, nil
}

func (l *boundedListener) release() {
	if l.slots != nil {
		<-l.slots
	}
}

func (l *boundedListener) Close() error {
	l.close()
	return l.Listener.Close()
}

type boundedConn struct {
	net.Conn
	done func()
}

func (c *boundedConn) Close() error {
	defer c.done()
	return c.Conn.Close()
}

// CloseWrite ends what we send, and goes on reading.
func (c *boundedConn) CloseWrite() error {
	conn := c.Conn
	if named, ok := conn.(*proxyproto.Conn); ok {
		conn = named.Raw()
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
