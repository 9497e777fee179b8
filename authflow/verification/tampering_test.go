package verification_test

import (
	"net/url"
	"testing"

	"github.com/posternhq/postern/authflow/authflowtest"
)

// Whatever is cut off a mailed token or changed in it, it proves nothing, and the right one works all the same in the end.
func TestD55ATamperedTokenIsRefused(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	proving, changing := flow.Unverified("Ada"), flow.User("Grace")
	for name, address := range map[string]string{"proof": sent(flow, proving, "/in"), "change": asked(flow, changing, newAddress)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flow := flow.For(t)
			link, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			token, target := link.Query().Get("token"), link.Query().Get("callbackURL")
			for n, forged := range authflowtest.Tampered(token) {
				if n%19 != 0 { // TestD55NoTamperedTokenIsParsed tries them all
					continue
				}
				flow.Browser().Get("/verify-email?token="+url.QueryEscape(forged)).Fails(401, "INVALID_TOKEN").Sets()
			}
			flow.Browser().Open(address).RedirectsTo(target)
		})
	}
}
