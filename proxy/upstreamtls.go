package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/posternhq/postern/proxy/certfile"
)

// UpstreamTLSConfig is how Postern and an application that is reached by https prove to each other who they are.
type UpstreamTLSConfig struct {
	CAFile     string `key:"ca_file" example:"/etc/postern/upstream/ca.crt" doc:"Authorities, in PEM, one of which must vouch for the application's certificate. Empty: those of the system. This file and the next two are read again when they change."`
	CertFile   string `key:"cert_file" example:"/etc/postern/upstream/tls.crt" doc:"Certificate that Postern shows if the application asks for one, in PEM."`
	KeyFile    string `key:"key_file" example:"/etc/postern/upstream/tls.key" doc:"Its key, in PEM."`
	ServerName string `key:"server_name" example:"app.internal" doc:"Name that the application's certificate must have, and that it is asked for (SNI). Empty: the host of its address."`
}

// Validate accepts files that are not there: the configuration may be checked elsewhere than where it is used.
func (c UpstreamTLSConfig) Validate() error {
	switch {
	case c.CertFile != "" && c.KeyFile == "":
		return errors.New("key_file: is missing; a certificate is of no use without its key")
	case c.CertFile == "" && c.KeyFile != "":
		return errors.New("cert_file: is missing; a key is of no use without its certificate")
	}
	return nil
}

// tlsDialer opens TLS connections to applications. Each takes what the files held last: what the transport is given once
// could not be replaced.
type tlsDialer struct {
	config UpstreamTLSConfig
	cas    *certfile.Pool // nil for the system's
	pair   *certfile.Pair // nil shows none
	loaded bool
}

// load reads the files. Nothing is dialled before.
func (d *tlsDialer) load() (err error) {
	if d.config.CAFile != "" {
		if d.cas, err = certfile.LoadPool(d.config.CAFile); err != nil {
			return fmt.Errorf("ca_file: %w", err)
		}
	}
	if d.config.CertFile != "" {
		if d.pair, err = certfile.LoadPair(d.config.CertFile, d.config.KeyFile); err != nil {
			return fmt.Errorf("cert_file: %w", err)
		}
	}
	d.loaded = true
	return nil
}

func (d *tlsDialer) files() (list []certfile.File) {
	if d.cas != nil {
		list = append(list, d.cas)
	}
	if d.pair != nil {
		list = append(list, d.pair)
	}
	return list
}

func (d *tlsDialer) clientConfig(host string, protocols []string) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, NextProtos: protocols}
	if d.config.ServerName != "" {
		c.ServerName = d.config.ServerName
	}
	if d.cas != nil {
		c.RootCAs = d.cas.Certificates()
	}
	if d.pair != nil {
		c.GetClientCertificate = d.pair.GetClientCertificate
	}
	return c
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// over returns a dialer of TLS on connections that dial opens. The handshake may take as long as opening one.
func (d *tlsDialer) over(dial dialFunc, timeout time.Duration, protocols ...string) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if !d.loaded {
			return nil, errors.New("certificates for upstreams are not loaded")
		}
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		conn := tls.Client(raw, d.clientConfig(host, protocols))
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		if err := conn.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, fmt.Errorf("TLS with %s: %w", address, err)
		}
		return conn, nil
	}
}

// LoadCertificates reads the files that upstream.tls and routes[].upstream_tls name. New does not, so that routes can be tried where the
// files are not; https upstreams are reached only after it.
func (p *Proxy) LoadCertificates() error {
	for _, d := range p.upstreams.tls {
		if err := d.load(); err != nil {
			return fmt.Errorf("TLS of upstreams: %w", err)
		}
	}
	return nil
}

// CertificateFiles are those that LoadCertificates read, for whoever has them read again.
func (p *Proxy) CertificateFiles() (list []certfile.File) {
	for _, d := range p.upstreams.tls {
		list = append(list, d.files()...)
	}
	return list
}
