package assertion

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Type is the typ of an assertion's header, which nothing else has.
const Type = "postern-assertion+jwt"

// key is a pair that is ready to sign.
type key struct {
	row
	private crypto.Signer
	header  string // encoded, with the dot behind it
}

// rsaBits is the least that RFC 7518 §3.3 allows.
const rsaBits = 2048

// generate makes a pair for an algorithm, as private JWK and public JWK.
func generate(algorithm string) (private, public []byte, err error) {
	var pair crypto.Signer
	switch algorithm {
	case ES256:
		pair, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		pair, err = rsa.GenerateKey(rand.Reader, rsaBits)
	default:
		_, pair, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("generate %s key: %w", algorithm, err)
	}
	if private, err = json.Marshal(jose.JSONWebKey{Key: pair}); err != nil {
		return nil, nil, fmt.Errorf("encode private key: %w", err)
	}
	if public, err = json.Marshal(jose.JSONWebKey{Key: pair.Public()}); err != nil {
		return nil, nil, fmt.Errorf("encode public key: %w", err)
	}
	return private, public, nil
}

// newKey reads a private JWK. What goes wrong is not repeated: it might quote the key.
func newKey(r row, private []byte) (*key, error) {
	var jwk jose.JSONWebKey
	if json.Unmarshal(private, &jwk) != nil || !jwk.Valid() {
		return nil, fmt.Errorf("key %s is not a private JWK", r.id)
	}
	k := &key{row: r}
	var ok bool
	switch r.algorithm {
	case EdDSA:
		k.private, ok = jwk.Key.(ed25519.PrivateKey)
	case ES256:
		k.private, ok = jwk.Key.(*ecdsa.PrivateKey)
	case RS256:
		k.private, ok = jwk.Key.(*rsa.PrivateKey)
	}
	if !ok {
		return nil, fmt.Errorf("key %s is not for %q", r.id, r.algorithm)
	}
	header, err := json.Marshal(struct {
		Algorithm string `json:"alg"`
		Type      string `json:"typ"`
		ID        string `json:"kid"`
	}{r.algorithm, Type, r.id})
	if err != nil {
		return nil, fmt.Errorf("encode header: %w", err)
	}
	k.header = base64.RawURLEncoding.EncodeToString(header) + "."
	return k, nil
}

// sign makes a JWS in compact form (RFC 7515 §7.1).
func (k *key) sign(payload []byte) (string, error) {
	encoding := base64.RawURLEncoding
	token := make([]byte, len(k.header), len(k.header)+encoding.EncodedLen(len(payload))+1+encoding.EncodedLen(rsaBits/8))
	copy(token, k.header)
	token = encoding.AppendEncode(token, payload)
	signature, err := k.signature(token)
	if err != nil {
		return "", fmt.Errorf("sign assertion: %w", err)
	}
	return string(encoding.AppendEncode(append(token, '.'), signature)), nil
}

func (k *key) signature(signed []byte) ([]byte, error) {
	digest := sha256.Sum256(signed)
	switch private := k.private.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(private, signed), nil // RFC 8037 §3.1
	case *rsa.PrivateKey:
		return rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, digest[:])
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
		if err != nil {
			return nil, err
		}
		var both [64]byte // RFC 7518 §3.4: two numbers of 32 bytes, not ASN.1
		r.FillBytes(both[:32])
		s.FillBytes(both[32:])
		return both[:], nil
	}
	return nil, errors.New("a key of a kind that cannot be")
}
