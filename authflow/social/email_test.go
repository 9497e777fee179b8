package social

import (
	"strings"
	"testing"
)

// D40, D41: what could be read as another address is none.
func TestD40D41OnlyOneFormOfAnAddressIsTaken(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"":                                  "",
		"ada@people.test":                   "ada@people.test",
		"Ada.Lovelace+x@People.Test":        "ada.lovelace+x@people.test",
		"o'brien&co/x=y@mail-1.people.test": "o'brien&co/x=y@mail-1.people.test",
		"ADA@XN--BCHER-KVA.TEST":            "ada@xn--bcher-kva.test",
		strings.Repeat("a", 64) + "@" + strings.Repeat("b", 60) + ".test": strings.Repeat("a", 64) + "@" + strings.Repeat("b", 60) + ".test",
	} {
		if got, err := canonicalEmail(raw); err != nil || got != want {
			t.Errorf("%q is %q, %v", raw, got, err)
		}
	}
	for _, raw := range []string{
		"ada", "@", "ada@", "@people.test", "a@b@people.test", "ada@people.test@evil.test", "ada@@people.test",
		"ada＠people.test", "ada@people.test＠evil.test", "ａda@people.test", "ada@ｐeople.test", "ada@people。test", "adá@people.test", "ada\u0301@people.test", "\u212a@people.test", "\u017f@people.test",
		"ada@people.test.", ".ada@people.test", "ada.@people.test", "a..da@people.test", "ada@people..test", "ada@.people.test", "ada@people",
		" ada@people.test", "ada@people.test ", "ada @people.test", "ada@people.test\n", "ada@people.test\x00", "a\tda@people.test", "ada\x7f@people.test", "ada\u0085@people.test", "ada\u200b@people.test",
		`"ada"@people.test`, `"a@b"@people.test`, `ada\@people.test`, "Ada <ada@people.test>", "ada@people.test,eve@evil.test", "ada@people.test;eve@evil.test", "ada(x)@people.test", "ada@[192.0.2.1]", "ada@192.0.2.1", "ada@people_x.test", "ada@-people.test",
		"\xff@people.test", "ada@\xff.test", strings.Repeat("a", 65) + "@people.test", "a@" + strings.Repeat("b.", 130) + "test", strings.Repeat("@", 1<<20), "a@" + strings.Repeat("b", 1<<20),
	} {
		if got, err := canonicalEmail(raw); err == nil {
			t.Errorf("%.60q is %q", raw, got)
		}
	}
}

func FuzzCanonicalEmail(f *testing.F) {
	for _, seed := range []string{"ada@people.test", "ADA@People.Test", "a@b@c.test", "ada＠people.test", `"a@b"@c.test`, "a@b.test."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := canonicalEmail(raw)
		if err != nil || raw == "" {
			return
		}
		again, err := canonicalEmail(got)
		if err != nil || again != got || strings.Count(got, "@") != 1 || strings.ToLower(got) != got {
			t.Errorf("%q is %q, and that is %q, %v", raw, got, again, err)
		}
		for _, b := range []byte(got) {
			if b <= ' ' || b >= 0x7f {
				t.Errorf("%q is %q", raw, got)
			}
		}
	})
}

func TestSubjectsThatCannotBeTold(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"1234567890", "google|123", "000123.abc.0000", "Ünïcode", strings.Repeat("a", 255)} {
		if !isSubject(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{"", " ", "\u00a0", "null", "undefined", "a\x00b", "a\nb", "\xff", strings.Repeat("a", 256)} {
		if isSubject(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzParseState(f *testing.F) {
	for _, seed := range []string{
		`{"callbackURL":"/app","codeVerifier":"v","expiresAt":1,"oauthState":"s","provider":"google"}`,
		`{"callbackURL":"/app","codeVerifier":"v","errorURL":"/oops","expiresAt":1772368215123,"link":{"userId":"u","email":"a@b.test","encryptedSessionToken":"00"},"requestSignUp":true}`,
		`{"callbackURL":1}`, `null`, `[]`, `{"link":null}`, `{"expiresAt":1e99}`, strings.Repeat("[", 10000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		s, err := parseState(value)
		if err != nil {
			return
		}
		if s.CallbackURL == "" || s.CodeVerifier == "" || s.ExpiresAt == 0 {
			t.Errorf("%q lacks something: %+v", value, s)
		}
		written, err := s.encode(map[string]any{"callbackURL": "forged", "provider": "forged", "link": "forged", "more": 1})
		if err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		again, err := parseState(written)
		if err != nil {
			t.Fatalf("%q: %v", written, err)
		}
		if (again.Link == nil) != (s.Link == nil) || again.Link != nil && *again.Link != *s.Link || (again.RequestSignUp == nil) != (s.RequestSignUp == nil) {
			t.Errorf("%+v became %+v", s, again)
		}
		s.Link, again.Link, s.RequestSignUp, again.RequestSignUp = nil, nil, nil, nil
		if *again != *s {
			t.Errorf("%+v became %+v", s, again)
		}
	})
}
