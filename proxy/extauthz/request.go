package extauthz

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/posternhq/postern/proxy/clientaddr"
)

// question is what Envoy asks about.
type question struct {
	request *http.Request // as the client sent it, without its body
	client  clientaddr.Client
}

// read takes a question apart. It fails when something is missing without which nothing can be decided.
func read(attributes *authv3.AttributeContext) (question, bool) {
	asked := attributes.GetRequest().GetHttp()
	proto := strings.ToLower(asked.GetScheme())
	if _, ok := clientaddr.ParseHost(asked.GetHost()); !ok || proto != "http" && proto != "https" || asked.GetMethod() == "" || asked.GetPath() == "" {
		return question{}, false
	}
	path, _, _ := strings.Cut(asked.GetPath(), "?")
	return question{
		request: &http.Request{
			Method: asked.GetMethod(), RequestURI: asked.GetPath(), URL: &url.URL{Path: path}, Host: asked.GetHost(),
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: headers(asked), Body: http.NoBody,
		},
		client: clientaddr.Client{Addr: address(attributes.GetSource()), Proto: proto, Host: asked.GetHost()},
	}, true
}

// headers reads either of the forms in which Envoy shows them (encode_raw_headers).
func headers(asked *authv3.AttributeContext_HttpRequest) http.Header {
	h := http.Header{}
	add := func(name, value string) {
		if !strings.HasPrefix(name, ":") && !strings.EqualFold(name, "host") {
			h.Add(name, value)
		}
	}
	for name, value := range asked.GetHeaders() {
		add(name, value)
	}
	for _, header := range asked.GetHeaderMap().GetHeaders() {
		value := header.GetValue()
		if raw := header.GetRawValue(); len(raw) > 0 {
			value = string(raw)
		}
		add(header.GetKey(), value)
	}
	return h
}

// address is the client's, as Envoy found it out.
func address(peer *authv3.AttributeContext_Peer) netip.Addr {
	addr, err := netip.ParseAddr(peer.GetAddress().GetSocketAddress().GetAddress())
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// visit is the question as an HTTP request to Postern, for what surrounds all of those: it has a peer, and tells of the client
// what a front end in front of Postern would.
func (q question) visit(peer net.Addr) *http.Request {
	h := q.request.Header.Clone()
	h.Del("Forwarded")
	h.Del("X-Forwarded-For")
	if q.client.Addr.IsValid() {
		h.Set("X-Forwarded-For", q.client.Addr.String())
	}
	h.Set("X-Forwarded-Proto", q.client.Proto)
	h.Set("X-Forwarded-Host", q.client.Host)
	visit := *q.request
	visit.Header, visit.RemoteAddr = h, ""
	if peer != nil && peer.Network() != "unix" {
		visit.RemoteAddr = peer.String()
	}
	return &visit
}
