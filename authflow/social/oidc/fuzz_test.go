package oidc_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// Whatever is signed: claims that pass have what a decision rests on, told by a reader that shares nothing with ours.
func FuzzClaims(f *testing.F) {
	p := startIssuer(f)
	v := p.verifier()
	for _, change := range []claims{
		nil, {"aud": []string{clientID}}, {"aud": []string{clientID, "x"}, "azp": clientID}, {"exp": 4102444800.5}, {"iat": "0"}, {"sub": missing}, {"nonce": []string{nonce}},
		{"iss": "https://evil.example"}, {"nbf": -1}, {"auth_time": 1e300}, {"at_hash": "x"},
	} {
		data, err := json.Marshal(p.claims().with(change))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.ReplaceAll(data, []byte(p.URL), []byte("ISSUER")))
	}
	f.Add([]byte(`{"iss":"ISSUER","iss":"x"}`))
	f.Add([]byte(`{"iss":"ISSUER"}{}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		payload = bytes.ReplaceAll(payload, []byte("ISSUER"), []byte(p.URL))
		got, err := v.Verify(t.Context(), sign(t, jose.EdDSA, edKey, "ed-1", payload, nil), nonce)
		if err != nil {
			return
		}
		var plain map[string]any
		if err := json.Unmarshal(payload, &plain); err != nil {
			t.Fatalf("accepted what is no JSON: %q", payload)
		}
		expires, _ := plain["exp"].(float64)
		issued, _ := plain["iat"].(float64)
		subject, _ := plain["sub"].(string)
		if plain["iss"] != p.URL || plain["nonce"] != nonce || subject == "" || subject != got.Subject || expires < float64(now.Unix()-30) || issued > float64(now.Unix()+30) || issued < 0 {
			t.Fatalf("accepted %q", payload)
		}
		for _, a := range got.Audience {
			if a == clientID {
				return
			}
		}
		t.Fatalf("accepted for somebody else: %q", payload)
	})
}

// Whatever is sent: nothing passes but what the provider has signed.
func FuzzToken(f *testing.F) {
	p := startIssuer(f)
	v := p.verifier()
	good := sign(f, jose.EdDSA, edKey, "ed-1", p.claims(), nil)
	f.Add(good)
	f.Add(part(map[string]any{"alg": "none"}) + "." + part(p.claims()) + ".")
	f.Add(sign(f, jose.HS256, []byte(edKey), "ed-1", p.claims(), nil))
	f.Add(sign(f, jose.RS256, otherRSAKey, "rsa-1", p.claims(), nil))
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := v.Verify(t.Context(), token, nonce); err == nil && token != good {
			t.Fatalf("accepted %q", token)
		}
		if _, err := v.VerifyLogout(t.Context(), token); err == nil {
			t.Fatalf("accepted as logout token: %q", token)
		}
	})
}
