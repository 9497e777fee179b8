package jwt

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/posternhq/postern/authflow"
)

func TestSealedKeysAreHexInAJSONString(t *testing.T) {
	t.Parallel()
	const plain = `{"kty":"OKP"}`
	stored, err := seal(authflow.NewKeys(secret), []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	var text string
	if err := json.Unmarshal([]byte(stored), &text); err != nil {
		t.Fatal(err)
	}
	if data, err := hex.DecodeString(text); err != nil || len(data) != 24+len(plain)+16 || strings.ToLower(text) != text {
		t.Errorf("%q is not nonce, ciphertext and tag in lower-case hex: %v", text, err)
	}
	opened, outdated, err := unseal(authflow.NewKeys(secret), stored)
	if err != nil || outdated || string(opened) != plain {
		t.Errorf("opened as %q, %v, %v", opened, outdated, err)
	}
	if again, err := seal(authflow.NewKeys(secret), []byte(plain)); err != nil || again == stored {
		t.Errorf("sealed twice with one nonce: %v", err)
	}
}

func TestWhatWasTamperedWithDoesNotOpen(t *testing.T) {
	t.Parallel()
	stored := readGolden(t).Cases["EdDSA"].Row.PrivateKey
	refuse := func(changed string) {
		t.Helper()
		if plain, _, err := unseal(authflow.NewKeys(secret), changed); !errors.Is(err, errSecret) {
			t.Errorf("%.80s opened as %q, %v", changed, plain, err)
		}
	}
	for i := range stored {
		refuse(stored[:i])
		flipped := []byte(stored)
		if flipped[i] ^= 1; flipped[i] != '{' {
			refuse(string(flipped))
		}
	}
	for _, odd := range []string{"", "null", "1", `""`, `"00"`, `"$ba$"`, `"$ba$1$"`, `"` + strings.Repeat("0", 200) + `"`, `["x"]`} {
		refuse(odd)
	}
	if _, _, err := unseal(authflow.NewKeys("another secret"), stored); !errors.Is(err, errSecret) {
		t.Errorf("opened under another secret: %v", err)
	}
}
