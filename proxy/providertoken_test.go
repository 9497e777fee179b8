package proxy

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/posternhq/postern/sessionstore"
)

// wallet has a token of each user at google; "down" stands for a database that does not answer.
type wallet struct{ down bool }

func (w wallet) AccessToken(_ context.Context, user sessionstore.UserID, provider string) (string, error) {
	switch {
	case w.down:
		return "", fmt.Errorf("list accounts: %w", sessionstore.ErrUnavailable)
	case provider == "google":
		return "ya29." + string(user), nil
	case provider == "odd":
		return "two\r\nX-Postern-User-Id: lines", nil
	}
	return "", nil
}

func tokenRoutes() []RouteConfig {
	tokens := map[string]string{"google": "X-Google-Token", "github": "X-GITHUB-token", "odd": "X-Odd-Token"}
	return []RouteConfig{
		{Path: "/calendar/**", ProviderTokens: tokens},
		{Path: "/open/**", Auth: "optional", ProviderTokens: tokens},
		{Path: "/public/**", Auth: "public"},
		{Path: "/**"},
	}
}

func TestRoutesSendTheTokensOfProvidersThatTheyName(t *testing.T) {
	t.Parallel()
	f := start(t, setup{routes: tokenRoutes(), options: Options{ProviderTokens: wallet{}}})
	for _, c := range []struct{ path, credential, want string }{
		{"/calendar/today", asAnn, "ya29.u-ann"},
		{"/calendar/today", "Authorization: Bearer root", "ya29.u-root"},
		{"/open/x", asAnn, "ya29.u-ann"},
		{"/open/x", "Accept: */*", ""},
		{"/public/x", asAnn, ""},
		{"/tasks", asAnn, ""},
	} {
		lines := []string{c.credential}
		for _, name := range []string{"X-Google-Token", "X-Github-Token", "X-Odd-Token"} {
			for _, spelling := range spellings(name) {
				lines = append(lines, spelling+": forged")
			}
		}
		if res, body := f.get(t, "GET", c.path, lines...); res.StatusCode != 200 {
			t.Fatalf("%s: %d %s", c.path, res.StatusCode, body)
		}
		all := f.app.requests()
		got := all[len(all)-1]
		for name, values := range got.header {
			if strings.Contains(strings.Join(values, " "), "forged") || strings.Contains(name, "Odd") || strings.Contains(name, "Github") {
				t.Errorf("%s as %s: the application got %s: %q", c.path, c.credential, name, values)
			}
		}
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		if tokens := got.header["X-Google-Token"]; !slices.Equal(tokens, want) {
			t.Errorf("%s as %s: tokens %q, want %q", c.path, c.credential, tokens, want)
		}
	}
}

func TestWithoutTheDatabaseNoTokenIsNotTakenForNone(t *testing.T) {
	t.Parallel()
	f := start(t, setup{routes: tokenRoutes(), options: Options{ProviderTokens: wallet{down: true}}})
	if res, body := f.get(t, "GET", "/calendar/x", asAnn); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "SERVICE_UNAVAILABLE") {
		t.Errorf("answered %d: %s", res.StatusCode, body)
	}
	if o := f.outcome(t); o.Reason != reasonUnknown || o.Err == nil {
		t.Errorf("%+v", o)
	}
	if res, _ := f.get(t, "GET", "/tasks", asAnn); res.StatusCode != 200 {
		t.Errorf("another route answered %d", res.StatusCode)
	}
}

func TestHeadersOfProviderTokensAreChecked(t *testing.T) {
	t.Parallel()
	config := testConfig("http://127.0.0.1:1",
		RouteConfig{Path: "/a", Auth: "public", ProviderTokens: map[string]string{"google": "X-Token"}},
		RouteConfig{Path: "/b", ProviderTokens: map[string]string{"google": "Authorization", "github": "X_Token", "slack": "x-same", "x": "X-Same"}},
		RouteConfig{Path: "/c", ProviderTokens: map[string]string{"google": "remote-user"}},
		RouteConfig{Path: "/d", ProviderTokens: map[string]string{"google": "X-Postern-Assertion"}})
	config.Identity.Headers = map[string]string{"user_id": "Remote-User"}
	err := config.Validate()
	want := []string{
		`routes[0].provider_tokens: a public route does not know whose token to send; use auth: optional or required`,
		`routes[1].provider_tokens.github: "X_token" may have letters, digits and hyphens only, since applications fold other characters`,
		`routes[1].provider_tokens.google: "Authorization" means something else already`,
		`routes[1].provider_tokens.x: X-Same already carries another provider's token`,
		`routes[2].provider_tokens.google: Remote-User tells who is asking; use another name`,
		`routes[3].provider_tokens.google: X-Postern-Assertion tells who is asking; use another name`,
	}
	if got := strings.Split(fmt.Sprint(err), "\n"); !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
