package social

import (
	"maps"
	"net/http"
	"slices"

	"github.com/posternhq/postern/authflow"
)

// mountSignIn is sign-in by a provider, from the browser's first request.
func (f *Feature) mountSignIn(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/sign-in/social",
		Summary: "Sign in with an account at a provider: says where to send the browser, or takes an ID token",
		Body: []authflow.Field{
			authflow.Text("callbackURL", "Where the browser ends up.").Opt(),
			authflow.Text("newUserCallbackURL", "The same for somebody who was not here before.").Opt(),
			authflow.Text("errorCallbackURL", "Where the browser ends up when it fails; it gets error=….").Opt(),
			providerField,
			authflow.Flag("disableRedirect", "Whether the client redirects by itself."),
			idTokenField(
				authflow.Number("expiresAt", "When the access token expires.").Opt(),
				authflow.Object("user", "What Apple tells beside the token, once.",
					authflow.Object("name", "The name.", authflow.Text("firstName", "").Opt(), authflow.Text("lastName", "").Opt()).Opt(),
					authflow.Text("email", "The address.").Opt(),
				).Opt(),
			),
			scopesField,
			authflow.Flag("requestSignUp", "Whether somebody new may come in where that must be asked for."),
			loginHintField,
			parametersField(),
			dataField,
		},
		Begins:      true,
		OperationID: "socialSignIn",
		Answer:      authflow.AnyOf{startAnswer{}, signInAnswer{}}, // the latter for an ID token
		Errors: []*authflow.Error{
			authflow.ErrProviderNotFound, authflow.ErrProviderUnavailable, authflow.ErrIDTokenNotSupported, authflow.ErrInvalidToken(http.StatusUnauthorized),
			authflow.ErrNoUserInfo, authflow.ErrUserEmailNotFound, authflow.ErrEmailNotVerified, errNotLinked,
		},
		Handle: f.signInSocial,
	})
}

// The fields that sign-in and link have in common.
var (
	providerField  = authflow.Choice("provider", "The provider's name, as in the settings.")
	scopesField    = authflow.Texts("scopes", "Scopes to ask for besides the configured ones.").Opt()
	loginHintField = authflow.Text("loginHint", "Whom the provider should expect, such as an address.").Opt()
	dataField      = authflow.Record("additionalData", "Whatever the client wants to have kept with the flow.").Opt()
)

// maxTokenBytes bounds an ID token or another token of a provider. The largest known are a few KiB.
const maxTokenBytes = 32 << 10

func idTokenField(more ...authflow.Field) authflow.Field {
	members := append([]authflow.Field{
		authflow.Text("token", "The ID token.").Max(maxTokenBytes),
		authflow.Text("nonce", "The nonce it was made with.").Opt(),
		authflow.Text("accessToken", "The access token that came with it.").Opt().Max(maxTokenBytes),
		authflow.Text("refreshToken", "The refresh token that came with it.").Opt().Max(maxTokenBytes),
	}, more...)
	return authflow.Object("idToken", "An ID token the client already has: no redirect then.", members...).Opt()
}

func parametersField() authflow.Field {
	field := authflow.TextMap("additionalParams", "Further parameters of the authorization request.").Opt()
	field.Refuse = func(v authflow.Values) string {
		for name := range v {
			if reserved[name] {
				return "additionalParams cannot include reserved OAuth parameters: state, client_id, redirect_uri, response_type, code_challenge, code_challenge_method, nonce, scope"
			}
		}
		return ""
	}
	return field
}

// startAnswer says where to send the browser.
type startAnswer struct {
	URL      string `json:"url"`
	Redirect bool   `json:"redirect"`
}

func (f *Feature) signInSocial(c *authflow.Call) error {
	p, err := f.asked(c)
	if err != nil {
		return err
	}
	if c.Body.Object("idToken") != nil {
		return f.signInByIDToken(c, p)
	}
	return f.start(c, p, nil)
}

// asked is the provider that a request names.
func (f *Feature) asked(c *authflow.Call) (*live, error) {
	p, err := f.providers.find(c.R.Context(), c.Body.String("provider"))
	if err != nil {
		return nil, authflow.ErrProviderUnavailable.Because(err)
	}
	if p == nil {
		return nil, authflow.ErrProviderNotFound
	}
	return p, nil
}

// start remembers the flow and answers with the address of the authorization request. Status 200 with a Location is better-auth's.
func (f *Feature) start(c *authflow.Call, p *live, link *linkState) error {
	s := &state{
		CallbackURL:  c.Body.String("callbackURL"),
		CodeVerifier: authflow.RandomString(verifierLength, alphabetURL),
		ErrorURL:     c.Body.String("errorCallbackURL"),
		NewUserURL:   c.Body.String("newUserCallbackURL"),
		Link:         link,
		Provider:     p.ID,
	}
	if s.CallbackURL == "" {
		s.CallbackURL = f.Core.BaseURL
	}
	if c.Body.Has("requestSignUp") {
		asked := c.Body.Bool("requestSignUp", false)
		s.RequestSignUp = &asked
	}
	if p.Nonce {
		s.IDTokenNonce = authflow.RandomString(nonceLength, alphabetURL)
	}
	if err := f.remember(c.R.Context(), c.W, s, c.Body.Object("additionalData")); err != nil {
		return err
	}
	target := p.authorizationURL(authorization{
		state: s.OAuthState, verifier: s.CodeVerifier, nonce: s.IDTokenNonce, redirectURI: f.redirectURI(p.ID),
		scopes: c.Body.Texts("scopes"), loginHint: c.Body.String("loginHint"), parameters: parametersOf(c.Body.Object("additionalParams")),
	})
	redirect := !c.Body.Bool("disableRedirect", false)
	if redirect {
		c.W.Header().Set("Location", target)
	}
	return c.JSON(startAnswer{URL: target, Redirect: redirect})
}

// parametersOf puts the names in order: JSON's is lost, and the same request gives the same address.
func parametersOf(v authflow.Values) []Parameter {
	var list []Parameter
	for _, name := range slices.Sorted(maps.Keys(v)) {
		list = append(list, Parameter{name, v.String(name)})
	}
	return list
}
