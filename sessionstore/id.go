package sessionstore

import "crypto/rand"

const (
	idLength   = 32
	idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// NewID returns 32 characters of A-Z a-z 0-9 from crypto/rand, about 190 bits: better-auth's form of ids and session tokens.
func NewID() string {
	// A byte counts only below the largest multiple of 62; a plain remainder would favour the first eight letters.
	const unbiased = 256 - 256%len(idAlphabet)
	id := make([]byte, 0, idLength)
	var random [2 * idLength]byte
	for {
		rand.Read(random[:]) // never fails, by its documentation
		for _, b := range random {
			if int(b) >= unbiased {
				continue
			}
			if id = append(id, idAlphabet[int(b)%len(idAlphabet)]); len(id) == idLength {
				return string(id)
			}
		}
	}
}
