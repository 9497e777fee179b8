package password_test

import (
	"net/url"
	"testing"

	"github.com/posternhq/postern/authflow/authflowtest"
)

// Whatever is cut off a reset token or changed in it, it is no token, and the right one works all the same in the end.
func TestD55ATamperedResetTokenIsRefused(t *testing.T) {
	t.Parallel()
	flow := start(t)
	token := mailedToken(flow, flow.User("Ada"))
	for _, forged := range authflowtest.Tampered(token) {
		flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": newPassword, "token": forged}).Fails(400, "INVALID_TOKEN")
		flow.Browser().Get("/reset-password/" + url.PathEscape(forged) + "?callbackURL=/reset").RedirectsTo(flow.BaseURL + "/reset?error=INVALID_TOKEN")
	}
	for _, forged := range authflowtest.NotText(token) {
		flow.Browser().Get("/reset-password/" + url.PathEscape(forged) + "?callbackURL=/reset").RedirectsTo(flow.BaseURL + "/reset?error=INVALID_TOKEN")
	}
	if n := flow.Hashes(); n != 0 {
		t.Errorf("%d hashes for nothing", n)
	}
	flow.Browser().Post("/reset-password", authflowtest.Body{"newPassword": newPassword, "token": token}).Is(200)
}
