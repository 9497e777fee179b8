package authflow

import (
	"strings"
	"sync"
	"testing"
)

func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	former, rotated := NewKeys(formerSecret), NewKeys(testSecret, formerSecret)
	if !rotated.Verify("value", former.Sign("value")) {
		t.Error("what the former secret signed is refused")
	}
	if former.Verify("value", rotated.Sign("value")) {
		t.Error("the former secret still signs")
	}
	if string(rotated.Current()) != testSecret || len(rotated.All()) != 2 || string(rotated.All()[1]) != formerSecret {
		t.Error("keys are not the current one first")
	}
}

func TestASignatureHasOneSpelling(t *testing.T) {
	t.Parallel()
	keys := NewKeys(testSecret)
	if !keys.Verify(strayToken, straySignature) {
		t.Fatal("our own signature is refused")
	}
	for _, other := range []string{
		"",
		straySignature + "=",
		strings.TrimSuffix(straySignature, "="),
		strings.TrimSuffix(straySignature, "I=") + "J=", // the same bytes to a decoder that ignores spare bits
		strings.TrimSuffix(straySignature, "=") + "\n",
		strings.NewReplacer("+", "-", "/", "_").Replace(straySignature),
		strings.ToLower(straySignature),
	} {
		if keys.Verify(strayToken, other) {
			t.Errorf("%q counts", other)
		}
	}
}

func TestKeysSignForManyAtOnce(t *testing.T) {
	t.Parallel()
	keys := NewKeys(testSecret, formerSecret)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if keys.Sign(strayToken) != straySignature || !keys.Verify(strayToken, straySignature) {
					t.Error("a signature made beside others is another one")
				}
			}
		})
	}
	all.Wait()
}

func TestD73RandomStringsAreOfTheirAlphabetAndDiffer(t *testing.T) {
	t.Parallel()
	for _, alphabet := range []string{AlphabetMixed, AlphabetLower} {
		seen := map[string]bool{}
		letters := map[rune]int{}
		for range 500 {
			s := RandomString(32, alphabet)
			if len(s) != 32 || strings.Trim(s, alphabet) != "" || seen[s] {
				t.Fatalf("%q", s)
			}
			seen[s] = true
			for _, r := range s {
				letters[r]++
			}
		}
		if len(letters) != len(alphabet) {
			t.Errorf("%d of %d letters are ever drawn", len(letters), len(alphabet))
		}
	}
	if got := RandomString(0, AlphabetMixed); got != "" {
		t.Errorf("no characters are %q", got)
	}
}
