package social

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// callbackFields are the authorization response (RFC 6749 §4.1.2), in better-auth's order. user is Apple's, iss is RFC 9207's. Whatever
// text they hold, the browser is to be sent to a page, not shown a validation error.
var callbackFields = []authflow.Field{
	authflow.Text("code", "The authorization code.").Opt().Any(),
	authflow.Text("error", "Why there is none.").Opt().Any(),
	authflow.Text("device_id", "Not used.").Opt().Any(),
	authflow.Text("error_description", "The same in words.").Opt().Any(),
	authflow.Text("state", "What the flow was begun with.").Opt().Any(),
	authflow.Text("user", "What Apple tells at the first sign-in.").Opt().Any(),
	authflow.Text("iss", "Who answers.").Opt().Any(),
}

func (f *Feature) mountCallback(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/callback/:id",
		Summary:     "Where a provider sends the browser back to",
		Params:      []authflow.Field{authflow.Text("id", "The provider's name.")},
		Query:       callbackFields,
		Begins:      true,
		Redirects:   "To callbackURL or newUserCallbackURL of the request that began it, or to its errorCallbackURL with `error` in its query.",
		OperationID: "handleOAuthCallback",
		Handle:      f.callback,
	})
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/callback/:id",
		Summary:      "The same for providers that post: leads to the GET, which gets the browser's cookies",
		Params:       []authflow.Field{authflow.Text("id", "The provider's name.")},
		Body:         callbackFields,
		BodyOptional: true,
		Query:        callbackFields,
		Form:         true,
		Redirects:    "To the same path, the fields in its query.",
		Handle:       f.callbackPosted,
	})
}

// callbackPosted turns a post of the provider's page, which a browser sends without our cookies (SameSite), into a navigation, which it
// sends with them. The query goes before the body. With auth.cookie.same_site none the browser does send them, and the provider's
// origin must be among auth.trusted_origins, as in better-auth.
func (f *Feature) callbackPosted(c *authflow.Call) error {
	query := &orderedQuery{}
	for _, field := range callbackFields {
		if c.Query.Has(field.Name) {
			query.set(field.Name, c.Query.String(field.Name))
		} else if c.Body.Has(field.Name) {
			query.set(field.Name, c.Body.String(field.Name))
		}
	}
	return c.Redirect(query.appendTo(f.redirectURI(url.PathEscape(c.Param("id")))))
}

// callback ends a flow. Whatever happens, the browser is sent somewhere: to the page the flow was begun for, with the error if there
// is one.
func (f *Feature) callback(c *authflow.Call) error {
	provider := c.Param("id")
	said, err := readCallback(c.Query)
	if err != nil {
		return f.fail(c, provider, nil, err)
	}
	s, err := f.recall(c, said.state, provider)
	if err != nil {
		return f.fail(c, provider, s, err)
	}
	target, err := f.finish(c, provider, said, s)
	if err != nil {
		return f.fail(c, provider, s, err)
	}
	return c.Redirect(target)
}

// answer is an authorization response.
type answer struct {
	code, err, description, state, user, iss string
}

func readCallback(values authflow.Values) (answer, error) {
	a := answer{
		code: values.String("code"), err: values.String("error"), description: values.String("error_description"),
		state: values.String("state"), user: values.String("user"), iss: values.String("iss"),
	}
	if a.state == "" {
		return a, refuse(codeStateNotFound, errors.New("the callback has no state (RFC 6749 §10.12)"))
	}
	return a, nil
}

// finish goes from a good state to a session or a link, and returns where the browser goes.
func (f *Feature) finish(c *authflow.Call, provider string, a answer, s *state) (string, error) {
	switch {
	case a.err != "":
		return "", &refusal{code: code(a.err), description: a.description, reason: "provider_error", cause: errors.New("the provider said so (RFC 6749 §4.1.2.1)")}
	case a.code == "":
		return "", refuse(codeNoCode, errors.New("the callback has neither code nor error"))
	}
	p, err := f.providers.find(c.R.Context(), provider)
	switch {
	case err != nil:
		return "", refuse(codeTemporarilyNotThere, err)
	case p == nil:
		return "", refuse(codeProviderNotFound, errors.New("the provider is not configured, or is turned off"))
	}
	got, profile, err := f.exchange(c.R.Context(), p, a, s)
	switch {
	case err != nil:
		return "", err
	case s.Link != nil:
		return s.CallbackURL, f.link(c, p, got, profile, s.Link)
	}
	return f.enter(c, p, got, profile, s)
}

// enter signs in and says where the browser goes.
func (f *Feature) enter(c *authflow.Call, p *live, got tokens, profile Profile, s *state) (string, error) {
	asked := s.RequestSignUp != nil && *s.RequestSignUp
	entered, err := f.signIn(c, entry{
		provider: p, profile: profile, tokens: got, scope: true,
		callbackURL: s.CallbackURL, override: p.OverrideUserInfoOnSignIn, noSignUp: p.DisableSignUp || p.DisableImplicitSignUp && !asked,
	})
	if err != nil {
		return "", err
	}
	if entered.isNew && s.NewUserURL != "" {
		return s.NewUserURL, nil
	}
	return s.CallbackURL, nil
}

// fail sends the browser to the flow's error page, or to the API's own, and tells the operator what the user is not told.
func (f *Feature) fail(c *authflow.Call, provider string, s *state, err error) error {
	var refused *refusal
	var public *authflow.Error
	switch {
	case errors.As(err, &refused):
	case errors.As(err, &public) && public.Code != "":
		// A gate keeps the user out; it has words for that.
		refused = &refusal{code: code(public.Code), description: public.Message, reason: strings.ToLower(public.Code), cause: err}
	default:
		refused = refuse(codeInternal, err)
	}
	f.noteRefused(c, provider, s, refused)
	target := f.Core.APIURL + "/error"
	if s != nil && s.ErrorURL != "" {
		target = s.ErrorURL
	}
	params := url.Values{"error": {string(refused.code)}}
	if refused.description != "" {
		params.Set("error_description", refused.description)
	}
	return c.Redirect(authflow.AppendQuery(target, params))
}

// noteRefused records that somebody was kept out, or not linked, and logs which check failed.
func (f *Feature) noteRefused(c *authflow.Call, provider string, s *state, r *refusal) {
	event := authflow.Event{Name: authflow.EventSignInFailed, Outcome: authflow.OutcomeFailure, Reason: r.why()}
	if s != nil && s.Link != nil {
		event.Name, event.UserID = authflow.EventAccountLinked, s.Link.UserID
	}
	c.Note(event)
	level := slog.LevelWarn
	if r.code == codeInternal || errors.Is(r, sessionstore.ErrUnavailable) {
		level = slog.LevelError
	}
	f.Core.Logger.LogAttrs(c.R.Context(), level, "social sign-in refused",
		slog.String("provider", f.providers.named(provider)),
		slog.String("code", r.why()),
		slog.String("request_id", c.Client().RequestID),
		slog.Any("err", r.cause))
}
