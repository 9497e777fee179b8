package authflow

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// goldenCaches are what better-auth made; test/compat/reference/cookiecache.mjs writes it.
type goldenCaches struct {
	BaseURL, Secret string
	Cases           map[string]struct {
		Strategy, Version string
		At                int64
		Cookies           []string
		Answer            struct{ Session, User json.RawMessage }
	}
	Texts [][2]string
}

func readGoldenCaches(t testing.TB) goldenCaches {
	t.Helper()
	text, err := os.ReadFile("testdata/cookiecache.json")
	if err != nil {
		t.Fatal(err)
	}
	var g goldenCaches
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// request is what a browser sends after the Set-Cookie lines.
func requestAfter(lines ...string) *http.Request {
	var pairs []string
	for _, line := range lines {
		if pair, attributes, _ := strings.Cut(line, ";"); !strings.Contains(attributes, "Max-Age=0") {
			pairs = append(pairs, pair)
		}
	}
	return withCookies(strings.Join(pairs, "; "))
}

func TestCookieCachesOfBetterAuthAreRead(t *testing.T) {
	t.Parallel()
	golden := readGoldenCaches(t)
	if len(golden.Cases) != 18 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	for name, c := range golden.Cases {
		for where, keys := range map[string]*Keys{"": NewKeys(golden.Secret), ", after the secret was changed": NewKeys(testSecret, formerSecret, golden.Secret)} {
			t.Run(name+where, func(t *testing.T) {
				t.Parallel()
				now := time.UnixMilli(c.At)
				settings := CookieCacheConfig{Enabled: true, Strategy: c.Strategy, Version: c.Version}
				cache := newTestCache(t, settings, golden.BaseURL, keys, func() time.Time { return now })
				r := requestAfter(c.Cookies...)
				token := cache.cookies.Token(r)
				cached, sent := cache.read(r, token)
				if cached == nil || !sent {
					t.Fatalf("not read (sent: %t) of %q", sent, c.Cookies)
				}
				sameJSON(t, "session", cached.session, c.Answer.Session)
				sameJSON(t, "user", cached.user, c.Answer.User)
				known := identityOf(t, c.Answer.Session, c.Answer.User)
				if got := cached.identity; got.Session.Token != token || got.Session.ID != known.Session.ID || got.User.ID != known.User.ID ||
					!got.Session.ExpiresAt.Equal(known.Session.ExpiresAt) || !cached.agrees(known) {
					t.Errorf("identity %+v", got)
				}
				known.User.Name += " King"
				if cached.agrees(known) {
					t.Error("agrees with a database that has another name")
				}
				if age := now.Sub(cached.updatedAt); age < 0 || age > time.Second {
					t.Errorf("written %s before it was sent", age)
				}
				now = now.Add(time.Hour + time.Second)
				if cached, _ := cache.read(r, token); cached != nil {
					t.Error("counts for ever")
				}
			})
		}
	}
}

// What is sealed here of the same at the same moment is what better-auth has made, to the byte where nothing is drawn by lot.
func TestCookieCachesAreWrittenAsBetterAuthWritesThem(t *testing.T) {
	t.Parallel()
	golden := readGoldenCaches(t)
	for name, c := range golden.Cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			strategy, err := newCacheStrategy(c.Strategy, NewKeys(golden.Secret))
			if err != nil {
				t.Fatal(err)
			}
			cache := newTestCache(t, CookieCacheConfig{Enabled: true}, golden.BaseURL, NewKeys(golden.Secret), nil)
			sent := readChunked(requestAfter(c.Cookies...), cache.cookies.sessionData)
			theirs := sent.values()[0]
			object, end, ok := strategy.open(theirs)
			if !ok {
				t.Fatal("not opened")
			}
			var claims map[string]any
			if err := json.Unmarshal(object, &claims); err != nil {
				t.Fatal(err)
			}
			issued := end
			if iat, ok := claims["iat"].(float64); ok {
				issued = time.Unix(int64(iat), 0)
			}
			if at := bytes.LastIndex(object, []byte(`,"iat":`)); at > 0 {
				object = append(object[:at:at], '}')
			}
			ours, err := strategy.seal(object, issued, end)
			if err != nil {
				t.Fatal(err)
			}
			if c.Strategy == strategyJWE {
				object, again, ok := strategy.open(ours)
				var reread map[string]any
				if !ok || !again.Equal(end) || len(ours) != len(theirs) || json.Unmarshal(object, &reread) != nil || reread["jti"] == claims["jti"] {
					t.Fatalf("%d bytes, opened %t, over at %s; better-auth's has %d and is over at %s", len(ours), ok, again, len(theirs), end)
				}
				reread["jti"] = claims["jti"]
				if !reflect.DeepEqual(reread, claims) || ours[:strings.IndexByte(ours, '.')] != theirs[:strings.IndexByte(theirs, '.')] {
					t.Errorf("got  %v\nwant %v", reread, claims)
				}
			} else if ours != theirs {
				t.Errorf("got  %s\nwant %s", ours, theirs)
			}
		})
	}
}

func TestCookieCachesAreSplitAsBetterAuthSplitsThem(t *testing.T) {
	t.Parallel()
	golden := readGoldenCaches(t)
	several := 0
	for name, c := range golden.Cases {
		cache := newTestCache(t, CookieCacheConfig{Enabled: true}, golden.BaseURL, NewKeys(golden.Secret), nil)
		r := requestAfter(c.Cookies...)
		_, first, _ := strings.Cut(c.Cookies[len(c.Cookies)-1], ";")
		h := http.Header{}
		value := readChunked(r, cache.cookies.sessionData).values()[0]
		attributes := ";" + first
		cache.cookies.setChunked(h, withCookies(), cache.cookies.sessionData, splitValue(cache.cookies.sessionData, value, attributes), attributes)
		var want []string
		for _, line := range c.Cookies {
			if strings.HasPrefix(line, cache.cookies.sessionData) {
				want = append(want, line)
			}
		}
		if got := h["Set-Cookie"]; !slices.Equal(got, want) {
			t.Errorf("%s: %d cookies, want %d:\n%q\n%q", name, len(got), len(want), got, want)
		}
		if len(want) > 1 {
			several++
		}
	}
	if several != 3 {
		t.Errorf("%d cases were split, want one of each strategy", several)
	}
}

func TestJSONIsWrittenAsJavaScriptWritesIt(t *testing.T) {
	t.Parallel()
	golden := readGoldenCaches(t)
	if len(golden.Texts) < 10 {
		t.Fatalf("%d texts", len(golden.Texts))
	}
	for _, pair := range golden.Texts {
		got, err := stringify([]byte(pair[0]))
		if err != nil || string(got) != pair[1] {
			t.Errorf("%s\ngot  %s (%v)\nwant %s", pair[0], got, err, pair[1])
		}
	}
}

// identityOf is what a database would hold that gave this answer.
func identityOf(t testing.TB, session, user []byte) *sessionstore.Identity {
	t.Helper()
	var identity sessionstore.Identity
	for text, into := range map[string]any{string(session): &identity.Session, string(user): &identity.User} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	return &identity
}

func sameJSON(t testing.TB, what string, got, want []byte) {
	t.Helper()
	var a, b map[string]any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(a, b, func(x, y any) bool { return reflect.DeepEqual(x, y) }) {
		t.Errorf("%s is %s\nwant %s", what, got, want)
	}
}
