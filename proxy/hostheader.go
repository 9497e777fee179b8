package proxy

import (
	"fmt"

	"github.com/posternhq/postern/proxy/clientaddr"
)

// hostHeader is which Host the application sees.
type hostHeader struct {
	policy hostPolicy
	name   string // for namedHost
}

type hostPolicy uint8

const (
	inheritedHost hostPolicy = iota // not given: as upstream.host_header says
	clientHost                      // as the client sent it
	upstreamHost                    // that of the upstream's address
	namedHost
)

func parseHostHeader(word string) (hostHeader, error) {
	switch word {
	case "":
		return hostHeader{}, nil
	case "client":
		return hostHeader{policy: clientHost}, nil
	case "upstream":
		return hostHeader{policy: upstreamHost}, nil
	}
	if _, ok := clientaddr.ParseHost(word); !ok {
		return hostHeader{}, fmt.Errorf("%q is neither client nor upstream nor a host name", word)
	}
	return hostHeader{policy: namedHost, name: word}, nil
}

// of is the Host for a request that came with one and goes to an endpoint.
func (h hostHeader) of(client string, to endpoint) string {
	switch {
	case h.policy == namedHost:
		return h.name
	case h.policy == upstreamHost && to.socket != "":
		return "localhost" // a socket has no name, and HTTP wants one (RFC 9112 §3.2)
	case h.policy == upstreamHost:
		return to.host
	}
	return client
}
