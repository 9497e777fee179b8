package pages

import (
	"errors"
	"net/http"
	"time"
)

// signInView is what the form held.
type signInView struct {
	Email  string
	Forget bool
}

// showSignIn never leads a signed-in browser on by itself. The application may have sent it because the session does not do (an old one, or
// the wrong person's), and would send it again; and who finds this page on a shared machine must see that somebody is still signed in (D51).
func showSignIn(v *visit) error {
	if err := v.greet(); err != nil {
		return err
	}
	if code := v.r.URL.Query().Get("error"); code != "" && v.problem == nil {
		v.problem = v.refusalOf("provider", code)
	}
	return v.show("sign-in", signInView{Email: v.line("email"), Forget: v.form.Has("email") && !v.form.Has("remember")})
}

// sessionDelay is how soon after a sign-in the browser must have come back for its missing session to mean something.
const sessionDelay = 2 * time.Minute

// greet finds out who is there. That this cannot be told at the moment is said, and is no reason to show no form.
func (v *visit) greet() error {
	me, err := v.whoami()
	var down *problem
	if errors.As(err, &down) {
		if v.problem == nil {
			v.problem = down
		}
		return nil
	}
	if err != nil || me != nil || v.kept.SignedIn == 0 {
		return err
	}
	began := time.Unix(v.kept.SignedIn, 0)
	v.kept.SignedIn = 0
	if !v.hasSessionCookie() && v.pages.Core.Now().Sub(began) < sessionDelay && v.problem == nil {
		v.problem = &problem{Status: http.StatusOK, Code: codeSessionNotKept}
	}
	return nil
}

// refusalOf is what a code in an address says, as far as we have words for it: nothing that a stranger wrote is shown.
func (v *visit) refusalOf(kind, code string) *problem {
	known := kind + "." + code
	if len(code) > 64 || !v.words.Has("problem."+known) {
		known = kind + ".other"
	}
	return &problem{Status: http.StatusBadRequest, Code: known}
}

func signIn(v *visit) error {
	email := v.line("email")
	err := v.post("/sign-in/email", fields{
		"email": email, "password": v.text("password"), "rememberMe": v.form.Has("remember"), "callbackURL": v.carrying(verifyPath),
	})
	if isCode(err, "EMAIL_NOT_VERIFIED") {
		v.expectLetter(email)
		return v.redirect(v.carrying(mailPath))
	}
	if err != nil {
		return err
	}
	return v.enter()
}

// enter leads somebody on who has signed in.
func (v *visit) enter() error {
	v.kept = kept{Nonce: v.kept.Nonce, SignedIn: v.pages.Core.Now().Unix()}
	return v.leave(v.destination())
}

// startProvider leads to a provider, which leads back to the API.
func startProvider(v *visit) error {
	back := v.destination()
	if !v.pages.Core.Origins.AllowsRedirect(back) {
		back = accountPath // home_url may be anywhere
	}
	var started struct{ URL string }
	err := v.call(http.MethodPost, "/sign-in/social", fields{
		"provider": v.line("provider"), "callbackURL": back, "errorCallbackURL": v.carrying(SignInPath),
		"requestSignUp": v.form.Has("sign_up"), "disableRedirect": true,
	}, &started)
	if err != nil {
		return err
	}
	return v.leave(started.URL)
}

func isCode(err error, code string) bool {
	var p *problem
	return errors.As(err, &p) && p.Code == code
}
