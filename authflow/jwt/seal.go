package jwt

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/posternhq/postern/authflow"
)

// errSecret tells the operator what better-auth tells its own.
var errSecret = errors.New("a private key in the table jwks was not encrypted under auth.secret or one of auth.previous_secrets; add the secret it was made with, or delete the row")

// seal encrypts a private key. The column holds the sealed text as a JSON string.
func seal(keys *authflow.Keys, plain []byte) (string, error) {
	sealed, err := keys.Seal(plain)
	if err != nil {
		return "", err
	}
	return strconv.Quote(sealed), nil
}

// unseal decrypts a column's value under whichever secret fits, and tells whether that is not the first. A value that is an
// object was stored by a better-auth with disablePrivateKeyEncryption, and is the key itself.
func unseal(keys *authflow.Keys, stored string) (plain []byte, outdated bool, err error) {
	if strings.HasPrefix(stored, "{") {
		return []byte(stored), false, nil
	}
	var text string
	if err := json.Unmarshal([]byte(stored), &text); err != nil {
		return nil, false, errSecret
	}
	plain, outdated, ok := keys.Unseal(text)
	if !ok || !bytes.HasPrefix(plain, []byte("{")) {
		return nil, false, errSecret
	}
	return plain, outdated, nil
}
