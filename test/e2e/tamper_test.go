package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// tampered tries every truncation of a signed token and every changed byte (D55).
func tampered(t *testing.T, s *stack) {
	p := s.user(t)
	token, signed := p.token(t), p.signed(t)
	bare := p.elsewhere()
	refused := func(what string, edit harness.Edit) {
		t.Helper()
		if r := bare.Get(t, "/api/me", edit); r.Status != http.StatusUnauthorized {
			t.Errorf("%s answered %d", what, r.Status)
		}
	}
	cookie := func(value string) harness.Edit { return harness.Header("Cookie", harness.SessionCookie+"="+value) }
	for end := range signed {
		cut := signed[:end]
		refused("cookie cut to "+cut, cookie(cut))
		refused("cookie cut to "+cut+", encoded", cookie(url.QueryEscape(cut)))
		if cut != token { // which is a bearer token by right
			refused("bearer token cut to "+cut, harness.Bearer(cut))
		}
	}
	for i := range signed {
		for _, changed := range alterations(signed, i) {
			refused("cookie changed to "+changed, cookie(url.QueryEscape(changed)))
			if strings.Contains(changed, ".") {
				refused("bearer token changed to "+changed, harness.Bearer(changed))
			}
		}
	}
	for i := range token {
		for _, changed := range alterations(token, i) {
			refused("bearer token changed to "+changed, harness.Bearer(changed))
		}
	}
	_, signature, _ := strings.Cut(signed, ".")
	for _, forged := range []string{
		token, token + ".", "." + signature, token + "." + signature + "=", token + "." + strings.TrimRight(signature, "="),
		token + " ." + signature, strings.ToUpper(token) + "." + signature, token + "." + signature + "." + signature,
		"true." + signature, `"` + token + `"`,
	} {
		refused("cookie "+forged, cookie(url.QueryEscape(forged)))
	}
	other := s.user(t)
	_, foreign, _ := strings.Cut(other.signed(t), ".")
	refused("the signature of somebody else's cookie", cookie(url.QueryEscape(token+"."+foreign)))
	p.isIn(t)
}

// tamperedLetter does the same to the token of a verification letter (D55), which works all the same in the end.
func tamperedLetter(t *testing.T, s *stack) {
	p := s.visitor()
	p.signUp(t)
	link, err := url.Parse(p.link(t, p.email, "Confirm your e-mail address"))
	if err != nil {
		t.Fatal(err)
	}
	token := link.Query().Get("token")
	var forgeries []string
	for i := range token {
		forgeries = append(forgeries, alterations(token, i)[i%40])
		if i > 0 {
			forgeries = append(forgeries, token[:i])
		}
	}
	stranger := p.elsewhere()
	for _, forged := range forgeries {
		r := stranger.Get(t, "/api/auth/verify-email?token="+url.QueryEscape(forged))
		if r.Status != http.StatusUnauthorized || !strings.Contains(string(r.Body), `"INVALID_TOKEN"`) || len(r.Header["Set-Cookie"]) > 0 {
			t.Errorf("token changed to %s: %d %s", forged, r.Status, r.Body)
		}
	}
	stranger.isOut(t)
	stranger.noteSession(stranger.Get(t, link.String()).Want(t, http.StatusFound))
	stranger.Get(t, "/api/me").Want(t, http.StatusOK)
}

// alterations are the text with each other byte at one place that a header may carry. The others are tried without a wire, in authflow.
func alterations(text string, at int) []string {
	var all []string
	for b := byte('!'); b < 0x7f; b++ {
		if b != text[at] {
			all = append(all, text[:at]+string(rune(b))+text[at+1:])
		}
	}
	return all
}
