package http1

import (
	"math/rand/v2"
	"testing"

	"golang.org/x/net/http/httpguts"
)

// Every byte at every place of values of every length, between bytes that are good and bytes that are at the edge.
func TestValuesAreJudgedAsByHTTPGuts(t *testing.T) {
	t.Parallel()
	for _, fill := range []byte{'a', ' ', '\t', '~', 0x80, 0xff, 0x1f, 0x7f, 0} {
		for length := range 26 {
			value := make([]byte, length)
			for at := range length {
				for i := range value {
					value[i] = fill
				}
				for b := range 256 {
					value[at] = byte(b)
					agree(t, string(value))
				}
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		value := make([]byte, random.IntN(40))
		for i := range value {
			value[i] = byte(random.Uint32())
			if random.IntN(4) > 0 {
				value[i] |= 0x20 // mostly no control characters
			}
		}
		agree(t, string(value))
	}
}

func agree(t *testing.T, value string) {
	t.Helper()
	if got, want := validValue(value), httpguts.ValidHeaderFieldValue(value); got != want {
		t.Fatalf("%q: %v, want %v", value, got, want)
	}
}
