package authflow

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"strings"
	"sync"
)

// signatureLength is that of 32 bytes in padded standard base64.
const signatureLength = 44

// Keys signs with the current secret and accepts what any configured secret signed, so that rotation signs nobody out.
//
// Differs from better-auth: it knows one secret for cookies and mailed tokens.
type Keys struct {
	secrets [][]byte
	macs    []*macPool
}

// NewKeys takes the secret that signs and those that only verify.
func NewKeys(current string, previous ...string) *Keys {
	k := &Keys{}
	for _, s := range append([]string{current}, previous...) {
		k.secrets = append(k.secrets, []byte(s))
		k.macs = append(k.macs, newMACPool([]byte(s)))
	}
	return k
}

// Current is the key that signs: the secret's UTF-8 bytes, as better-auth uses them.
func (k *Keys) Current() []byte { return k.secrets[0] }

// All is every key that verifies, the current one first.
func (k *Keys) All() [][]byte { return k.secrets }

// Sign returns HMAC-SHA256 of value in padded standard base64.
func (k *Keys) Sign(value string) string {
	var b [signatureLength]byte
	k.macs[0].sum(&b, value)
	return string(b[:])
}

// Verify tells whether one of the keys made the signature. The encoded forms are compared: base64 has several spellings
// of the same bytes, and a token must have one.
func (k *Keys) Verify(value, signature string) bool {
	if len(signature) != signatureLength {
		return false
	}
	var want [signatureLength]byte
	good := 0
	for _, m := range k.macs {
		m.sum(&want, value)
		good |= subtle.ConstantTimeCompare(want[:], []byte(signature))
	}
	return good == 1
}

// signURL is Sign in the alphabet and without the padding that JOSE wants (RFC 7515 §2).
func (k *Keys) signURL(value string) string {
	return strings.TrimRight(toURL.Replace(k.Sign(value)), "=")
}

// verifyURL is Verify for what signURL returns. It takes one spelling too: signatures of the other alphabet are refused.
func (k *Keys) verifyURL(value, signature string) bool {
	return !strings.ContainsAny(signature, "+/=") && k.Verify(value, fromURL.Replace(signature)+"=")
}

var (
	toURL   = strings.NewReplacer("+", "-", "/", "_")
	fromURL = strings.NewReplacer("-", "+", "_", "/")
)

// macPool keeps keyed hashes: keying one costs as much as the whole signature of a short value.
type macPool struct{ pool sync.Pool }

func newMACPool(key []byte) *macPool {
	return &macPool{pool: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (p *macPool) sum(dst *[signatureLength]byte, value string) {
	h := p.pool.Get().(hash.Hash)
	h.Reset()
	h.Write([]byte(value)) // a hash never fails to take bytes
	var sum [sha256.Size]byte
	base64.StdEncoding.Encode(dst[:], h.Sum(sum[:0]))
	p.pool.Put(h)
}
