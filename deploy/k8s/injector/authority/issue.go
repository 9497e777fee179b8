package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// early is how long before they are made authorities and certificates begin to be valid, for API servers whose clock is behind.
const early = 5 * time.Minute

// madeAt is when a certificate of this package was made.
func madeAt(c *x509.Certificate) time.Time { return c.NotBefore.Add(early) }

// newAuthority can vouch for these names alone, so that whoever steals it can pass for the webhook and for nobody else.
func newAuthority(s Settings, now time.Time) (issuer, error) {
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "postern injector"},
		NotBefore: now.Add(-early), NotAfter: now.Add(s.CALifetime),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomains: s.Names, PermittedDNSDomainsCritical: true,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return issuer{}, fmt.Errorf("make key: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return issuer{}, fmt.Errorf("make authority: %w", err)
	}
	made, err := x509.ParseCertificate(der)
	return issuer{made, key}, err
}

func (a issuer) issue(s Settings, now time.Time) (*tls.Certificate, error) {
	until := now.Add(s.CertificateLifetime)
	if a.certificate.NotAfter.Before(until) {
		until = a.certificate.NotAfter
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "postern injector"}, DNSNames: s.Names,
		NotBefore: now.Add(-early), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

func serial() *big.Int {
	var b [16]byte
	rand.Read(b[:]) // never fails: since Go 1.24 the program is stopped instead
	return new(big.Int).SetBytes(b[:])
}
