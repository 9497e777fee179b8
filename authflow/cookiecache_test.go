package authflow

import (
	"log/slog"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

var strategies = []string{strategyCompact, strategyJWT, strategyJWE}

func newTestCache(t testing.TB, c CookieCacheConfig, baseURL string, keys *Keys, now func() time.Time) *cookieCache {
	t.Helper()
	cookies := NewCookies(CookieConfig{Prefix: "better-auth"}, keys, baseURL, 7*24*time.Hour)
	cache, err := newCookieCache(c, cookies, now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return cache
}

var cacheTime = time.Date(2026, 3, 1, 12, 30, 15, 123456789, time.UTC)

func newStrategyCache(t testing.TB, strategy string) *cookieCache {
	return newTestCache(t, CookieCacheConfig{Enabled: true, Strategy: strategy}, "http://localhost:3000", NewKeys(testSecret, formerSecret), func() time.Time { return cacheTime })
}

func testIdentity() *sessionstore.Identity {
	address, picture := "203.0.113.7", "https://images.example.test/ada.png"
	made := cacheTime.Add(-time.Hour).Truncate(time.Millisecond)
	return &sessionstore.Identity{
		Session: sessionstore.Session{ID: "session-1", UserID: "user-1", Token: strayToken, ExpiresAt: made.Add(7 * 24 * time.Hour), CreatedAt: made, UpdatedAt: made, IPAddress: &address},
		User:    sessionstore.User{ID: "user-1", Name: "Ada \u2028 <Lovelace>", Email: "ada@people.test", EmailVerified: true, Image: &picture, CreatedAt: made, UpdatedAt: made},
	}
}
