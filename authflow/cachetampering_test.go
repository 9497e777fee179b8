package authflow

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// sealed is the value that a cache sends for the session of the tests.
func sealed(t testing.TB, c *cookieCache) string {
	t.Helper()
	value, err := c.seal(testIdentity(), true)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestEachStrategyReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	for _, strategy := range strategies {
		cache := newStrategyCache(t, strategy)
		cached := cache.open(sealed(t, cache))
		if cached == nil {
			t.Errorf("%s: not read", strategy)
			continue
		}
		if !cached.agrees(testIdentity()) || cached.identity.Session.Token != strayToken || cached.updatedAt.UnixMilli() != cacheTime.UnixMilli() {
			t.Errorf("%s: %s %s of %s", strategy, cached.session, cached.user, cached.updatedAt)
		}
		former := newTestCache(t, CookieCacheConfig{Enabled: true, Strategy: strategy}, "http://localhost:3000", NewKeys(formerSecret), cache.now)
		if cache.open(sealed(t, former)) == nil {
			t.Errorf("%s: what the former secret sealed is not read", strategy)
		}
		other := newTestCache(t, CookieCacheConfig{Enabled: true, Strategy: strategy}, "http://localhost:3000", NewKeys("another secret of some 32 characters"), cache.now)
		if cache.open(sealed(t, other)) != nil {
			t.Errorf("%s: what another secret sealed is read", strategy)
		}
	}
}

// D55: whatever is cut off or changed, the value is no longer ours.
func TestD55ATamperedCookieCacheIsRefused(t *testing.T) {
	t.Parallel()
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			cache := newStrategyCache(t, strategy)
			value := sealed(t, cache)
			if cache.open(value) == nil {
				t.Fatal("the untampered one is refused")
			}
			refused := func(changed string) {
				if changed != value && cache.open(changed) != nil {
					t.Errorf("%q counts", changed)
				}
			}
			for i := range len(value) {
				for _, part := range []string{value[:i], value[i+1:], value[:i] + value[i+1:], value[:i] + "\n" + value[i:], value[:i] + value[i:i+1] + value[i:]} {
					refused(part)
				}
			}
			for i := range len(value) {
				for b := range 256 {
					refused(value[:i] + string([]byte{byte(b)}) + value[i+1:])
				}
			}
			for _, more := range []string{"A", "=", ".", "\n", "\r\n", " ", "%", "\x00", value, "." + value} {
				refused(value + more)
				refused(more + value)
			}
		})
	}
}

// D55: a cookie that is split is one value.
func TestD55ATamperedChunkIsRefused(t *testing.T) {
	t.Parallel()
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			cache := newStrategyCache(t, strategy)
			identity := testIdentity()
			picture := "data:image/png;base64," + strings.Repeat("iVBORw0K", 400)
			identity.User.Image = &picture
			w := httptest.NewRecorder()
			cache.set(w, withCookies(), identity, true)
			chunks := cookiePairs(w.Header()["Set-Cookie"])
			names := slices.Sorted(maps.Keys(chunks))
			if !slices.Equal(names, []string{"better-auth.session_data.0", "better-auth.session_data.1"}) {
				t.Fatalf("split into %q", names)
			}
			reads := func(values map[string]string) bool {
				var pairs []string
				for name, value := range values {
					pairs = append(pairs, name+"="+value)
				}
				cached, _ := cache.read(withCookies(strings.Join(pairs, "; ")), strayToken)
				return cached != nil
			}
			if !reads(chunks) {
				t.Fatal("the untampered one is refused")
			}
			with := func(name, value string) map[string]string {
				changed := maps.Clone(chunks)
				changed[name] = value
				return changed
			}
			for _, name := range names {
				value := chunks[name]
				for i := range len(value) {
					if i%7 != 0 && i > 50 && i < len(value)-100 { // each place is one more signature over five thousand bytes
						continue
					}
					for _, b := range []byte{value[i] ^ 1, 'A', '.', '='} {
						if changed := value[:i] + string([]byte{b}) + value[i+1:]; changed != value && reads(with(name, changed)) {
							t.Errorf("%s with %q at %d counts", name, b, i)
						}
					}
					if reads(with(name, value[:i])) || i > 0 && reads(with(name, value[i:])) {
						t.Errorf("%s cut at %d counts", name, i)
					}
				}
			}
			first, second := chunks[names[0]], chunks[names[1]]
			for what, values := range map[string]map[string]string{
				"without the first":         {names[1]: second},
				"without the second":        {names[0]: first},
				"in the other order":        {names[0]: second, names[1]: first},
				"the first twice":           {names[0]: first, names[1]: first},
				"one more":                  with("better-auth.session_data.2", "A"),
				"the whole in the first":    {names[0]: first + second, names[1]: second},
				"with leading zeros":        {"better-auth.session_data.00": first, names[1]: second},
				"with numbers as one types": {"better-auth.session_data.+0": first, "better-auth.session_data.1e0": second},
			} {
				if reads(values) {
					t.Errorf("%s: counts", what)
				}
			}
			for what, values := range map[string]map[string]string{
				"with a chunk no server of ours writes": with("better-auth.session_data.100", "A"),
				"with other numbers":                    {"better-auth.session_data.3": first, "better-auth.session_data.7": second},
				"with a whole one that is nothing":      with("better-auth.session_data", "A"),
				"in quotes":                             {names[0]: `"` + first + `"`, names[1]: second},
			} {
				if !reads(values) {
					t.Errorf("%s: does not count", what)
				}
			}
		})
	}
}

func cookiePairs(lines []string) map[string]string {
	pairs := map[string]string{}
	for _, line := range lines {
		pair, _, _ := strings.Cut(line, ";")
		name, value, _ := strings.Cut(pair, "=")
		pairs[name] = value
	}
	return pairs
}

// D82: what a forged token says of itself is not believed, and costs no more than its length.
func TestD82ForgedCookieCachesAreRefused(t *testing.T) {
	t.Parallel()
	encode := base64.RawURLEncoding.EncodeToString
	object, err := json.Marshal(cachePayload{
		Session: NewSessionObject(testIdentity().Session), User: NewUserObject(testIdentity().User), UpdatedAt: cacheTime.UnixMilli(), Version: "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	payload := []byte(withMember(object, dates(cacheTime, cacheTime.Add(5*time.Minute))))
	keys := NewKeys(testSecret)
	ours, err := newJWEKey([]byte(testSecret), sessionSalt)
	if err != nil {
		t.Fatal(err)
	}
	public := bytes.Repeat([]byte("k"), 64) // a key of the attacker's
	var deflated bytes.Buffer
	deflater, err := flate.NewWriter(&deflated, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range 1 << 10 {
		_, _ = deflater.Write(make([]byte, 1<<16)) // a buffer takes everything
	}
	if err := deflater.Close(); err != nil {
		t.Fatal(err)
	}
	encrypted := func(alg jose.KeyAlgorithm, enc jose.ContentEncryption, key any, zip jose.CompressionAlgorithm) string {
		encrypter, err := jose.NewEncrypter(enc, jose.Recipient{Algorithm: alg, Key: key, KeyID: ours.id, PBES2Count: 1000}, &jose.EncrypterOptions{Compression: zip})
		if err != nil {
			t.Fatal(err)
		}
		jwe, err := encrypter.Encrypt(payload)
		if err != nil {
			t.Fatal(err)
		}
		text, err := jwe.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	signed := func(header string) string {
		text := encode([]byte(header)) + "." + encode(payload)
		return text + "." + keys.signURL(text)
	}
	forgeries := map[string]string{
		"no signature":                          encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + ".",
		"no signature, as HS256":                jwtHeader + "." + encode(payload) + ".",
		"a header with more to say":             signed(`{"alg":"HS256","typ":"JWT"}`),
		"a header with the key":                 signed(`{"alg":"HS256","jwk":{"kty":"oct","k":"` + encode([]byte(testSecret)) + `"}}`),
		"another algorithm over our key":        signed(`{"alg":"HS512"}`),
		"a header of spaces":                    signed(`{ "alg" : "HS256" }`),
		"compressed":                            encrypted(jose.DIRECT, jose.A256CBC_HS512, ours.cipher, jose.DEFLATE),
		"another encryption":                    encrypted(jose.DIRECT, jose.A256GCM, ours.cipher[:32], ""),
		"another key under our name":            encrypted(jose.DIRECT, jose.A256CBC_HS512, public, ""),
		"a password that is dear to check":      encrypted(jose.PBES2_HS512_A256KW, jose.A256CBC_HS512, ours.cipher, ""),
		"a wrapped key":                         encrypted(jose.A256KW, jose.A256CBC_HS512, ours.cipher[:32], ""),
		"a bomb":                                encode([]byte(`{"alg":"dir","enc":"A256CBC-HS512","zip":"DEF","kid":"`+ours.id+`"}`)) + "..AAAAAAAAAAAAAAAAAAAAAA." + encode(deflated.Bytes()) + "." + encode(public[:32]),
		"a megabyte of iterations":              encode([]byte(`{"alg":"PBES2-HS512+A256KW","enc":"A256CBC-HS512","p2c":2147483647,"p2s":"AA","kid":"`+ours.id+`"}`)) + ".AA.AA.AA.AA",
		"our header alone":                      ours.header + "....",
		"our header and no content":             ours.header + "..AAAAAAAAAAAAAAAAAAAAAA.." + encode(public[:32]),
		"an encrypted key that is not there":    ours.header + ".AA.AAAAAAAAAAAAAAAAAAAAAA.AA.AA",
		"dots":                                  strings.Repeat(".", 4<<20),
		"dots behind our header":                ours.header + strings.Repeat(".", 4<<20),
		"dots behind the other":                 jwtHeader + strings.Repeat(".", 4<<20),
		"letters":                               strings.Repeat("A", 4<<20),
		"braces":                                encode([]byte(compactStart + strings.Repeat("{", 1<<20) + compactExpiry + "1" + compactSignature + strings.Repeat("A", macLength) + compactEnd)),
		"expiries":                              encode([]byte(compactStart + strings.Repeat(compactExpiry+"1", 1<<16) + compactSignature + strings.Repeat("A", macLength) + compactEnd)),
		"nothing between start and end":         encode([]byte(compactStart + compactEnd)),
		"no expiry":                             encode([]byte(compactStart + "{}" + compactSignature + strings.Repeat("A", macLength) + compactEnd)),
		"an empty object that is signed":        encode([]byte(compactStart + compactExpiry + "1" + compactSignature + keys.signURL(compactExpiry+"1}") + compactEnd)),
		"a signature in the other alphabet":     encode([]byte(compactStart + string(payload) + compactExpiry + "1" + compactSignature + strings.TrimSuffix(keys.Sign(withMember(payload, compactExpiry+"1")), "=") + compactEnd)),
		"a letter's token":                      signedClaims(t, keys, `{"email":"ada@people.test","userId":"user-1"`),
		"a token without end":                   signedClaims(t, keys, strings.TrimSuffix(string(object), "}")),
		"the session's own cookie":              strayToken + "." + straySignature,
		"its value in its place":                encode([]byte(strayToken)),
		"JSON that is no object, but is signed": signedClaims(t, keys, `[1`),
	}
	for strategy, honest := range map[string]string{strategyJWT: signed(`{"alg":"HS256"}`), strategyJWE: encrypted(jose.DIRECT, jose.A256CBC_HS512, ours.cipher, "")} {
		if newStrategyCache(t, strategy).open(honest) == nil {
			t.Fatalf("%s: what the forgeries are made of would not count either", strategy)
		}
	}
	for _, strategy := range strategies {
		cache := newStrategyCache(t, strategy)
		for name, forged := range forgeries {
			if cache.open(forged) != nil {
				t.Errorf("%s: %s counts", strategy, name)
			}
		}
		for _, other := range strategies {
			if value := sealed(t, newStrategyCache(t, other)); other != strategy && cache.open(value) != nil {
				t.Errorf("what %s sealed counts where the strategy is %s", other, strategy)
			}
		}
	}
}

// signedClaims is a token with our header and key; the claims lack their last brace.
func signedClaims(t testing.TB, keys *Keys, claims string) string {
	t.Helper()
	text := jwtHeader + "." + base64.RawURLEncoding.EncodeToString([]byte(claims+"}"))
	return text + "." + keys.signURL(text)
}

// D82, D77: a header of nothing but chunks is read once, and answered with no more lines than a server of ours has ever set.
func TestD77D82ChunksWithoutEndAreNotFollowed(t *testing.T) {
	t.Parallel()
	var pairs []string
	for i := range 100_000 {
		pairs = append(pairs, fmt.Sprintf("better-auth.session_data.%d=A", i))
	}
	r := withCookies(strings.Join(pairs, "; "))
	for _, strategy := range strategies {
		cache := newStrategyCache(t, strategy)
		if cached, sent := cache.read(r, strayToken); cached != nil || !sent {
			t.Errorf("%s: read %v, sent %t", strategy, cached, sent)
		}
		w := httptest.NewRecorder()
		cache.set(w, r, testIdentity(), true)
		if got := len(w.Header()["Set-Cookie"]); got != maxCookieChunks+1 {
			t.Errorf("%s: %d lines", strategy, got)
		}
		w = httptest.NewRecorder()
		cache.cookies.ExpireSession(w, r)
		if got := len(w.Header()["Set-Cookie"]); got != maxCookieChunks+3 {
			t.Errorf("%s: %d lines to sign out", strategy, got)
		}
	}
	many := withCookies(strings.Repeat("better-auth.session_data=A; ", 100_000))
	if got := len(readChunked(many, "better-auth.session_data").values()); got != maxCookieCandidates {
		t.Errorf("%d values are looked at", got)
	}
}

// FuzzCookieCache: nothing counts but what was sealed, however it is spelled, and nothing makes the parsers fall.
func FuzzCookieCache(f *testing.F) {
	genuine := map[string]bool{}
	caches := map[string]*cookieCache{}
	for _, strategy := range strategies {
		caches[strategy] = newStrategyCache(f, strategy)
		value := sealed(f, caches[strategy])
		genuine[value] = true
		f.Add(value)
		f.Add(strings.Replace(value, ".", "..", 1))
	}
	ours, err := newJWEKey([]byte(testSecret), sessionSalt)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", ".", "....", jwtHeader, jwtHeader + "..", ours.header + "..AAAAAAAAAAAAAAAAAAAAAA.AAAA.AA", "eyJzZXNzaW9uIjp7fSwiZXhwaXJlc0F0IjoxLCJzaWduYXR1cmUiOiIifQ", "\"", "%", "\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for strategy, cache := range caches {
			if cache.open(value) != nil && !genuine[value] {
				t.Errorf("%s: %q counts", strategy, value)
			}
			r := withCookies("a=b; better-auth.session_data=" + value)
			if cached, _ := cache.read(r, strayToken); cached != nil && !cached.agrees(testIdentity()) {
				t.Errorf("%s: %q counts as %s", strategy, value, cached.user)
			}
		}
	})
}

// FuzzCookieChunks: what is split comes back whole, whatever else stands in the header.
func FuzzCookieChunks(f *testing.F) {
	f.Add("better-auth.session_data=x; better-auth.session_data.0=y", "value", uint16(3))
	f.Add("better-auth.session_data.00=x;=;;better-auth.session_data.", strings.Repeat("v", 9000), uint16(4000))
	f.Add("better-auth.session_data.99999999999999999999=x", "v", uint16(0))
	f.Fuzz(func(t *testing.T, header, value string, overhead uint16) {
		const name = "better-auth.session_data"
		readChunked(withCookies(header), name).values()
		value = strings.Map(func(r rune) rune {
			if r <= ' ' || r > '~' || strings.ContainsRune(`;"`, r) {
				return -1
			}
			return r
		}, value)
		attributes := strings.Repeat("a", int(overhead))
		parts := splitValue(name, value, attributes)
		size := 0
		h := http.Header{}
		(&Cookies{}).setChunked(h, withCookies(), name, parts, attributes)
		var pairs []string
		for _, line := range h["Set-Cookie"] {
			if len(line) > maxCookieBytes {
				t.Errorf("a cookie of %d bytes", len(line))
			}
			pairs = append([]string{strings.TrimSuffix(line, attributes)}, pairs...) // browsers may send them in any order
			size += len(line)
		}
		if parts == nil {
			return
		}
		got := readChunked(withCookies(strings.Join(pairs, "; ")), name).values()
		if value == "" && len(got) == 0 {
			return
		}
		if len(got) != 1 || got[0] != value {
			t.Errorf("%q came back as %q in %d bytes", value, got, size)
		}
	})
}

// FuzzStringify: what it has written once it leaves alone, and it is the same JSON.
func FuzzStringify(f *testing.F) {
	for _, pair := range readGoldenCaches(f).Texts {
		f.Add(pair[0])
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		once, err := stringify([]byte(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		twice, err := stringify(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%q: %q, and then %q (%v)", text, once, twice, err)
		}
	})
}
