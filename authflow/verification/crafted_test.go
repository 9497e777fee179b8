package verification_test

import (
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/posternhq/postern/authflow/authflowtest"
)

const formerSecret = "the-secret-that-was-in-use-before-it!!"

// crafted is a link as another server that shares the secret may have mailed it.
func crafted(t *testing.T, flow *authflowtest.Flow, secret string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secret)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	claims["exp"] = flow.Core.Now().Add(time.Minute).Unix()
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return flow.Core.APIURL + "/verify-email?token=" + token
}

func TestLinksOfAnotherServerOfTheSameSecretWork(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.Auth.PreviousSecrets = []string{formerSecret} })
	for _, secret := range []string{authflowtest.Secret, formerSecret} {
		user := flow.Unverified("Ada")
		flow.Browser().Open(crafted(t, flow, secret, map[string]any{"email": user.Email})).Says(200, `{"status":true,"user":null}`).Sets("session_token")
	}
	user := flow.Unverified("Grace")
	flow.Browser().Open(crafted(t, flow, "another secret of some 32 characters", map[string]any{"email": user.Email})).Fails(401, "INVALID_TOKEN")
}

func TestChangesThatNoLetterOfOursAsksForAreRefused(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user, other := flow.User("Ada"), flow.User("Grace")
	for name, claims := range map[string]map[string]any{
		"no user":           {"email": user.Email, "updateTo": newAddress, "requestType": "change-email-verification"},
		"no type":           {"email": user.Email, "updateTo": newAddress, "userId": user.ID},
		"an unknown type":   {"email": user.Email, "updateTo": newAddress, "userId": user.ID, "requestType": "x"},
		"no address":        {"email": user.Email, "updateTo": "countess", "userId": user.ID, "requestType": "change-email-verification"},
		"another's user id": {"email": user.Email, "updateTo": newAddress, "userId": other.ID, "requestType": "change-email-verification"},
	} {
		flow.Browser().Open(crafted(t, flow, authflowtest.Secret, claims)).Fails(401, "INVALID_TOKEN").Sets()
		if t.Failed() {
			t.Fatal(name)
		}
	}
	claims := map[string]any{"email": user.Email, "updateTo": newAddress, "userId": "nobody", "requestType": "change-email-verification"}
	flow.Browser().Open(crafted(t, flow, authflowtest.Secret, claims)).Fails(401, "USER_NOT_FOUND")
	flow.SignedIn(user).Get("/get-session").Has("user.email", user.Email)
	flow.Browser().Open(crafted(t, flow, authflowtest.Secret, map[string]any{"email": user.Email, "userId": other.ID})).Fails(401, "INVALID_TOKEN")
}

func TestLinksWithoutTheDatabaseAreToBeOpenedAgain(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user, changing := flow.Unverified("Ada"), flow.User("Grace")
	prove, change := sent(flow, user, "/in"), asked(flow, changing, newAddress)
	browser := flow.SignedIn(user)
	flow.DatabaseAway(true)
	for _, link := range []string{prove, change} {
		flow.Browser().Open(link).Fails(503, "SERVICE_UNAVAILABLE").Sets()
	}
	flow.Browser().Post("/send-verification-email", authflowtest.Body{"email": user.Email}).Fails(503, "SERVICE_UNAVAILABLE")
	browser.Post("/send-verification-email", authflowtest.Body{"email": user.Email}).Fails(503, "SERVICE_UNAVAILABLE").Sets()
	flow.DatabaseAway(false)
	browser.Post("/send-verification-email", authflowtest.Body{"email": user.Email}).Fails(503, "SERVICE_UNAVAILABLE")
}
