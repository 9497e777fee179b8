package jwt

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// errSecret tells the operator what better-auth tells its own.
var errSecret = errors.New("a private key in the table jwks was not encrypted under auth.secret or one of auth.previous_secrets; add the secret it was made with, or delete the row")

// seal encrypts as better-auth's symmetricEncrypt: XChaCha20-Poly1305 under the SHA-256 of the secret; nonce, ciphertext and tag
// in hex. The column holds that text as a JSON string.
func seal(secret, plain []byte) (string, error) {
	box, err := newBox(secret)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize(), box.NonceSize()+len(plain)+box.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("draw nonce: %w", err)
	}
	return strconv.Quote(hex.EncodeToString(box.Seal(nonce, nonce, plain, nil))), nil
}

// unseal decrypts a column's value under whichever secret fits, and tells whether that is not the first. A value that is an
// object was stored by a better-auth with disablePrivateKeyEncryption, and is the key itself.
func unseal(secrets [][]byte, stored string) (plain []byte, outdated bool, err error) {
	if strings.HasPrefix(stored, "{") {
		return []byte(stored), false, nil
	}
	var text string
	if err := json.Unmarshal([]byte(stored), &text); err != nil {
		return nil, false, errSecret
	}
	data, err := hex.DecodeString(withoutEnvelope(text))
	if err != nil || len(data) < chacha20poly1305.NonceSizeX {
		return nil, false, errSecret
	}
	for i, secret := range secrets {
		box, err := newBox(secret)
		if err != nil {
			return nil, false, err
		}
		plain, err := box.Open(nil, data[:chacha20poly1305.NonceSizeX], data[chacha20poly1305.NonceSizeX:], nil)
		if err == nil && bytes.HasPrefix(plain, []byte("{")) {
			return plain, i > 0, nil
		}
	}
	return nil, false, errSecret
}

// withoutEnvelope takes "$ba$2$" off: the version of the secret, where better-auth is configured with several. Which one it is we
// find out by trying.
func withoutEnvelope(text string) string {
	if rest, ok := strings.CutPrefix(text, "$ba$"); ok {
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
