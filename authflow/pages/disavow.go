package pages

import "net/http"

// showDisavow takes the mailed token out of the address, as showReset does, and asks. Opening the link does nothing: programs that look through
// mail open it, too.
func showDisavow(v *visit) error {
	if token := v.r.URL.Query().Get("token"); keepable(token) {
		v.kept.Disavow = token
		v.w.Header().Set("Referrer-Policy", "no-referrer")
		return v.redirect(disavowPath)
	}
	if v.kept.Disavow == "" && v.problem == nil {
		v.problem = &problem{Status: http.StatusBadRequest, Code: "link.incomplete"}
	}
	return v.show("not-me", struct{ Refused bool }{v.kept.Disavow == ""})
}

func disavow(v *visit) error {
	var answer struct{ PasswordReset bool }
	err := v.call(http.MethodPost, "/disavow", fields{"token": v.kept.Disavow}, &answer)
	if isCode(err, "INVALID_TOKEN") {
		v.kept.Disavow = ""
		return v.refusalOf("link", "INVALID_TOKEN")
	}
	if err != nil {
		return err
	}
	v.kept = kept{Nonce: newNonce(), Notice: "secured"}
	if answer.PasswordReset {
		v.kept.Notice = "secured_reset"
	}
	return v.redirect(SignInPath)
}
