package authflow

import (
	"crypto/rand"
	"strings"
)

// The alphabets of better-auth's random strings.
const (
	AlphabetMixed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	AlphabetLower = "abcdefghijklmnopqrstuvwxyz0123456789"
)

// RandomString draws n characters of the alphabet, each as likely as the other, from the system's random source.
// 24 characters of AlphabetMixed hold 142 bits, 32 of AlphabetLower 165.
func RandomString(n int, alphabet string) string {
	// Bytes at or above the largest multiple of the alphabet's size would favour its first letters, so they are dropped.
	limit := 256 - 256%len(alphabet)
	var out strings.Builder
	out.Grow(n)
	var buf [64]byte
	for out.Len() < n {
		rand.Read(buf[:]) // never fails: since Go 1.24 the program is stopped instead
		for _, b := range buf {
			if int(b) < limit && out.Len() < n {
				out.WriteByte(alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return out.String()
}
