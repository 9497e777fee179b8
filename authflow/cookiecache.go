package authflow

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// CookieCacheConfig is better-auth's session.cookieCache, to be read by it and by its helper getCookieCache.
//
// Its refreshCache is not here: better-auth itself ignores that wherever sessions are in a database.
type CookieCacheConfig struct {
	Enabled  bool          `key:"enabled" default:"false" doc:"Send session and user in a second, signed cookie, <prefix>.session_data, as better-auth's session.cookieCache. Postern reads it in get-session alone; routes never trust it. For frontends and Node servers that read it themselves."`
	MaxAge   time.Duration `key:"max_age" default:"5m" doc:"How long that cookie counts. Who reads it without asking takes a revoked session for good this long."`
	Strategy string        `key:"strategy" default:"compact" doc:"compact (JSON with an HMAC), jwt (HS256) or jwe (encrypted). What the Node server has."`
	Version  string        `key:"version" default:"1" doc:"Change it, and cookies with another version count no more."`
}

func (c CookieCacheConfig) validate() []error {
	var problems []error
	switch c.Strategy {
	case "", strategyCompact, strategyJWT, strategyJWE:
	default:
		problems = append(problems, fmt.Errorf("session.cookie_cache.strategy: %q is not compact, jwt or jwe", c.Strategy))
	}
	if c.MaxAge != 0 && (c.MaxAge < time.Second || c.MaxAge%time.Second != 0 || c.MaxAge > maxCookieAge) {
		problems = append(problems, fmt.Errorf("session.cookie_cache.max_age: %s is not a number of seconds between 1s and 400 days; better-auth's default is 5m", c.MaxAge))
	}
	return problems
}

// cookieCache writes and reads the cookie session_data. A nil one is a cookie cache that is turned off.
type cookieCache struct {
	cookies  *Cookies
	strategy cacheStrategy
	name     string // of the strategy
	maxAge   time.Duration
	version  string
	now      func() time.Time
	logger   *slog.Logger
}

func newCookieCache(c CookieCacheConfig, cookies *Cookies, now func() time.Time, logger *slog.Logger) (*cookieCache, error) {
	if !c.Enabled {
		return nil, nil
	}
	name := cmp.Or(c.Strategy, strategyCompact)
	strategy, err := newCacheStrategy(name, cookies.keys)
	return &cookieCache{
		cookies: cookies, strategy: strategy, name: name, now: now, logger: logger,
		maxAge: cmp.Or(c.MaxAge, 5*time.Minute), version: cmp.Or(c.Version, "1"),
	}, err
}

// cachePayload is what the cookie says.
type cachePayload struct {
	Session   SessionObject `json:"session"`
	User      UserObject    `json:"user"`
	UpdatedAt int64         `json:"updatedAt"` // milliseconds, as Date.now
	Version   string        `json:"version"`
}

// set sends what is known of a session along. remember is as for the session's own cookie.
func (c *cookieCache) set(w http.ResponseWriter, r *http.Request, identity *sessionstore.Identity, remember bool) {
	if c == nil {
		return
	}
	value, err := c.seal(identity, remember)
	attributes := c.cookies.attributes
	if remember {
		attributes = "; Max-Age=" + strconv.Itoa(int(c.maxAge.Seconds())) + attributes
	}
	parts := splitValue(c.cookies.sessionData, value, attributes)
	if err == nil && parts == nil {
		err = fmt.Errorf("%d bytes do not fit into %d cookies; the user's picture may be too large", len(value), maxCookieChunks)
	}
	if err != nil { // the session is as good without
		c.logger.WarnContext(r.Context(), "session is not sent along as a cookie", "user_id", string(identity.User.ID), "err", err)
		parts = nil
	}
	c.cookies.setChunked(w.Header(), r, c.cookies.sessionData, parts, attributes)
}

func (c *cookieCache) seal(identity *sessionstore.Identity, remember bool) (string, error) {
	now := c.now()
	lifetime := c.maxAge
	if !remember { // better-auth's, where the cookie itself has no Max-Age
		lifetime = map[string]time.Duration{strategyCompact: time.Minute, strategyJWT: 5 * time.Minute, strategyJWE: 5 * time.Minute}[c.name]
	}
	object, err := json.Marshal(cachePayload{
		Session: NewSessionObject(identity.Session), User: NewUserObject(identity.User), UpdatedAt: now.UnixMilli(), Version: c.version,
	})
	if err != nil {
		return "", err
	}
	// All strategies get it to the byte as JavaScript writes it: one needs that, and for the others the lengths are the same.
	if object, err = stringify(object); err != nil {
		return "", err
	}
	return c.strategy.seal(object, now, now.Add(lifetime))
}

// read returns what the cookie says of the session with the token, or nil, and whether there is such a cookie at all. Of the values it may
// have, the first counts that is genuine, of this session and this version, and not over.
func (c *cookieCache) read(r *http.Request, token sessionstore.Token) (cached *cachedSession, sent bool) {
	values := readChunked(r, c.cookies.sessionData).values()
	for _, value := range values {
		if cached := c.open(value); cached != nil && cached.identity.Session.Token == token {
			return cached, true
		}
	}
	return nil, len(values) > 0
}

func (c *cookieCache) open(value string) *cachedSession {
	object, end, ok := c.strategy.open(value)
	if !ok || c.now().After(end) {
		return nil
	}
	cached, version, err := parseCached(object)
	if err != nil || cmp.Or(version, "1") != c.version || c.now().After(cached.identity.Session.ExpiresAt) {
		return nil
	}
	return cached
}
