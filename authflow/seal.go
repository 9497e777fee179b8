package authflow

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// minSealedBytes is the size of nothing, sealed: nonce and tag.
const minSealedBytes = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

// Seal encrypts as better-auth's symmetricEncrypt: XChaCha20-Poly1305 under the SHA-256 of the current secret; nonce, ciphertext and
// tag in lower-case hex.
func (k *Keys) Seal(plain []byte) (string, error) {
	box, err := newBox(k.Current())
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize(), minSealedBytes+len(plain))
	rand.Read(nonce) // never fails: since Go 1.24 the program is stopped instead
	return hex.EncodeToString(box.Seal(nonce, nonce, plain, nil)), nil
}

// Unseal decrypts what Seal made, under whichever secret fits, and tells whether that is not the current one.
func (k *Keys) Unseal(sealed string) (plain []byte, outdated, ok bool) {
	data, err := hex.DecodeString(withoutEnvelope(sealed))
	if err != nil || len(data) < minSealedBytes {
		return nil, false, false
	}
	for i, secret := range k.All() {
		box, err := newBox(secret)
		if err != nil {
			return nil, false, false
		}
		plain, err := box.Open(nil, data[:chacha20poly1305.NonceSizeX], data[chacha20poly1305.NonceSizeX:], nil)
		if err == nil {
			return plain, i > 0, true
		}
	}
	return nil, false, false
}

// LooksSealed tells whether text can be something sealed. A token of a provider may be hex as well, but hardly of that length.
func LooksSealed(text string) bool {
	if strings.HasPrefix(text, envelope) {
		return true
	}
	data, err := hex.DecodeString(text)
	return err == nil && len(data) >= minSealedBytes
}

// For returns keys that are good for one purpose alone, derived as better-auth's derivePurposeKey does: HKDF-SHA256 (RFC 5869), its
// output as text.
func (k *Keys) For(purpose string) (*Keys, error) {
	derived := &Keys{}
	for _, secret := range k.All() {
		key, err := hkdf.Key(sha256.New, secret, []byte("better-auth:oauth-encryption:v1"), "better-auth:"+purpose+":v1", sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("derive key for %s: %w", purpose, err)
		}
		text := []byte(hex.EncodeToString(key))
		derived.secrets = append(derived.secrets, text)
		derived.macs = append(derived.macs, newMACPool(text))
	}
	return derived, nil
}

// envelope begins what better-auth seals where it is configured with several secrets.
const envelope = "$ba$"

// withoutEnvelope takes "$ba$2$" off, 2 being the version of the secret. Which one it is we find out by trying.
func withoutEnvelope(text string) string {
	if rest, ok := strings.CutPrefix(text, envelope); ok {
		if _, sealed, ok := strings.Cut(rest, "$"); ok {
			return sealed
		}
	}
	return text
}

func newBox(secret []byte) (cipher.AEAD, error) {
	key := sha256.Sum256(secret)
	box, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("prepare cipher: %w", err)
	}
	return box, nil
}
