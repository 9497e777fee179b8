package certfile

import (
	"crypto/x509"
	"fmt"
	"sync/atomic"
)

// Pool is a list of authorities, from one PEM file.
type Pool struct {
	files
	current atomic.Pointer[x509.CertPool]
}

var _ File = (*Pool)(nil)

// LoadPool reads the file.
func LoadPool(path string) (*Pool, error) {
	p := &Pool{files: files{paths: []string{path}}}
	if _, err := p.Reload(); err != nil {
		return nil, err
	}
	return p, nil
}

// Reload reads the file again.
func (p *Pool) Reload() (changed bool, err error) {
	return p.reload(func(contents [][]byte) error {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(contents[0]) {
			return fmt.Errorf("%s: holds no certificate in PEM", p.paths[0])
		}
		p.current.Store(pool)
		return nil
	})
}

// Certificates is the list in use.
func (p *Pool) Certificates() *x509.CertPool { return p.current.Load() }
