package jwt_test

import (
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/authflowtest"
)

func TestATokenIsAnnouncedAgainWhileItIsTrue(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	ada, grace := flow.SignedIn(flow.User("Ada")), flow.SignedIn(flow.User("Grace"))
	ask := func(client *authflowtest.Browser) string {
		return client.Get("/get-session").Is(200).Header.Get("Set-Auth-Jwt")
	}

	first := ask(ada)
	flow.Clock.Advance(10 * time.Second)
	if ask(ada) != first {
		t.Error("a token was signed for an answer that shows the same")
	}
	if other := ask(grace); said(t, flow, other)["name"] != "Grace" {
		t.Error("Grace got a token that is not hers")
	}
	ada.Post("/update-user", authflowtest.Body{"name": "Ada King"}).Is(200)
	changed := ask(ada)
	if got := said(t, flow, changed)["name"]; got != "Ada King" {
		t.Errorf("after the change the token says %v", got)
	}
	flow.Clock.Advance(31 * time.Second)
	if later := ask(ada); later == changed || said(t, flow, later)["iat"] != float64(flow.Clock.Now().Unix()) {
		t.Error("an old token was announced")
	}
}
