package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Keys of the secret. The last two are as cert-manager and kubectl name them.
const (
	keyBundle         = "ca.crt" // authorities, the newest first
	keyAuthorityKeys  = "ca.key" // their keys, in the same order
	keyCertificate    = "tls.crt"
	keyCertificateKey = "tls.key"
)

// State is what replicas share.
type State struct {
	authorities []issuer // the newest first
	certificate *tls.Certificate
}

type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// Certificate is what the webhook shows; nil when there is none yet.
func (s State) Certificate() *tls.Certificate { return s.certificate }

// Bundle is whom API servers are to believe, in PEM.
func (s State) Bundle() []byte {
	var out bytes.Buffer
	for _, a := range s.authorities {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
	}
	return out.Bytes()
}

// Decode reads what Encode has written.
func Decode(data map[string][]byte) (State, error) {
	certificates, err := blocks(data[keyBundle], "CERTIFICATE", x509.ParseCertificate)
	if err != nil {
		return State{}, fmt.Errorf("%s: %w", keyBundle, err)
	}
	keys, err := blocks(data[keyAuthorityKeys], "EC PRIVATE KEY", x509.ParseECPrivateKey)
	if err != nil {
		return State{}, fmt.Errorf("%s: %w", keyAuthorityKeys, err)
	}
	if len(certificates) != len(keys) || len(keys) == 0 {
		return State{}, fmt.Errorf("%d authorities and %d keys", len(certificates), len(keys))
	}
	var s State
	for i, c := range certificates {
		if public, ok := c.PublicKey.(*ecdsa.PublicKey); !ok || !keys[i].PublicKey.Equal(public) {
			return State{}, fmt.Errorf("authority %d: the key is another's", i)
		}
		s.authorities = append(s.authorities, issuer{c, keys[i]})
	}
	pair, err := tls.X509KeyPair(data[keyCertificate], data[keyCertificateKey])
	if err != nil {
		return State{}, fmt.Errorf("%s: %w", keyCertificate, err)
	}
	s.certificate = &pair
	return s, nil
}

// Encode is the data of a secret.
func (s State) Encode() (map[string][]byte, error) {
	var keys bytes.Buffer
	for _, a := range s.authorities {
		text, err := encodeKey(a.key)
		if err != nil {
			return nil, err
		}
		keys.Write(text)
	}
	own, ok := s.certificate.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the certificate's key is not of this package")
	}
	key, err := encodeKey(own)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		keyBundle: s.Bundle(), keyAuthorityKeys: keys.Bytes(), keyCertificateKey: key,
		keyCertificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Certificate[0]}),
	}, nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), err
}

func blocks[T any](text []byte, kind string, parse func([]byte) (T, error)) (all []T, err error) {
	for len(bytes.TrimSpace(text)) > 0 {
		block, rest := pem.Decode(text)
		if block == nil || block.Type != kind {
			return nil, fmt.Errorf("is no PEM of %s", kind)
		}
		one, err := parse(block.Bytes)
		if err != nil {
			return nil, err
		}
		all, text = append(all, one), rest
	}
	return all, nil
}
