package oidc_test

import (
	"crypto/rsa"
	"math/big"
	"testing"
)

// newWeakRSA is a public key of 1024 bits, which crypto/rsa makes no more.
func newWeakRSA(t *testing.T) *rsa.PublicKey {
	t.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), 1023)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(0x10001)), E: 65537}
}
