package certfile

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"
	"time"
)

// Pair is a certificate, with what is needed to prove it to others, and its key. Both files are PEM.
type Pair struct {
	files
	current atomic.Pointer[tls.Certificate]
	now     func() time.Time
}

var _ File = (*Pair)(nil)

// LoadPair reads both files. One that has expired is loaded: its peers will say so, which is better than not to start.
func LoadPair(certFile, keyFile string) (*Pair, error) {
	p := &Pair{files: files{paths: []string{certFile, keyFile}}, now: time.Now}
	if _, err := p.Reload(); err != nil {
		return nil, err
	}
	return p, nil
}

// Reload reads both files again.
func (p *Pair) Reload() (changed bool, err error) {
	return p.reload(func(contents [][]byte) error {
		pair, err := tls.X509KeyPair(contents[0], contents[1])
		if err != nil {
			return fmt.Errorf("%s with %s: %w", p.paths[0], p.paths[1], err)
		}
		if used := p.current.Load(); used != nil && p.expired(&pair) && !p.expired(used) {
			return fmt.Errorf("%s: the new certificate expired at %s, and the one in use did not", p.paths[0], pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
		}
		p.current.Store(&pair)
		return nil
	})
}

func (p *Pair) expired(pair *tls.Certificate) bool { return p.now().After(pair.Leaf.NotAfter) }

// NotAfter is when the certificate in use expires.
func (p *Pair) NotAfter() time.Time { return p.current.Load().Leaf.NotAfter }

// GetCertificate is for the tls.Config of a server.
func (p *Pair) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return p.current.Load(), nil
}

// GetClientCertificate is for the tls.Config of a client.
func (p *Pair) GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return p.current.Load(), nil
}
