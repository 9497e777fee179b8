package social

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Claims are a provider's own words about a user: a decoded JSON object, numbers as json.Number so that long ids stay exact. It is
// the one place where untyped JSON is handled; everything behind reads it by the methods.
type Claims map[string]any

// Text returns a claim that is text or a number, as text; "" when it is missing or something else.
func (c Claims) Text(name string) string {
	switch v := c[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// Is tells whether a claim is true. Some providers send booleans as text; nothing else counts.
func (c Claims) Is(name string) bool {
	v := c[name]
	return v == true || v == "true"
}

// Holds tells whether a claim is a list with that text in it.
func (c Claims) Holds(name, text string) bool {
	list, _ := c[name].([]any)
	return slices.Contains(list, any(text))
}

// Object returns a claim that is an object; nil otherwise.
func (c Claims) Object(name string) Claims {
	switch v := c[name].(type) {
	case map[string]any:
		return v
	case Claims:
		return v
	}
	return nil
}

// First returns the first of the claims that is there as text.
func (c Claims) First(names ...string) string {
	for _, name := range names {
		if text := c.Text(name); text != "" {
			return text
		}
	}
	return ""
}

// DecodeClaims reads a JSON object.
func DecodeClaims(data []byte) (Claims, error) {
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var c Claims
	if err := d.Decode(&c); err != nil {
		return nil, err
	}
	return c, nil
}

// standardProfile reads the standard claims (OIDC Core §5.1).
func standardProfile(c Claims) Profile {
	return Profile{
		Subject:       c.Text("sub"),
		Name:          c.Text("name"),
		Email:         c.Text("email"),
		EmailVerified: c.Is("email_verified"),
		Image:         c.Text("picture"),
		Claims:        c,
	}
}
