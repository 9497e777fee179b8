package authflow

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// SealedCookie is a cookie of a room that holds a JSON object, encrypted as better-auth's symmetricEncodeJWT does, in as many parts as
// it takes. It ends with the session.
type SealedCookie struct {
	cookies  *Cookies
	name     string
	maxAge   time.Duration
	strategy *jweStrategy
	now      func() time.Time
}

// SealedCookie returns the cookie <prefix>.<name>, which a browser keeps for maxAge. salt keeps its key apart from others. It is to be
// called before the first request.
func (c *Core) SealedCookie(name, salt string, maxAge time.Duration) (*SealedCookie, error) {
	cookies := c.Sessions.cookies
	strategy, err := newJWEStrategy(c.Keys, salt)
	if err != nil {
		return nil, err
	}
	full := cookies.prefix + name
	cookies.withSession = append(cookies.withSession, full)
	return &SealedCookie{cookies: cookies, name: full, maxAge: maxAge, strategy: strategy, now: c.Now}, nil
}

// Set sends an object. One that browsers would not keep is an error.
func (s *SealedCookie) Set(w http.ResponseWriter, r *http.Request, object any) error {
	data, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("encode %s: %w", s.name, err)
	}
	now := s.now()
	value, err := s.strategy.seal(data, now, now.Add(s.maxAge))
	if err != nil {
		return fmt.Errorf("encrypt %s: %w", s.name, err)
	}
	attributes := "; Max-Age=" + strconv.Itoa(int(s.maxAge.Seconds())) + s.cookies.attributes
	parts := splitValue(s.name, value, attributes)
	if parts == nil {
		return fmt.Errorf("%s is too large for cookies: %d bytes", s.name, len(value))
	}
	s.cookies.setChunked(w.Header(), r, s.name, parts, attributes)
	return nil
}

// Read decodes the object of the first value that one of our keys answers for and that has not expired, and tells whether there is one.
func (s *SealedCookie) Read(r *http.Request, into any) bool {
	for _, value := range readChunked(r, s.name).values() {
		data, end, ok := s.strategy.open(value)
		if ok && s.now().Before(end) && json.Unmarshal(data, into) == nil {
			return true
		}
	}
	return false
}
