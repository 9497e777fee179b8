package authflow

import (
	"strings"
	"testing"
)

const sealSecret = "test-secret-test-secret-test-secret!"

// The sealed texts were made by better-auth 1.7.25.
func TestWhatBetterAuthSealedOpens(t *testing.T) {
	t.Parallel()
	keys := NewKeys(sealSecret)
	link, err := keys.For("oauth-link-session-token")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		keys         *Keys
		sealed, want string
	}{
		{keys, "e40d8615313a81bc6c8a6d310f47b586d3f96ca27e61438628df40304ac252bf9870c2a242f7e1df15b88f5e3bef829099c3", "ya29.token"},
		{keys, "$ba$2$ca3e683775136e9ddf2734c2229589a13dfb1b610c346faaae93dfbc363982c001e834e5698346703a58871f30eaae38267b", "ya29.token"},
		{link, "7c178caca9ec9053f83d55343d5a11c546414344cf31e0aba7e41538ed20655e7ce1e7887aa5c80d6fecb589b84e9c023fdbbbd3da", "session-token"},
	} {
		plain, outdated, ok := test.keys.Unseal(test.sealed)
		if !ok || outdated || string(plain) != test.want {
			t.Errorf("%s opens as %q, %v, %v", test.sealed, plain, outdated, ok)
		}
		if !LooksSealed(test.sealed) {
			t.Errorf("%s does not look sealed", test.sealed)
		}
	}
	if _, _, ok := keys.Unseal("7c178caca9ec9053f83d55343d5a11c546414344cf31e0aba7e41538ed20655e7ce1e7887aa5c80d6fecb589b84e9c023fdbbbd3da"); ok {
		t.Error("what was sealed for one purpose opens for another")
	}
}

func TestSealedUnderAPreviousSecretOpens(t *testing.T) {
	t.Parallel()
	sealed, err := NewKeys("the secret before this one, long enough").Seal([]byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	plain, outdated, ok := NewKeys(sealSecret, "the secret before this one, long enough").Unseal(sealed)
	if !ok || !outdated || string(plain) != "plain" {
		t.Errorf("%q, %v, %v", plain, outdated, ok)
	}
	if _, _, ok := NewKeys(sealSecret).Unseal(sealed); ok {
		t.Error("opens under another secret")
	}
}

func TestNoOtherSealedTextOpens(t *testing.T) {
	t.Parallel()
	keys := NewKeys(sealSecret)
	sealed, err := keys.Seal([]byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := keys.Seal([]byte("plain")); err != nil || again == sealed {
		t.Errorf("sealed twice alike: %v", err)
	}
	for i := range sealed {
		flipped := []byte(sealed)
		flipped[i] ^= 1
		for _, changed := range []string{sealed[:i], string(flipped)} {
			if _, _, ok := keys.Unseal(changed); ok {
				t.Errorf("%s opens", changed)
			}
		}
	}
}

func TestTokensDoNotLookSealed(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", "ya29.a0AfH6SMA", "gho_16C7e42F292c6912E7710c838347Ae178B4a", strings.Repeat("ab", 20), "eyJhbGciOiJub25lIn0.e30."} {
		if LooksSealed(token) {
			t.Errorf("%q looks sealed", token)
		}
	}
}
