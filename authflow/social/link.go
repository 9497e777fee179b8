package social

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountLink(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/link-social",
		Summary: "Add an account at a provider to the caller: says where to send the browser, or takes an ID token",
		Session: authflow.SessionRequired,
		Body: []authflow.Field{
			authflow.Text("callbackURL", "Where the browser ends up.").Opt(),
			providerField,
			idTokenField(),
			authflow.Flag("requestSignUp", "Not used."),
			scopesField,
			authflow.Text("errorCallbackURL", "Where the browser ends up when it fails; it gets error=….").Opt(),
			authflow.Flag("disableRedirect", "Whether the client redirects by itself."),
			loginHintField,
			parametersField(),
			dataField,
		},
		Sensitive:   true,
		OperationID: "linkSocialAccount",
		Answer:      authflow.AnyOf{startAnswer{}, linkStatus{}}, // the latter for an ID token
		Errors: []*authflow.Error{
			authflow.ErrProviderNotFound, authflow.ErrProviderUnavailable, authflow.ErrIDTokenNotSupported, authflow.ErrInvalidToken(http.StatusUnauthorized),
			authflow.ErrNoUserInfo, authflow.ErrUserEmailNotFound, authflow.ErrSocialAccountLinked, authflow.ErrLinkingNotAllowed,
			authflow.ErrLinkingOtherEmail, authflow.ErrLinkingFailed,
		},
		Handle: f.linkSocial,
	})
}

func (f *Feature) linkSocial(c *authflow.Call) error {
	p, err := f.asked(c)
	if err != nil {
		return err
	}
	if c.Body.Object("idToken") != nil {
		return f.linkByIDToken(c, p)
	}
	me := c.Identity()
	sealed, err := f.linkKeys.Seal([]byte(me.Session.Token))
	if err != nil {
		return fmt.Errorf("encrypt session token: %w", err)
	}
	return f.start(c, p, &linkState{UserID: me.User.ID, Email: me.User.Email, EncryptedSessionToken: sealed})
}

// link adds the account a provider vouches for to the user who began that. The session they began it with must be alive still, as the
// database has it: nobody adds a way in to an account they were signed out of. There is no new session.
func (f *Feature) link(c *authflow.Call, p *live, got tokens, profile Profile, l *linkState) error {
	e := entry{provider: p, profile: profile, tokens: got, scope: true}
	return f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		user, err := f.linker(c, tx, l)
		if err != nil {
			return err
		}
		switch {
		case !f.Linking.Enabled:
			return refuse(codeUnableToLink, errors.New("auth.account_linking.enabled is false"))
		case !profile.EmailVerified && !f.trusts(p.ID):
			return refuse(codeUnableToLink, errors.New("the provider does not say that the address is verified, and is not in auth.account_linking.trusted_providers"))
		case profile.Email != strings.ToLower(l.Email) && !f.Linking.AllowDifferentEmails:
			return refuse(codeEmailDoesNotMatch, errors.New("the provider's address is not the user's, and auth.account_linking.allow_different_emails is not set"))
		}
		account, err := f.findAccount(c, tx, p, profile)
		switch {
		case errors.Is(err, sessionstore.ErrNotFound):
			return f.addAccount(c, tx, e, user)
		case err != nil:
			return err
		case account.UserID != user.ID:
			return refuse(codeLinkedToAnother, errors.New("the account is another user's"))
		}
		return f.linkAgain(c, tx, e, user, account)
	})
}

// linker is the user of the session that the link was begun with.
func (f *Feature) linker(c *authflow.Call, tx *sessionstore.Store, l *linkState) (sessionstore.User, error) {
	token, _, ok := f.linkKeys.Unseal(l.EncryptedSessionToken)
	if !ok {
		return sessionstore.User{}, refuse(codeUnableToLink, errors.New("the state does not tell which session began the link"))
	}
	identity, err := tx.FindSession(c.R.Context(), sessionstore.Token(token))
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		return sessionstore.User{}, refuse(codeUnableToLink, errors.New("the session that began the link was ended"))
	case err != nil:
		return sessionstore.User{}, fmt.Errorf("find session: %w", err)
	case identity.User.ID != l.UserID || !f.Core.Now().Before(identity.Session.ExpiresAt):
		return sessionstore.User{}, refuse(codeUnableToLink, errors.New("the session that began the link is over"))
	}
	return identity.User, nil
}

// addAccount gives the user one more account.
func (f *Feature) addAccount(c *authflow.Call, tx *sessionstore.Store, e entry, user sessionstore.User) error {
	if err := f.createAccount(c, tx, e, user.ID); err != nil {
		return err
	}
	if err := c.Record(tx, authflow.Event{Name: authflow.EventAccountLinked, UserID: user.ID, Reason: e.provider.ID}); err != nil {
		return err
	}
	_, err := f.copyOnLink(c, tx, e.profile, user)
	return err
}

// linkAgain renews the tokens of an account the user has already. Scopes add up: a user links again to grant more.
func (f *Feature) linkAgain(c *authflow.Call, tx *sessionstore.Store, e entry, user sessionstore.User, account sessionstore.Account) error {
	change, err := f.change(e.tokens)
	if err != nil {
		return err
	}
	if e.scope {
		change.Scope = textOrNil(mergeScopes(account.Scopes(), e.tokens.scopes))
	}
	if _, err := tx.UpdateTokens(c.R.Context(), account.ID, change); err != nil {
		return fmt.Errorf("update tokens: %w", err)
	}
	_, err = f.copyOnLink(c, tx, e.profile, user)
	return err
}

// mergeScopes adds scopes to those of a row, which keeps them separated by commas.
func mergeScopes(stored, granted []string) string {
	var merged []string
	for _, scope := range append(stored, granted...) {
		if !slices.Contains(merged, scope) {
			merged = append(merged, scope)
		}
	}
	return strings.Join(merged, ",")
}
