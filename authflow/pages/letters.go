package pages

import "net/http"

// mailView is about a letter that is on its way.
type mailView struct {
	Email string
	Reset bool // it sets a password; else it proves an address
}

func showMail(v *visit) error {
	email := v.kept.Email
	me, err := v.whoami()
	if err != nil {
		return err
	}
	if me != nil && email == "" && !me.User.EmailVerified {
		email = me.User.Email
	}
	return v.show("check-mail", mailView{Email: email, Reset: v.r.URL.Query().Get("for") == "reset"})
}

func sendAgain(v *visit) error {
	email := v.line("email")
	if err := v.post("/send-verification-email", fields{"email": email, "callbackURL": v.carrying(verifyPath)}); err != nil {
		return err
	}
	v.expectLetter(email)
	v.kept.Notice = "sent_again"
	return v.redirect(v.carrying(mailPath))
}

// verifiedView is what became of a mailed link.
type verifiedView struct{ Refused, Changed bool }

// showVerified is where the API leads to from a mailed link. What it says of the address is what the session says, not the link.
func showVerified(v *visit) error {
	if _, err := v.whoami(); err != nil {
		return err
	}
	query := v.r.URL.Query()
	view := verifiedView{Changed: query.Get("of") == "email"}
	if code := query.Get("error"); code != "" {
		view.Refused, v.problem = true, v.refusalOf("link", code)
	} else {
		v.kept.Email = ""
	}
	return v.show("verify", view)
}

func showForgot(v *visit) error { return v.show("forgot", mailView{Email: v.line("email")}) }

func forgot(v *visit) error {
	email := v.line("email")
	if err := v.post("/request-password-reset", fields{"email": email, "redirectTo": v.carrying(resetPath)}); err != nil {
		return err
	}
	v.expectLetter(email)
	return v.redirect(v.carrying(mailPath, "for", "reset"))
}

// showReset takes the mailed token out of the address before it shows anything: it would stay in the history of a shared machine, and go
// to wherever a link leads.
func showReset(v *visit) error {
	query := v.r.URL.Query()
	if token := query.Get("token"); keepable(token) {
		v.kept.Reset = token
		v.w.Header().Set("Referrer-Policy", "no-referrer")
		return v.redirect(v.carrying(resetPath))
	}
	refused := false
	if code := query.Get("error"); code != "" && v.problem == nil {
		refused, v.problem = true, v.refusalOf("link", code)
	} else if v.kept.Reset == "" {
		refused = true
		if v.problem == nil {
			v.problem = &problem{Status: http.StatusBadRequest, Code: "link.incomplete"}
		}
	}
	return v.show("reset", struct{ Refused bool }{refused})
}

func reset(v *visit) error {
	err := v.post("/reset-password", fields{"newPassword": v.text("newPassword"), "token": v.kept.Reset})
	if isCode(err, "INVALID_TOKEN") {
		v.kept.Reset = ""
		return v.refusalOf("link", "INVALID_TOKEN")
	}
	if err != nil {
		return err
	}
	v.kept = kept{Nonce: v.kept.Nonce, Notice: "password_set"}
	return v.redirect(v.carrying(SignInPath))
}
