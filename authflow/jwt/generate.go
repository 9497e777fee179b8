package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// rsaBits is what jose, and so better-auth, makes; RFC 7518 §3.3 wants no less.
const rsaBits = 2048

// generate makes a key pair as a row that is still to be given its times.
func generate(a Algorithm, keys *authflow.Keys) (row, error) {
	private, err := generatePrivate(a)
	if err != nil {
		return row{}, fmt.Errorf("generate %s key: %w", a, err)
	}
	privateJWK, err := json.Marshal(jose.JSONWebKey{Key: private})
	if err != nil {
		return row{}, fmt.Errorf("encode private key: %w", err)
	}
	publicJWK, err := json.Marshal(jose.JSONWebKey{Key: private.Public()})
	if err != nil {
		return row{}, fmt.Errorf("encode public key: %w", err)
	}
	sealed, err := seal(keys, privateJWK)
	if err != nil {
		return row{}, fmt.Errorf("encrypt private key: %w", err)
	}
	alg := string(a)
	return row{id: sessionstore.NewID(), publicKey: string(publicJWK), privateKey: sealed, alg: &alg, crv: curveOf(a)}, nil
}

func generatePrivate(a Algorithm) (crypto.Signer, error) {
	switch a {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return private, err
}

// curveOf is what better-auth keeps in jwks.crv.
func curveOf(a Algorithm) *string {
	curve := "Ed25519"
	switch a {
	case RS256:
		return nil
	case ES256:
		curve = "P-256"
	}
	return &curve
}
