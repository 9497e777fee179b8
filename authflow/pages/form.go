package pages

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
)

// formLife is how long a form may lie open. The cookie that it belongs to ends with the browser.
const formLife = 12 * time.Hour

// formField is the name of the hidden field.
const formField = "form"

// token makes a form of this page one of ours: the time, and a signature over it and the nonce that the browser keeps. A page of another
// site has neither read nor made it; one that could set our cookie (a sibling domain) still has an Origin that the API refuses.
func (v *visit) token() string {
	if v.kept.Nonce == "" {
		v.kept.Nonce = newNonce()
	}
	at := strconv.FormatInt(v.pages.Core.Now().Unix(), 36)
	return at + "." + v.pages.keys.Sign(v.kept.Nonce+"."+at)
}

// readForm reads what was posted and tells whether it may count.
func (v *visit) readForm() error {
	form, err := authflow.ReadForm(v.w, v.r)
	if err != nil {
		return problemOf(err)
	}
	v.form = form
	if v.before.Nonce == "" {
		return &problem{Status: http.StatusBadRequest, Code: codeNoCookies}
	}
	at, signature, _ := strings.Cut(form.Get(formField), ".")
	began, err := strconv.ParseInt(at, 36, 64)
	if err != nil || !v.pages.keys.Verify(v.before.Nonce+"."+at, signature) {
		return &problem{Status: http.StatusBadRequest, Code: codeFormExpired}
	}
	if age := v.pages.Core.Now().Sub(time.Unix(began, 0)); age > formLife {
		return &problem{Status: http.StatusBadRequest, Code: codeFormExpired}
	}
	return nil
}
