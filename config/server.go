package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/posternhq/postern/proxy/clientaddr"
)

// Server holds the listeners and how they stop.
type Server struct {
	Listen         string   `key:"listen" restart:"true" default:":8080" doc:"Address of the public listener: host:port, :port, or unix:/path of a socket. It speaks HTTP/1.1, and with tls HTTP/2 as well."`
	AdminListen    string   `key:"admin_listen" restart:"true" default:"127.0.0.1:9090" doc:"Address of the admin listener with /livez, /readyz and /metrics. Never the public one; keep it off the internet."`
	ProbePaths     []string `key:"probe_paths" restart:"true" example:"/healthz" doc:"Paths of the application, with query if they have one, that the admin listener passes on below /probe/http without a session, for an orchestrator that cannot reach the application itself: a probe of /probe/http/healthz asks for /healthz. The answer has the application's status, and nothing else of it. With any, /probe/tcp tells whether the application takes connections. The injector sets this."`
	PublicURL      string   `key:"public_url" restart:"true" env:"BETTER_AUTH_URL" example:"https://app.example.com" doc:"The origin that users see: scheme and host, no path. Cookies, mailed links and redirects are made from it, never from request headers."`
	TrustedProxies []string `key:"trusted_proxies" example:"10.0.0.0/8,fd00::/8" doc:"Networks (CIDR) or addresses of the proxies in front, whose X-Forwarded-* headers are believed; unix stands for whoever connects to a Unix socket. Empty: nobody's."`

	TLS           ServerTLS `key:"tls" restart:"true" doc:"TLS at the public listener. Without it, TLS is left to a proxy in front."`
	H2C           bool      `key:"h2c" restart:"true" default:"false" doc:"Whether the public listener, without TLS, speaks HTTP/2 to clients that begin with it (prior knowledge), as gRPC clients and some proxies do."`
	ProxyProtocol bool      `key:"proxy_protocol" restart:"true" default:"false" doc:"Whether connections from server.trusted_proxies begin with a header of the PROXY protocol, version 1 or 2, that names the client's address. They must, then; those from elsewhere must not."`
	SocketMode    string    `key:"socket_mode" restart:"true" example:"0660" doc:"Permissions of Unix sockets that listen and admin_listen make, in octal. Whoever may write may connect. Empty: what the process's umask leaves."`

	ReadHeaderTimeout time.Duration `key:"read_header_timeout" restart:"true" default:"10s" doc:"How long a client may take to send the headers of a request."`
	IdleTimeout       time.Duration `key:"idle_timeout" restart:"true" default:"2m" doc:"How long a connection without a request is kept open. Longer than that of the load balancer in front avoids sporadic 502s."`
	MaxHeaderBytes    int           `key:"max_header_bytes" restart:"true" default:"65536" unit:"bytes" doc:"Most bytes that request line and headers may have together. More is answered with 431."`
	MaxConnections    int           `key:"max_connections" restart:"true" default:"10000" doc:"Most connections that the public listener has open at a time. Further ones wait until one closes. Zero means no limit but the system's."`
	MaxStreams        int           `key:"max_streams" restart:"true" default:"250" doc:"Most requests at a time on one HTTP/2 connection."`
	StallTimeout      time.Duration `key:"stall_timeout" restart:"true" default:"2m" doc:"How long a client may take nothing of what is sent to it, before its connection is closed. Over HTTP/1.1 on Linux alone, where the system sees to it. Zero means no limit but the system's."`

	ReloadInterval time.Duration `key:"reload_interval" restart:"true" default:"2s" doc:"How often the configuration file and the files of secrets are looked at. A change counts once two looks have seen the same. Zero: only on SIGHUP."`

	DrainDelay   time.Duration `key:"drain_delay" default:"5s" doc:"How long requests are still accepted after SIGTERM, while readiness already fails, so that load balancers notice. 0: no delay."`
	DrainTimeout time.Duration `key:"drain_timeout" default:"20s" doc:"How long running requests may take to finish after that, before they are cut. Delay and time-out together must stay below the platform's kill time, 30s in Kubernetes."`
}

// ServerTLS is how the public listener proves who it is.
type ServerTLS struct {
	CertFile   string `key:"cert_file" example:"/etc/postern/tls/tls.crt" doc:"Certificate and those that lead to a known authority, in PEM. Both files are read again when they change; while the new ones cannot be used, the ones before are."`
	KeyFile    string `key:"key_file" example:"/etc/postern/tls/tls.key" doc:"Its key, in PEM."`
	MinVersion string `key:"min_version" default:"1.2" doc:"Oldest version of TLS that is spoken: 1.2 or 1.3."`
}

// Enabled tells whether the listener speaks TLS.
func (t ServerTLS) Enabled() bool { return t.CertFile != "" }

// Version is MinVersion as crypto/tls has it.
func (t ServerTLS) Version() uint16 {
	if t.MinVersion == "1.3" {
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

// Validate accepts files that are not there: the configuration may be checked elsewhere than where it is used.
func (t ServerTLS) Validate() error {
	var found []error
	switch {
	case t.CertFile != "" && t.KeyFile == "":
		found = append(found, errors.New("key_file: is missing; a certificate is of no use without its key"))
	case t.CertFile == "" && t.KeyFile != "":
		found = append(found, errors.New("cert_file: is missing; a key is of no use without its certificate"))
	}
	if t.MinVersion != "1.2" && t.MinVersion != "1.3" {
		found = append(found, fmt.Errorf("min_version: %q is neither 1.2 nor 1.3", t.MinVersion))
	}
	return errors.Join(found...)
}

// FileMode is SocketMode as a number; false when it is left to the umask.
func (s Server) FileMode() (fs.FileMode, bool) {
	mode, err := strconv.ParseUint(s.SocketMode, 8, 9)
	return fs.FileMode(mode), err == nil
}

// Validate reports every mistake, each beginning with the key it is about.
func (s Server) Validate() error {
	var found []error
	report := func(format string, args ...any) { found = append(found, fmt.Errorf(format, args...)) }

	if err := checkListen(s.Listen); err != nil {
		report("listen: %w", err)
	}
	if err := checkListen(s.AdminListen); err != nil {
		report("admin_listen: %w", err)
	}
	if sameListener(s.Listen, s.AdminListen) {
		report("admin_listen: %s is the public listener too (server.listen is %s); choose another port", s.AdminListen, s.Listen)
	}
	if s.PublicURL != "" {
		if err := checkOrigin(s.PublicURL); err != nil {
			report("public_url: %w", err)
		}
	}
	for i, path := range s.ProbePaths {
		if u, err := url.ParseRequestURI(path); err != nil || !strings.HasPrefix(path, "/") || u.Host != "" || u.Fragment != "" {
			report("probe_paths[%d]: %q is not a path such as /healthz", i, path)
		}
	}
	for i, network := range s.TrustedProxies {
		if err := checkNetwork(network); err != nil {
			report("trusted_proxies[%d]: %w", i, err)
		}
	}
	for _, err := range flatten(s.TLS.Validate()) {
		report("tls.%w", err)
	}
	if s.H2C && s.TLS.Enabled() {
		report("h2c: is HTTP/2 without TLS, which the listener has; leave it out, HTTP/2 is spoken all the same")
	}
	if s.ProxyProtocol && len(s.TrustedProxies) == 0 {
		report("proxy_protocol: nobody may name a client's address while server.trusted_proxies is empty; name the load balancer's networks there")
	}
	if _, ok := s.FileMode(); !ok && s.SocketMode != "" {
		report("socket_mode: %q is not a mode of three octal digits such as 0660", s.SocketMode)
	}
	positive := func(key string, d time.Duration) {
		if d <= 0 {
			report("%s: %s is not above zero; without a limit a client could hold a connection forever", key, d)
		}
	}
	positive("read_header_timeout", s.ReadHeaderTimeout)
	positive("idle_timeout", s.IdleTimeout)
	positive("drain_timeout", s.DrainTimeout)
	if s.ReloadInterval != 0 && (s.ReloadInterval < 100*time.Millisecond || s.ReloadInterval > time.Hour) {
		report("reload_interval: %s is not between 100ms and 1h; use 0 to look only on SIGHUP", s.ReloadInterval)
	}
	if s.StallTimeout < 0 {
		report("stall_timeout: %s is negative; use 0 for no limit", s.StallTimeout)
	}
	if s.DrainDelay < 0 {
		report("drain_delay: %s is negative; use 0 for no delay", s.DrainDelay)
	}
	if s.MaxHeaderBytes < 4096 || s.MaxHeaderBytes > 1<<20 {
		report("max_header_bytes: %d is not between 4096 and 1048576", s.MaxHeaderBytes)
	}
	if s.MaxConnections < 0 {
		report("max_connections: %d is negative; use 0 for no limit", s.MaxConnections)
	}
	if s.MaxStreams < 1 || s.MaxStreams > 10000 {
		report("max_streams: %d is not between 1 and 10000", s.MaxStreams)
	}
	return errors.Join(found...)
}

// checkListen accepts host:port, :port and unix:/path.
func checkListen(address string) error {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return errors.New("unix: needs the path of a socket, as in unix:/run/postern.sock")
		}
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return fmt.Errorf("%q is not an address like :8080, 127.0.0.1:8080 or unix:/path", address)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("%q has no usable port; use a number from 0 to 65535", address)
	}
	return nil
}

// sameListener tells whether two addresses would meet on one port. Port 0 asks the system for a free one.
func sameListener(a, b string) bool {
	if strings.HasPrefix(a, "unix:") || strings.HasPrefix(b, "unix:") {
		return a == b
	}
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || isEveryHost(hostA) || isEveryHost(hostB)
}

func isEveryHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || (err == nil && ip.IsUnspecified())
}

// checkOrigin accepts a scheme and a host as browsers send them in Origin (RFC 6454 §6.1), and nothing more.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err == nil && u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q does not begin with https:// or http://; write scheme and host, as in https://app.example.com", origin)
	}
	return checkBareOrigin(origin)
}

// checkBareOrigin is the same for any scheme; applications in a web view have their own, as capacitor://localhost.
func checkBareOrigin(origin string) error {
	u, err := url.Parse(origin)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme == "":
		return fmt.Errorf("%q is not an origin; write scheme and host, as in https://app.example.com", origin)
	case u.User != nil:
		return errors.New("holds a user name or password; write scheme and host alone, as in https://app.example.com")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(origin, "?#"):
		return fmt.Errorf("%q has more than scheme and host; write %s://%s, without a slash at the end", origin, u.Scheme, u.Host)
	}
	return nil
}

// checkNetwork accepts what clientaddr does. A network of all addresses would believe every client about its address.
func checkNetwork(network string) error {
	if _, err := clientaddr.NewTrust([]string{network}); err != nil {
		return err
	}
	if p, err := netip.ParsePrefix(network); err == nil && p.Bits() == 0 {
		return fmt.Errorf("%s trusts everyone, so that any client could choose its own address; name the proxies' networks", network)
	}
	return nil
}
