package jwt

import (
	"encoding/json"
	"fmt"
	"slices"
)

// publicKey is a key as /jwks shows it (RFC 7517 §4). The members are those of public keys alone, so that none of a private or
// symmetric one can slip out, whatever the column holds.
type publicKey struct {
	Alg string `json:"alg"`
	Crv string `json:"crv,omitempty"`
	Kty string `json:"kty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
	Use string `json:"use,omitempty"`
	Kid string `json:"kid"`
}

// public reads the public half. What the key says of itself goes before the columns, as in better-auth.
func (r row) public() (publicKey, error) {
	var key publicKey
	if err := json.Unmarshal([]byte(r.publicKey), &key); err != nil {
		return publicKey{}, fmt.Errorf("read public key %s: %w", r.id, err)
	}
	if key.Crv == "" && r.crv != nil {
		key.Crv = *r.crv
	}
	if key.Alg == "" {
		if r.alg != nil {
			key.Alg = *r.alg
		} else {
			key.Alg = string(algorithmOf(key))
		}
	}
	if !slices.Contains([]string{"OKP", "EC", "RSA"}, key.Kty) {
		return publicKey{}, fmt.Errorf("read public key %s: its type is %q", r.id, key.Kty)
	}
	key.Kid = r.id
	return key, nil
}

// algorithm is what the key signs with.
func (r row) algorithm() (Algorithm, error) {
	if r.alg != nil {
		return Algorithm(*r.alg), nil
	}
	key, err := r.public()
	return Algorithm(key.Alg), err
}

// algorithmOf names the algorithm of a key whose row does not.
//
// Differs from better-auth: it takes the configured algorithm, and fails when the key is for another.
func algorithmOf(key publicKey) Algorithm {
	switch {
	case key.Kty == "RSA":
		return RS256
	case key.Crv == "P-256":
		return ES256
	case key.Crv == "P-521":
		return es512
	}
	return EdDSA
}
