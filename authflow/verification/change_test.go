package verification_test

import (
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

const newAddress = "countess@people.test"

// asked asks for another address and returns the mailed link.
func asked(flow *authflowtest.Flow, user sessionstore.User, to string) string {
	flow.SignedIn(user).Post("/change-email", authflowtest.Body{"newEmail": to, "callbackURL": "/settings"}).Says(200, `{"status":true}`)
	return flow.Letter("change-email", strings.ToLower(to)).Link()
}

func TestAnAddressChangesByTheLinkMailedToTheNewOne(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.Notify = true })
	user := flow.User("Ada")
	link := asked(flow, user, "Countess@People.test")
	browser := flow.SignedIn(user)
	browser.Get("/get-session").Has("user.email", user.Email) // nothing has changed yet
	browser.Open(link).RedirectsTo("/settings").Sets("session_token")
	browser.Get("/get-session").Has("user.email", newAddress).Has("user.emailVerified", true)
	browser.Open(link).RedirectsTo("/settings?error=INVALID_TOKEN") // it works once
	if e := flow.LastEvent(authflow.EventEmailChanged); e.UserID != user.ID {
		t.Errorf("%+v", e)
	}
	flow.Letter("email-changed", user.Email) // the former address hears of it
}

func TestAChangeLinkNeedsNoSessionAndMakesNone(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.Unverified("Ada")
	link := asked(flow, user, newAddress)
	flow.Browser().Open(without(link)).Is(200).Has("status", true).Has("user.email", newAddress).Has("user.emailVerified", false).Sets()
	flow.Browser().Open(without(link)).Fails(401, "INVALID_TOKEN")
}

func TestAChangeLinkIsRefusedInSomebodyElsesBrowser(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	link := asked(flow, user, newAddress)
	stranger := flow.SignedIn(flow.User("Grace"))
	stranger.Open(link).RedirectsTo("/settings?error=INVALID_USER").Sets()
	stranger.Open(without(link)).Says(401, `{"message":"Invalid user","code":"INVALID_USER"}`)
	if e := flow.LastEvent(authflow.EventEmailVerified); e.Reason != "other_user" {
		t.Errorf("%+v", e)
	}
	flow.SignedIn(user).Open(link).RedirectsTo("/settings")
}

func TestOfSeveralChangesTheFirstToBeOpenedTakesPlace(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	first, second := asked(flow, user, "one@people.test"), asked(flow, user, "two@people.test")
	flow.Browser().Open(second).RedirectsTo("/settings")
	flow.Browser().Open(first).RedirectsTo("/settings?error=INVALID_TOKEN")
	flow.SignedIn(user).Get("/get-session").Has("user.email", "two@people.test")
}

func TestBothAddressesConfirmAChange(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.ChangeEmail.ConfirmCurrent = true })
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	browser.Post("/change-email", authflowtest.Body{"newEmail": newAddress, "callbackURL": "/settings"}).Is(200)
	if flow.LettersTo("change-email", newAddress) != 0 {
		t.Error("the new address was asked first")
	}
	confirmation := flow.Letter("confirm-change-email", user.Email)
	if !strings.Contains(confirmation.Text, newAddress) {
		t.Errorf("the present address is not told which is to come: %q", confirmation.Text)
	}
	flow.Browser().Open(without(confirmation.Link())).Says(200, `{"status":true}`)
	flow.Browser().Open(confirmation.Link()).RedirectsTo("/settings").Sets()
	browser.Get("/get-session").Has("user.email", user.Email)
	browser.Open(flow.Letter("change-email", newAddress).Link()).RedirectsTo("/settings").Sets("session_token")
	browser.Get("/get-session").Has("user.email", newAddress)
	browser.Open(confirmation.Link()).RedirectsTo("/settings?error=INVALID_TOKEN")

	unproved := flow.Unverified("Grace") // whose present address proves nothing is not asked there
	asked(flow, unproved, "grace@people.test")
}

func TestAnAddressThatIsTakenIsNotTold(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user, other := flow.User("Ada"), flow.User("Grace")
	flow.SignedIn(user).Post("/change-email", authflowtest.Body{"newEmail": other.Email}).Says(200, `{"status":true}`)
	if len(flow.Letters()) != 0 {
		t.Error("a letter was written")
	}
	if e := flow.LastEvent(authflow.EventEmailChangeRequested); e.Outcome != authflow.OutcomeFailure || e.Reason != "address_taken" {
		t.Errorf("%+v", e)
	}
}

func TestAnAddressTakenMeanwhileIsNoFault(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	link := asked(flow, user, newAddress)
	other := flow.User("Grace")
	address := newAddress
	if _, err := flow.Store.UpdateUser(t.Context(), other.ID, sessionstore.UserChange{Email: &address}); err != nil {
		t.Fatal(err)
	}
	flow.SignedIn(user).Open(link).RedirectsTo("/settings?error=INVALID_TOKEN")
	flow.SignedIn(user).Get("/get-session").Has("user.email", user.Email)
}

func TestChangesThatAreRefused(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	browser.Post("/change-email", authflowtest.Body{"newEmail": strings.ToUpper(user.Email)}).Says(400, `{"message":"Email is the same"}`)
	browser.Post("/change-email", authflowtest.Body{"newEmail": "x"}).Invalid("[body.newEmail] Invalid email address")
	browser.Post("/change-email", authflowtest.Body{"newEmail": newAddress, "callbackURL": "//evil.test"}).Fails(403, "INVALID_CALLBACK_URL")
	flow.Browser().Post("/change-email", authflowtest.Body{"newEmail": newAddress}).Fails(401, "UNAUTHORIZED")

	link := asked(flow, user, newAddress)
	flow.Clock.Advance(15 * time.Minute)
	flow.Browser().Open(link).RedirectsTo("/settings?error=TOKEN_EXPIRED")
	link = asked(flow, user, newAddress)
	if err := flow.Store.DeleteUser(t.Context(), user.ID); err != nil {
		t.Fatal(err)
	}
	flow.Browser().Open(link).RedirectsTo("/settings?error=USER_NOT_FOUND")

	closed := authflowtest.Start(t, func(s *authflowtest.Settings) { s.ChangeEmail.Enabled = false })
	closed.SignedIn(closed.User("Ada")).Post("/change-email", authflowtest.Body{"newEmail": newAddress}).Fails(400, "CHANGE_EMAIL_DISABLED")
}
