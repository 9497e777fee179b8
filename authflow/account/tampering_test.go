package account_test

import (
	"net/url"
	"testing"

	"github.com/posternhq/postern/authflow/authflowtest"
)

// Whatever is cut off a deletion token or changed in it, it deletes nobody, and the right one works all the same in the end.
func TestD55ATamperedDeletionTokenIsRefused(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	link, err := url.Parse(deletionLink(flow, browser, user))
	if err != nil {
		t.Fatal(err)
	}
	token := link.Query().Get("token")
	for _, forged := range authflowtest.Tampered(token) {
		browser.Get("/delete-user/callback?token="+url.QueryEscape(forged)).Fails(404, "INVALID_TOKEN").Sets()
		browser.Post("/delete-user", authflowtest.Body{"token": forged}).Fails(404, "INVALID_TOKEN").Sets()
	}
	for _, forged := range authflowtest.NotText(token) {
		browser.Get("/delete-user/callback?token="+url.QueryEscape(forged)).Fails(400, "VALIDATION_ERROR").Sets()
	}
	browser.Open(link.String()).TakesSessionAway()
}
