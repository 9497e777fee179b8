package disavow

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

//go:embed page.html
var pageHTML string

// page is what a browser shows where there are no pages (package pages). It has no style, and no file beside it.
var page = template.Must(template.New("page").Parse(pageHTML))

// ask is a visit to the mailed link. It uses nothing up.
func (f *Feature) ask(c *authflow.Call) error {
	token := c.Param("token")
	if !isToken(token) {
		return f.show(c, "refused", false)
	}
	_, err := f.Store.FindVerification(c.R.Context(), prefix+token)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		return f.show(c, "refused", false)
	case err != nil:
		return fmt.Errorf("find token to disavow: %w", err)
	}
	return f.show(c, "lead", true)
}

func (f *Feature) confirm(c *authflow.Call) error {
	reset, err := f.redeem(c, c.Param("token"))
	var refused *authflow.Error
	switch {
	case errors.As(err, &refused):
		return f.show(c, "refused", false)
	case err != nil:
		return err
	case reset:
		return f.show(c, "done_reset", false)
	}
	return f.show(c, "done", false)
}

func (f *Feature) show(c *authflow.Call, text string, button bool) error {
	w := mail.Words(c.Languages())
	values := struct{ Lang, Dir, Title, Text, Button string }{Lang: w.Lang, Dir: w.Dir, Title: w.Say("disavow.title"), Text: w.Say("disavow." + text)}
	if button {
		values.Button = w.Say("disavow.do")
	}
	var out bytes.Buffer
	if err := page.Execute(&out, values); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	h := c.W.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin") // the address has the token; a form needs its Origin, which no-referrer takes away
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Language", w.Lang)
	return c.Write("text/html; charset=utf-8", out.Bytes())
}
