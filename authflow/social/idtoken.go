package social

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// signInAnswer is that of a sign-in without a redirect.
type signInAnswer struct {
	Redirect bool                `json:"redirect"`
	Token    sessionstore.Token  `json:"token"`
	User     authflow.UserObject `json:"user"`
}

// signInByIDToken signs in by a token that an app or a widget got from the provider itself (Google One Tap, Sign in with Apple).
func (f *Feature) signInByIDToken(c *authflow.Call, p *live) error {
	sent := c.Body.Object("idToken")
	got, profile, err := f.readIDToken(c, p, sent)
	if err != nil {
		return err
	}
	got.refresh = "" // as better-auth, which keeps it only when linking
	entered, err := f.signIn(c, entry{
		provider: p, profile: profile, tokens: got, callbackURL: c.Body.String("callbackURL"),
		noSignUp: p.DisableSignUp || p.DisableImplicitSignUp && !c.Body.Bool("requestSignUp", false),
	})
	if err != nil {
		var refused *refusal
		if errors.As(err, &refused) {
			f.noteRefused(c, p.ID, nil, refused)
			return refused.public()
		}
		return err
	}
	return c.JSON(signInAnswer{Token: entered.session.Token, User: authflow.NewUserObject(entered.user)})
}

// readIDToken verifies the token and reads its profile. The other tokens are the client's word alone: nothing is decided on them.
func (f *Feature) readIDToken(c *authflow.Call, p *live, sent authflow.Values) (tokens, Profile, error) {
	if p.IDToken == nil || p.IDToken.NoSignIn {
		return tokens{}, Profile{}, authflow.ErrIDTokenNotSupported
	}
	got := tokens{id: sent.String("token"), access: sent.String("accessToken"), refresh: sent.String("refreshToken")}
	claims, err := p.verifySent(c.R.Context(), got.id, sent.String("nonce"))
	if err != nil {
		f.noteRefused(c, p.ID, nil, &refusal{code: "invalid_token", cause: err})
		return tokens{}, Profile{}, authflow.ErrInvalidToken(http.StatusUnauthorized)
	}
	if claims == nil {
		got.id = "" // it is none
	}
	profile, err := p.profileOfIDToken(c.R.Context(), got, claims, userSent(sent))
	if err != nil {
		f.noteRefused(c, p.ID, nil, refuse(codeNoUserInfo, err))
		return tokens{}, Profile{}, authflow.ErrNoUserInfo
	}
	if profile.Email == "" {
		f.noteRefused(c, p.ID, nil, refuse(codeEmailNotFound, errors.New("the ID token names no address; ask for the provider's e-mail scope")))
		return tokens{}, Profile{}, authflow.ErrUserEmailNotFound
	}
	return got, profile, nil
}

// userSent is what Apple's libraries get beside the token.
func userSent(sent authflow.Values) Claims {
	name := sent.Object("user").Object("name")
	if name == nil {
		return nil
	}
	return Claims{"name": map[string]any{"firstName": name.String("firstName"), "lastName": name.String("lastName")}}
}

// profileOfIDToken reads the profile of a verified token.
func (l *live) profileOfIDToken(ctx context.Context, got tokens, claims, user Claims) (Profile, error) {
	g := Grant{AccessToken: got.access, IDToken: claims, User: user, API: l.api(got.access), App: l.api("")}
	if claims == nil {
		if got.access == "" {
			return Profile{}, errors.New("there is neither an ID token nor an access token")
		}
		var err error
		if claims, err = g.userInfo(ctx, l.UserInfoURL); err != nil {
			return Profile{}, err
		}
	}
	return l.readProfile(ctx, g, claims)
}

// linkStatus answers a link that needed no redirect.
type linkStatus struct {
	URL      string `json:"url"` // empty
	Status   bool   `json:"status"`
	Redirect bool   `json:"redirect"`
}

// linkByIDToken adds the account an ID token vouches for to the caller.
func (f *Feature) linkByIDToken(c *authflow.Call, p *live) error {
	got, profile, err := f.readIDToken(c, p, c.Body.Object("idToken"))
	if err != nil {
		return err
	}
	me := c.Identity().User
	e := entry{provider: p, profile: profile, tokens: got}
	err = f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		account, err := f.findAccount(c, tx, p, profile)
		switch {
		case err == nil && account.UserID == me.ID:
			return f.linkAgain(c, tx, e, me, account)
		case err == nil:
			return authflow.ErrSocialAccountLinked
		case !errors.Is(err, sessionstore.ErrNotFound):
			return err
		case !f.Linking.Enabled || !profile.EmailVerified && !f.trusts(p.ID):
			return authflow.ErrLinkingNotAllowed
		case profile.Email != me.Email && !f.Linking.AllowDifferentEmails:
			return authflow.ErrLinkingOtherEmail
		}
		err = f.addAccount(c, tx, e, me)
		if errors.Is(err, sessionstore.ErrNotFound) || errors.Is(err, sessionstore.ErrConflict) {
			return authflow.ErrLinkingFailed.Because(err)
		}
		return err
	})
	var public *authflow.Error
	if errors.As(err, &public) {
		c.Note(authflow.Event{Name: authflow.EventAccountLinked, Outcome: authflow.OutcomeFailure, UserID: me.ID, Reason: strings.ToLower(public.Code)})
	}
	if err != nil {
		return err
	}
	return c.JSON(linkStatus{Status: true})
}
