package social

import "testing"

func TestAuthorizationURLHasBetterAuthsOrder(t *testing.T) {
	t.Parallel()
	request := authorization{
		state: "the-state", verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", redirectURI: "https://app.test/api/auth/callback/x", scopes: []string{"calendar"},
		loginHint: "ada@people.test", parameters: []Parameter{{"state", "forged"}, {"foo", "a b"}},
	}
	const pkce = "code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 appendix B
	for _, test := range []struct {
		name, id string
		cfg      ProviderConfig
		want     string
	}{
		{"google", "google", ProviderConfig{
			ClientID: "id", ClientSecret: "s", IncludeGrantedScopes: true, HostedDomain: "people.test", AccessType: "offline", Prompt: "consent", Scopes: []string{"drive"},
		}, "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=id&state=the-state&scope=email+profile+openid+drive+calendar" +
			"&redirect_uri=https%3A%2F%2Fapp.test%2Fapi%2Fauth%2Fcallback%2Fx&login_hint=ada%40people.test&prompt=consent&hd=people.test&access_type=offline&" +
			pkce + "&include_granted_scopes=true&foo=a+b"},
		{"github", "github", ProviderConfig{ClientID: "id", ClientSecret: "s", AuthorizationURL: "http://127.0.0.1:1/authorize?tenant=%20a&state=old"},
			"http://127.0.0.1:1/authorize?tenant=%20a&response_type=code&client_id=id&state=the-state&scope=read%3Auser+user%3Aemail+calendar" +
				"&redirect_uri=https%3A%2F%2Fapp.test%2Fapi%2Fauth%2Fcallback%2Fx&login_hint=ada%40people.test&" + pkce + "&foo=a+b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := newProvider(test.id, test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.authorizationURL(request); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
