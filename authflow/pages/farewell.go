package pages

import "net/http"

// deleteView asks once more.
type deleteView struct {
	Confirmed bool // by the mailed link
	Password  bool // it takes the password
}

// showDelete takes the mailed token out of the address, as showReset does.
func showDelete(v *visit) error {
	if !v.pages.Offers.DeleteUser {
		return &problem{Status: http.StatusNotFound, Code: codeNotFound}
	}
	if token := v.r.URL.Query().Get("token"); keepable(token) {
		v.kept.Deletion = token
		v.w.Header().Set("Referrer-Policy", "no-referrer")
		return v.redirect(deletePath)
	}
	me, err := v.whoami()
	switch {
	case err != nil:
		return err
	case me == nil:
		return v.redirect(signInFor(deletePath))
	}
	var ways accountView
	if err := v.listWays(&ways); err != nil {
		return err
	}
	confirmed := v.kept.Deletion != ""
	return v.show("delete", deleteView{Confirmed: confirmed, Password: !confirmed && !v.pages.Offers.DeleteByMail && ways.Password})
}

func deleteAccount(v *visit) error {
	body := fields{}
	byMail := v.kept.Deletion == "" && v.pages.Offers.DeleteByMail
	if v.kept.Deletion != "" {
		body["token"] = v.kept.Deletion
	} else if password := v.text("password"); password != "" {
		body["password"] = password
	}
	err := v.post("/delete-user", body)
	switch {
	case isCode(err, "UNAUTHORIZED"):
		return v.redirect(signInFor(deletePath))
	case isCode(err, "SESSION_EXPIRED"):
		v.kept.Notice = "sign_in_again"
		return v.redirect(signInFor(deletePath))
	case isCode(err, "INVALID_TOKEN"):
		v.kept.Deletion = ""
		return v.refusalOf("link", "INVALID_TOKEN")
	case err != nil:
		return err
	case byMail:
		v.kept.Notice = "deletion_sent"
		return v.redirect(accountPath)
	}
	v.kept = kept{Nonce: newNonce(), Notice: "deleted"}
	return v.redirect(Path + "/signed-out")
}

func showSignOut(v *visit) error {
	me, err := v.whoami()
	if err != nil {
		return err
	}
	if me == nil && v.problem != nil && v.problem.Code == codeFormExpired { // the second of two clicks
		v.problem = nil
		return v.redirect(Path + "/signed-out")
	}
	return v.show("sign-out", nil)
}

// signOut also ends the session at the provider that it was begun with, if that is configured: the browser goes there. Whether it comes back
// is for post_logout_redirect_uri to say, since a provider takes no address that is not registered.
func signOut(v *visit) error {
	var answer struct{ URL string }
	err := v.call(http.MethodPost, "/sign-out", fields{"disableRedirect": true}, &answer)
	if err != nil {
		return err
	}
	v.kept, v.me = kept{Nonce: newNonce()}, nil
	if answer.URL != "" {
		return v.leave(answer.URL)
	}
	return v.redirect(Path + "/signed-out")
}

// showSignedOut says so only if it is true.
func showSignedOut(v *visit) error {
	if _, err := v.whoami(); err != nil {
		return err
	}
	return v.show("signed-out", nil)
}

// showError is where flows end that have no other page.
func showError(v *visit) error {
	code := v.r.URL.Query().Get("error")
	if v.words.Has("problem.provider." + code) {
		return v.refusalOf("provider", code)
	}
	return v.refusalOf("link", code)
}
