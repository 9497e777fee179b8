package authflow

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

// The strategies by which better-auth writes what a session_data cookie says.
const (
	strategyCompact = "compact" // JSON with an HMAC, in base64
	strategyJWT     = "jwt"     // JWT, HS256
	strategyJWE     = "jwe"     // JWT, encrypted: the browser's user cannot read it either
)

// cacheStrategy makes a cookie's value of a JSON object, and the object of the value. Nothing of a value is looked into before
// a key of ours has answered for every byte of it, and each has one spelling: another one of the same content is refused.
type cacheStrategy interface {
	// seal takes an object, as stringify writes it, that lasts from now to its end.
	seal(object []byte, now, end time.Time) (string, error)
	// open returns the object, and the moment from which it counts no more.
	open(value string) (object []byte, end time.Time, ok bool)
}

func newCacheStrategy(name string, keys *Keys) (cacheStrategy, error) {
	switch name {
	case strategyJWT:
		return jwtStrategy{keys}, nil
	case strategyJWE:
		return newJWEStrategy(keys, sessionSalt)
	}
	return compactStrategy{keys}, nil
}

// compactStrategy writes base64url of
//
//	{"session":OBJECT,"expiresAt":MILLISECONDS,"signature":"…"}
//
// and signs OBJECT with expiresAt as one more member. A Node server parses the object and writes it anew to check the signature, so
// it has to be as JavaScript writes it.
type compactStrategy struct{ keys *Keys }

const (
	compactStart     = `{"session":`
	compactExpiry    = `,"expiresAt":`
	compactSignature = `,"signature":"`
	compactEnd       = `"}`
	// macLength is that of 32 bytes in unpadded base64.
	macLength = signatureLength - 1
)

func (s compactStrategy) seal(object []byte, _, end time.Time) (string, error) {
	expiry := compactExpiry + strconv.FormatInt(end.UnixMilli(), 10)
	signature := s.keys.signURL(withMember(object, expiry))
	text := compactStart + string(object) + expiry + compactSignature + signature + compactEnd
	return base64.RawURLEncoding.EncodeToString([]byte(text)), nil
}

// open finds its way from both ends: what is between them is not JSON before the signature has been checked.
func (s compactStrategy) open(value string) ([]byte, time.Time, bool) {
	text, ok := decodeBase64URL(value)
	if !ok || !bytes.HasPrefix(text, []byte(compactStart)) || !bytes.HasSuffix(text, []byte(compactEnd)) {
		return nil, time.Time{}, false
	}
	text = text[len(compactStart) : len(text)-len(compactEnd)]
	if len(text) < macLength {
		return nil, time.Time{}, false
	}
	signature := string(text[len(text)-macLength:])
	text, ok = bytes.CutSuffix(text[:len(text)-macLength], []byte(compactSignature))
	at := bytes.LastIndex(text, []byte(compactExpiry))
	if !ok || at < 0 {
		return nil, time.Time{}, false
	}
	object, expiry := text[:at], string(text[at:])
	milliseconds, err := strconv.ParseInt(expiry[len(compactExpiry):], 10, 64)
	if err != nil || len(object) < 2 || !s.keys.verifyURL(withMember(object, expiry), signature) {
		return nil, time.Time{}, false
	}
	return object, time.UnixMilli(milliseconds), true
}

// jwtStrategy writes a JWT whose header says HS256 and nothing else. As the header never varies no algorithm is ever read from
// a token (RFC 8725 §3.1).
type jwtStrategy struct{ keys *Keys }

// jwtHeader is {"alg":"HS256"}.
const jwtHeader = "eyJhbGciOiJIUzI1NiJ9"

func (s jwtStrategy) seal(object []byte, now, end time.Time) (string, error) {
	signed := jwtHeader + "." + base64.RawURLEncoding.EncodeToString([]byte(withMember(object, dates(now, end))))
	return signed + "." + s.keys.signURL(signed), nil
}

func (s jwtStrategy) open(value string) ([]byte, time.Time, bool) {
	dot := strings.LastIndexByte(value, '.')
	if dot < 0 || !strings.HasPrefix(value[:dot], jwtHeader+".") || !s.keys.verifyURL(value[:dot], value[dot+1:]) {
		return nil, time.Time{}, false
	}
	object, ok := decodeBase64URL(value[len(jwtHeader)+1 : dot])
	if !ok {
		return nil, time.Time{}, false
	}
	return dated(object)
}

// jweStrategy encrypts by A256CBC-HS512 under a key derived from the secret, which the header names by its thumbprint.
//
// Differs from better-auth: it also reads tokens without that name and such under A256GCM, which no version from 1.6 on has written.
type jweStrategy struct{ keys []jweKey }

type jweKey struct {
	header string // as every token under the key begins
	cipher []byte
	id     string
}

// sessionSalt keeps the key of session_data apart from those of other cookies.
const sessionSalt = "better-auth-session"

func newJWEStrategy(keys *Keys, salt string) (*jweStrategy, error) {
	s := &jweStrategy{}
	for _, secret := range keys.All() {
		key, err := newJWEKey(secret, salt)
		if err != nil {
			return nil, fmt.Errorf("derive the key of %s: %w", salt, err)
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

func newJWEKey(secret []byte, salt string) (jweKey, error) {
	const info = "BetterAuth.js Generated Encryption Key"
	key, err := hkdf.Key(sha256.New, secret, []byte(salt), info, 64)
	if err != nil {
		return jweKey{}, err
	}
	// RFC 7638 §3.2: the thumbprint of a symmetric key.
	thumbprint := sha256.Sum256([]byte(`{"k":"` + base64.RawURLEncoding.EncodeToString(key) + `","kty":"oct"}`))
	id := base64.RawURLEncoding.EncodeToString(thumbprint[:])
	header := `{"alg":"dir","enc":"A256CBC-HS512","kid":"` + id + `"}`
	return jweKey{header: base64.RawURLEncoding.EncodeToString([]byte(header)), cipher: key, id: id}, nil
}

func (s *jweStrategy) seal(object []byte, now, end time.Time) (string, error) {
	key := s.keys[0]
	encrypter, err := jose.NewEncrypter(jose.A256CBC_HS512, jose.Recipient{Algorithm: jose.DIRECT, Key: key.cipher, KeyID: key.id}, nil)
	if err != nil {
		return "", err
	}
	jwe, err := encrypter.Encrypt([]byte(withMember(object, dates(now, end)+`,"jti":"`+uuid.NewString()+`"`)))
	if err != nil {
		return "", err
	}
	return jwe.CompactSerialize()
}

// open compares the header as a whole, so that of compression, other algorithms and other keys a sender can say nothing at all.
func (s *jweStrategy) open(value string) ([]byte, time.Time, bool) {
	header, rest, _ := strings.Cut(value, ".")
	if strings.Count(rest, ".") != 3 || !isCanonicalBase64URL(rest) {
		return nil, time.Time{}, false
	}
	for _, key := range s.keys {
		if key.header != header {
			continue
		}
		jwe, err := jose.ParseEncryptedCompact(value, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256CBC_HS512})
		if err != nil {
			return nil, time.Time{}, false
		}
		object, err := jwe.Decrypt(key.cipher)
		if err != nil {
			return nil, time.Time{}, false
		}
		return dated(object)
	}
	return nil, time.Time{}, false
}

// withMember adds text such as `,"exp":1` to an object that has members.
func withMember(object []byte, member string) string {
	return string(object[:len(object)-1]) + member + "}"
}

// dates are the members iat and exp (RFC 7519 §4.1), in seconds.
func dates(now, end time.Time) string {
	return `,"iat":` + strconv.FormatInt(now.Unix(), 10) + `,"exp":` + strconv.FormatInt(end.Unix(), 10)
}

// dated reads exp from an object that one of our keys answers for. A token without end is not one of ours.
func dated(object []byte) ([]byte, time.Time, bool) {
	var claims struct {
		Expiry *int64 `json:"exp"`
	}
	if err := json.Unmarshal(object, &claims); err != nil || claims.Expiry == nil {
		return nil, time.Time{}, false
	}
	return object, time.Unix(*claims.Expiry, 0), true
}

// decodeBase64URL takes the one spelling: no line breaks, which Go's decoder skips, and no last bits that belong to no byte.
func decodeBase64URL(text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return decoded, err == nil
}

// isCanonicalBase64URL tells whether each part between dots has the one spelling.
func isCanonicalBase64URL(text string) bool {
	for part := range strings.SplitSeq(text, ".") {
		if _, ok := decodeBase64URL(part); !ok {
			return false
		}
	}
	return true
}
