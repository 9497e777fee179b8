package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
	"golang.org/x/text/unicode/norm"
)

// better-auth's scrypt parameters: 32 MiB and, on a current core, about 80 ms.
const (
	scryptN, scryptR, scryptP = 16384, 16, 1
	scryptKeyBytes            = 64
	scryptSaltBytes           = 16
)

// argon2id's parameters are OWASP's first choice: 19 MiB, two passes, one lane.
const (
	argonMemoryKiB, argonPasses, argonLanes = 19 * 1024, 2, 1
	argonKeyBytes, argonSaltBytes           = 32, 16

	// What an accepted hash may ask for at most. The database is ours, but an import may have been careless.
	argonMaxMemoryKiB, argonMaxPasses = 256 * 1024, 16
)

const bcryptCost = 12

// errUnknownHash says that a stored hash is in none of the three formats.
var errUnknownHash = errors.New("password hash of unknown format")

// encode hashes a password in the configured format.
func encode(algorithm Algorithm, password string) (string, error) {
	text := norm.NFKC.String(password)
	switch algorithm {
	case Argon2id:
		salt := randomBytes(argonSaltBytes)
		key := argon2.IDKey([]byte(text), salt, argonPasses, argonMemoryKiB, argonLanes, argonKeyBytes)
		b64 := base64.RawStdEncoding.EncodeToString
		return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemoryKiB, argonPasses, argonLanes, b64(salt), b64(key)), nil
	case Bcrypt:
		hash, err := bcrypt.GenerateFromPassword([]byte(text), bcryptCost)
		return string(hash), err
	default:
		// The salt is the hex text, not the bytes it stands for: so does better-auth.
		salt := hex.EncodeToString(randomBytes(scryptSaltBytes))
		key, err := scrypt.Key([]byte(text), []byte(salt), scryptN, scryptR, scryptP, scryptKeyBytes)
		return salt + ":" + hex.EncodeToString(key), err
	}
}

// matches tells whether the password made the hash, whichever of the formats it has.
func matches(hash, password string) (bool, error) {
	text := norm.NFKC.String(password)
	switch formatOf(hash) {
	case Argon2id:
		return matchesArgon2id(hash, text)
	case Bcrypt:
		err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(text))
		if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) || errors.Is(err, bcrypt.ErrPasswordTooLong) {
			return false, nil
		}
		return err == nil, err
	case Scrypt:
		salt, want, _ := strings.Cut(hash, ":")
		key, err := scrypt.Key([]byte(text), []byte(salt), scryptN, scryptR, scryptP, scryptKeyBytes)
		return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(key)), []byte(strings.ToLower(want))) == 1, err
	}
	return false, errUnknownHash
}

// formatOf recognises a stored hash by its shape, or returns "".
func formatOf(hash string) Algorithm {
	switch {
	case strings.HasPrefix(hash, "$argon2id$"):
		return Argon2id
	case strings.HasPrefix(hash, "$2a$"), strings.HasPrefix(hash, "$2b$"), strings.HasPrefix(hash, "$2y$"):
		return Bcrypt
	}
	salt, key, ok := strings.Cut(hash, ":")
	if ok && salt != "" && len(key) == 2*scryptKeyBytes {
		return Scrypt
	}
	return ""
}

// matchesArgon2id reads the PHC string format: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func matchesArgon2id(hash, text string) (bool, error) {
	var version, memory, passes, lanes int
	parts := strings.Split(hash, "$")
	if len(parts) != 6 {
		return false, errUnknownHash
	}
	_, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes)
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	want, wantErr := base64.RawStdEncoding.DecodeString(parts[5])
	switch {
	case err != nil, saltErr != nil, wantErr != nil, version != argon2.Version, len(want) < 16, len(want) > 128,
		memory < 8 || memory > argonMaxMemoryKiB, passes < 1 || passes > argonMaxPasses, lanes < 1 || lanes > 64:
		return false, errUnknownHash
	}
	key := argon2.IDKey([]byte(text), salt, uint32(passes), uint32(memory), uint8(lanes), uint32(len(want)))
	return subtle.ConstantTimeCompare(key, want) == 1, nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: since Go 1.24 the program is stopped instead
	return b
}
