package verification

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

const (
	testSecret   = "a-secret-of-more-than-32-characters!!"
	formerSecret = "the-secret-that-was-in-use-before-it!!"
)

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// What better-auth 1.7.25 mails under testSecret at testNow: createEmailVerificationToken(secret, "Ada@People.test", undefined, 900, {userId}).
const nodeToken = "eyJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImFkYUBwZW9wbGUudGVzdCIsInVzZXJJZCI6InUxIiwiaWF0IjoxNzcyMzY2NDAwLCJleHAiOjE3NzIzNjczMDB9.WlXS6duUQjvsiBtZhfT5pYRX8Q_BKUSMSBhDlziP3Z4"

type noStore struct{ authflow.SessionStore }

type noRecorder struct{}

func (noRecorder) Record(context.Context, *sessionstore.Store, authflow.Event) error { return nil }

func newTestFeature(t testing.TB, now time.Time) *Feature {
	t.Helper()
	core, err := authflow.NewCore(authflow.Config{Secret: testSecret, PreviousSecrets: []string{formerSecret}, BasePath: "/api/auth"},
		authflow.Deps{Store: noStore{}, Recorder: noRecorder{}, BaseURL: "http://localhost:3000", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{ExpiresIn: 15 * time.Minute}, ChangeEmailConfig{}, Deps{Core: core})
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// jws signs by hand, whatever the header says.
func jws(newHash func() hash.Hash, secret, header, payload string) string {
	signed := b64(header) + "." + b64(payload)
	mac := hmac.New(newHash, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func hs256(payload string) string { return jws(sha256.New, testSecret, `{"alg":"HS256"}`, payload) }

func TestTokensAreBetterAuths(t *testing.T) {
	t.Parallel()
	f := newTestFeature(t, testNow)
	token, err := f.sign(claims{Email: "Ada@People.test", UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	if got, err := base64.RawURLEncoding.DecodeString(header); string(got) != `{"alg":"HS256"}` || err != nil {
		t.Errorf("header %s, %v", got, err)
	}
	want := fmt.Sprintf(`{"email":"ada@people.test","exp":%d,"iat":%d,"userId":"u1"}`, testNow.Unix()+900, testNow.Unix())
	if got, err := base64.RawURLEncoding.DecodeString(payload); string(got) != want || err != nil {
		t.Errorf("payload %s, %v; want %s", got, err, want)
	}
	said, err := f.parse(nodeToken)
	if err != nil || said != (claims{Email: "ada@people.test", UserID: "u1"}) {
		t.Errorf("better-auth's own token says %+v, %v", said, err)
	}
}

func TestATokenSaysWhatWasSigned(t *testing.T) {
	t.Parallel()
	f := newTestFeature(t, testNow)
	for _, c := range []claims{
		{Email: "ada@people.test", UserID: "u1"},
		{Email: "ada@people.test", UserID: "u1", UpdateTo: "countess@people.test", RequestType: confirmChange},
		{Email: "ada@people.test", UserID: "u1", UpdateTo: "countess@people.test", RequestType: verifyChange},
	} {
		token, err := f.sign(c)
		if err != nil {
			t.Fatal(err)
		}
		if said, err := f.parse(token); said != c || err != nil {
			t.Errorf("%+v came back as %+v, %v", c, said, err)
		}
	}
}

func TestD82TokensThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newTestFeature(t, testNow)
	exp := testNow.Unix() + 60
	payload := fmt.Sprintf(`{"email":"ada@people.test","userId":"u1","exp":%d}`, exp)
	good := hs256(payload)
	if _, err := f.parse(good); err != nil {
		t.Fatal(err)
	}
	if _, err := f.parse(jws(sha256.New, formerSecret, `{"alg":"HS256"}`, payload)); err != nil {
		t.Errorf("signed with the former secret: %v", err)
	}
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", signature[42])
	for name, token := range map[string]string{
		"nothing":                     "",
		"a dot":                       ".",
		"two dots":                    "..",
		"three words":                 "a.b.c",
		"another secret":              jws(sha256.New, "another secret of some 32 characters", `{"alg":"HS256"}`, payload),
		"alg none":                    b64(`{"alg":"none"}`) + "." + body + ".",
		"alg none, signed":            jws(sha256.New, testSecret, `{"alg":"none"}`, payload),
		"alg HS512":                   jws(sha512.New, testSecret, `{"alg":"HS512"}`, payload),
		"alg HS384":                   jws(sha512.New384, testSecret, `{"alg":"HS384"}`, payload),
		"alg in other letter case":    jws(sha256.New, testSecret, `{"alg":"hs256"}`, payload),
		"alg RS256":                   jws(sha256.New, testSecret, `{"alg":"RS256"}`, payload),
		"no alg":                      jws(sha256.New, testSecret, `{}`, payload),
		"a critical extension":        jws(sha256.New, testSecret, `{"alg":"HS256","crit":["x"],"x":1}`, payload),
		"no end":                      hs256(`{"email":"ada@people.test","userId":"u1"}`),
		"an end in words":             hs256(`{"email":"ada@people.test","exp":"tomorrow"}`),
		"not yet":                     hs256(fmt.Sprintf(`{"email":"ada@people.test","exp":%d,"nbf":%d}`, exp, testNow.Unix()+1)),
		"no address":                  hs256(fmt.Sprintf(`{"userId":"u1","exp":%d}`, exp)),
		"an address that is none":     hs256(fmt.Sprintf(`{"email":"ada","exp":%d}`, exp)),
		"an object as address":        hs256(fmt.Sprintf(`{"email":{},"exp":%d}`, exp)),
		"an array":                    hs256(`[]`),
		"no JSON":                     hs256(`hello`),
		"a changed payload":           head + "." + b64(strings.Replace(payload, "u1", "u2", 1)) + "." + signature,
		"a cut signature":             good[:len(good)-1],
		"no signature":                head + "." + body + ".",
		"a fourth part":               good + ".x",
		"padding":                     good + "=",
		"a line break behind":         good + "\n",
		"a line break in the header":  head[:4] + "\n" + head[4:] + "." + rest,
		"a line break in the payload": head + "." + body[:4] + "\r\n" + body[4:] + "." + signature,
		"a blank in front":            " " + good,
		"spare bits set":              good[:len(good)-1] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last+1]),
		"the JSON form":               `{"protected":"` + head + `","payload":"` + body + `","signature":"` + signature + `"}`,
		"five parts":                  "a.b.c.d.e",
		"longer than any":             strings.Repeat("a", maxTokenBytes-len(good)+1) + good,
		"megabytes of dots":           strings.Repeat(".", 4<<20), // D82
	} {
		if said, err := f.parse(token); !errors.Is(err, errTokenInvalid) {
			t.Errorf("%s: %+v, %v", name, said, err)
		}
	}
}

func TestATokenExpires(t *testing.T) {
	t.Parallel()
	token, err := newTestFeature(t, testNow).sign(claims{Email: "ada@people.test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newTestFeature(t, testNow.Add(15*time.Minute-time.Millisecond)).parse(token); err != nil {
		t.Errorf("a moment before its end: %v", err)
	}
	if _, err := newTestFeature(t, testNow.Add(15*time.Minute)).parse(token); !errors.Is(err, errTokenExpired) {
		t.Errorf("at its end: %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for lifetime, good := range map[time.Duration]bool{time.Minute: true, 7 * 24 * time.Hour: true, time.Second: false, 8 * 24 * time.Hour: false} {
		if err := (Config{ExpiresIn: lifetime}).Validate(); (err == nil) != good {
			t.Errorf("%v: %v", lifetime, err)
		}
	}
}

// FuzzVerificationToken: no text becomes a token but one we signed, and that in one spelling only.
func FuzzVerificationToken(f *testing.F) {
	room := newTestFeature(f, testNow)
	good := hs256(fmt.Sprintf(`{"email":"ada@people.test","userId":"u1","exp":%d}`, testNow.Unix()+60))
	for _, seed := range []string{good, nodeToken, good + "\n", good[:len(good)-1], "a.b.c", "...", `{"payload":""}`, b64(`{"alg":"none"}`) + "." + b64(`{}`) + "."} {
		f.Add(seed, "ada@people.test", 3)
	}
	f.Fuzz(func(t *testing.T, token, email string, at int) {
		if _, err := room.parse(token); err == nil && token != good && token != nodeToken {
			t.Errorf("%q counts", token)
		}
		signed, err := room.sign(claims{Email: email, UserID: "u1"})
		if err != nil {
			t.Fatal(err)
		}
		said, err := room.parse(signed)
		if good := authflow.IsEmail(email) && len(signed) <= maxTokenBytes; good != (err == nil) || good && said.Email != strings.ToLower(email) {
			t.Errorf("%q came back as %+v, %v", email, said, err)
		}
		if err != nil || len(token) == 0 {
			return
		}
		i := int(uint(at) % uint(len(signed)))
		if changed := signed[:i] + token[:1] + signed[i+1:]; changed != signed {
			if _, err := room.parse(changed); err == nil {
				t.Errorf("%q counts, changed from %q", changed, signed)
			}
		}
	})
}

// D55: whatever is cut off or changed, the token says nothing.
func TestD55NoTamperedTokenIsParsed(t *testing.T) {
	t.Parallel()
	f := newTestFeature(t, testNow)
	if _, err := f.parse(nodeToken); err != nil {
		t.Fatal(err)
	}
	refused := func(forged string) {
		if said, err := f.parse(forged); !errors.Is(err, errTokenInvalid) {
			t.Errorf("%q says %+v, %v", forged, said, err)
		}
	}
	for i := range nodeToken {
		refused(nodeToken[:i])
		for b := range 256 {
			if byte(b) != nodeToken[i] {
				refused(nodeToken[:i] + string([]byte{byte(b)}) + nodeToken[i+1:])
			}
		}
	}
}
