package pages

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/posternhq/postern/sessionstore"
)

// kept is what a browser keeps for the pages, sealed, until it is closed: what makes its forms ours, and what must not stand in an
// address. It is no session and opens nothing of one.
type kept struct {
	Nonce  string `json:"n,omitempty"` // of forms
	Notice notice `json:"i,omitempty"` // shown once, by the next page
	Email  string `json:"e,omitempty"` // that a letter is on its way to

	Reset    string `json:"r,omitempty"` // mailed token
	Deletion string `json:"d,omitempty"` // likewise
	Disavow  string `json:"w,omitempty"` // likewise
	SignedIn int64  `json:"s,omitempty"` // Unix seconds; until a page has seen the session
}

// notice names a sentence of the language files, notice.…
type notice string

const (
	cookieName = "postern.pages"
	// maxKept bounds the sealed cookie, which no browser keeps beyond 4096 bytes. Tokens of ours are short; what is longer is none.
	maxKept      = 3500
	maxKeptToken = 200
	maxKeptEmail = 254 // no address is longer: RFC 5321 §4.5.3.1.3
)

// name is the cookie's. The prefix has browsers refuse one that was set without TLS.
func (p *Pages) cookieName() string {
	if p.https {
		return "__Secure-" + cookieName
	}
	return cookieName
}

// readKept tries every cookie of the name, since a browser may hold several of them.
func (p *Pages) readKept(r *http.Request) (k kept) {
	for _, cookie := range r.CookiesNamed(p.cookieName()) {
		if len(cookie.Value) > maxKept {
			continue
		}
		plain, _, ok := p.keys.Unseal(cookie.Value)
		if ok && json.Unmarshal(plain, &k) == nil && k.Nonce != "" {
			return k
		}
	}
	return kept{}
}

// keep sends the cookie if anything has changed. It goes to the pages alone, and the application never gets it.
func (v *visit) keep() error {
	if v.kept == v.before {
		return nil
	}
	if v.kept.Nonce == "" {
		v.kept.Nonce = newNonce()
	}
	plain, err := json.Marshal(v.kept)
	if err != nil {
		return err
	}
	sealed, err := v.pages.keys.Seal(plain)
	if err != nil {
		return err
	}
	http.SetCookie(v.w, &http.Cookie{
		Name: v.pages.cookieName(), Value: sealed, Path: Path, HttpOnly: true, Secure: v.pages.https, SameSite: http.SameSiteLaxMode,
	})
	return nil
}

// keepable is a mailed token that may be one of ours.
func keepable(token string) bool {
	return token != "" && len(token) <= maxKeptToken && strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// expectLetter remembers where a letter goes.
func (v *visit) expectLetter(email string) {
	if len(email) <= maxKeptEmail {
		v.kept.Email = email
	}
}

// identity is the signed-in person as the API tells of them.
type identity struct {
	Session struct {
		ID             sessionstore.SessionID `json:"id"`
		ImpersonatedBy sessionstore.UserID    `json:"impersonatedBy"`
	} `json:"session"`
	User struct {
		ID            sessionstore.UserID `json:"id"`
		Name          string              `json:"name"`
		Email         string              `json:"email"`
		EmailVerified bool                `json:"emailVerified"`
		Role          string              `json:"role"`
	} `json:"user"`
}
