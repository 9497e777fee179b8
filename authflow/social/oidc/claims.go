package oidc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Claims are those of a verified ID token.
type Claims struct {
	Issuer          string
	Subject         string
	Audience        []string
	AuthorizedParty string // azp; empty: not said
	ExpiresAt       time.Time
	IssuedAt        time.Time
	AuthTime        time.Time // zero: not said
	SessionID       string    // sid, the provider's name for its session (Back-Channel Logout 1.0 §2.1); empty: not said
	AccessTokenHash string    // at_hash; empty: not said
	Algorithm       string    // what the token was signed with

	// All are the claims as they stand in the token, numbers as json.Number.
	All map[string]any
}

// claimSet are the claims of a token that is being judged. Each method takes one out by its type; the first failure is kept, so that a
// list of claims reads as one.
type claimSet struct {
	all map[string]any
	err *Error
}

// parseClaims reads the payload: one JSON object and nothing behind it. Names are compared as they are written, not in the manner
// of encoding/json, for which "ISS" is "iss" too.
func parseClaims(payload []byte) (*claimSet, error) {
	d := json.NewDecoder(strings.NewReader(string(payload)))
	d.UseNumber()
	c := &claimSet{}
	if err := d.Decode(&c.all); err != nil || c.all == nil {
		return nil, errors.New("is not a JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has something behind the JSON object")
	}
	return c, nil
}

func (c *claimSet) fail(name, section, format string, args ...any) {
	if c.err == nil {
		c.err = refusal(name, section, format, args...)
	}
}

// has tells whether a claim is there; null is as good as missing.
func (c *claimSet) has(name string) bool { return c.all[name] != nil }

func (c *claimSet) require(name, section string) bool {
	if !c.has(name) {
		c.fail(name, section, "is missing")
		return false
	}
	return true
}

// text returns a claim that is text and not empty; "" when it is missing.
func (c *claimSet) text(name, section string) string {
	if !c.has(name) {
		return ""
	}
	s, ok := c.all[name].(string)
	if !ok {
		c.fail(name, section, "is %s, not text", kindOf(c.all[name]))
	} else if s == "" {
		c.fail(name, section, "is empty")
	}
	return s
}

// date returns a claim that is a NumericDate; the zero time when it is missing.
func (c *claimSet) date(name, section string) time.Time {
	if !c.has(name) {
		return time.Time{}
	}
	t, err := parseNumericDate(c.all[name])
	if err != nil {
		c.fail(name, section, "%v", err)
	}
	return t
}

// past returns a date that must not lie ahead.
func (c *claimSet) past(name, section string, now time.Time) time.Time {
	t := c.date(name, section)
	if t.After(now.Add(Leeway)) {
		c.fail(name, section, "%s is in the future; if it is not by much, set the clocks", t.Format(time.RFC3339))
	}
	return t
}

// texts returns a claim that is text or an array of text (RFC 7519 §4.1.3).
func (c *claimSet) texts(name, section string) []string {
	switch v := c.all[name].(type) {
	case string:
		return []string{v}
	case []any:
		list := make([]string, 0, len(v))
		for _, item := range v {
			s, ok := item.(string)
			if !ok {
				c.fail(name, section, "holds %s, not text", kindOf(item))
				return nil
			}
			list = append(list, s)
		}
		return list
	default:
		c.fail(name, section, "is %s, neither text nor an array of it", kindOf(v))
		return nil
	}
}

// shownList is a list of names for an error.
func shownList(list []string) string {
	const most = 5
	shown := make([]string, 0, most)
	for i, s := range list {
		if i == most {
			return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), len(list)-most)
		}
		shown = append(shown, quoted(s))
	}
	return strings.Join(shown, ", ")
}
