package social

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// entry is somebody a provider vouches for, who wants a session.
type entry struct {
	provider    *live
	profile     Profile
	tokens      tokens
	scope       bool   // keep the scopes with a new account
	callbackURL string // where a link that proves the address leads
	noSignUp    bool
	override    bool // copy the profile onto a user who was here before
}

// entered is the session somebody got.
type entered struct {
	session sessionstore.Session
	user    sessionstore.User
	account sessionstore.Account // empty unless the account cookie is kept
	isNew   bool
	refused *refusal // there is no session, and what was written stays
}

// signIn decides whose session it is, and makes it. All that is written for it, session included, is one transaction, and what is
// decided in it on an identity does not come after another's change.
func (f *Feature) signIn(c *authflow.Call, e entry) (entered, error) {
	if e.profile.Email == "" {
		return entered{}, refuse(codeEmailNotFound, errors.New("the provider names no address, or none that is verified; ask for its e-mail scope"))
	}
	var result entered
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) (err error) {
		result, err = f.admit(c, tx, e)
		return err
	})
	switch {
	case err != nil:
		return entered{}, err
	case result.refused != nil:
		return entered{}, result.refused
	}
	f.Core.Sessions.Reissue(c, result.session, result.user)
	c.RememberDevice(result.user.Email)
	f.keepInCookie(c, result.account)
	return result, nil
}

// admit finds or makes the user, and makes the session.
func (f *Feature) admit(c *authflow.Call, tx *sessionstore.Store, e entry) (entered, error) {
	if err := f.refuseEnded(c, tx, e); err != nil {
		return entered{}, err
	}
	user, isNew, err := f.identify(c, tx, e)
	if err != nil {
		return entered{}, err
	}
	if e.provider.RequireEmailVerification && !user.EmailVerified {
		return f.turnAway(c, tx, e, user, isNew)
	}
	session, err := f.Core.Sessions.Create(c, tx, user, true, "social_"+e.provider.ID)
	if err != nil {
		return entered{}, err
	}
	if err := f.rememberSession(c, tx, e, session); err != nil {
		return entered{}, err
	}
	result := entered{session: session, user: user, isNew: isNew}
	if f.accounts != nil {
		if result.account, err = tx.FindAccount(c.R.Context(), e.provider.ID, e.profile.Subject, e.provider.accountIssuer(e.profile)); err != nil {
			return entered{}, fmt.Errorf("find account: %w", err)
		}
	}
	return result, nil
}

// turnAway keeps somebody out whose address is not proved, and mails them how to prove it.
func (f *Feature) turnAway(c *authflow.Call, tx *sessionstore.Store, e entry, user sessionstore.User, isNew bool) (entered, error) {
	refused := refuse(codeEmailNotVerified, fmt.Errorf("auth.social.%s.require_email_verification is set", e.provider.ID))
	if isNew {
		return entered{refused: refused}, nil // the letter was written at sign-up
	}
	return entered{refused: refused}, f.Prover.SendOnSignIn(c, tx, user, e.callbackURL)
}

// identify is better-auth's rule: by the account, then by the address, else somebody new.
func (f *Feature) identify(c *authflow.Call, tx *sessionstore.Store, e entry) (user sessionstore.User, isNew bool, err error) {
	account, err := f.findAccount(c, tx, e.provider, e.profile)
	switch {
	case err == nil:
		user, err = f.known(c, tx, e, account)
		return user, false, err
	case !errors.Is(err, sessionstore.ErrNotFound):
		return sessionstore.User{}, false, err
	}
	user, err = tx.FindUserByEmail(c.R.Context(), e.profile.Email)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		user, err = f.signUp(c, tx, e)
		return user, true, err
	case err != nil:
		return sessionstore.User{}, false, fmt.Errorf("find user by e-mail: %w", err)
	}
	user, err = f.linkImplicitly(c, tx, e, user)
	return user, false, err
}

// findAccount holds the provider's identity of somebody until the transaction ends, and returns its account; ErrNotFound when there is
// none.
func (f *Feature) findAccount(c *authflow.Call, tx *sessionstore.Store, p *live, profile Profile) (sessionstore.Account, error) {
	ctx := c.R.Context()
	if err := tx.HoldIdentity(ctx, p.ID, profile.Subject); err != nil {
		return sessionstore.Account{}, fmt.Errorf("hold identity: %w", err)
	}
	account, err := tx.FindAccount(ctx, p.ID, profile.Subject, p.accountIssuer(profile))
	switch {
	case errors.Is(err, sessionstore.ErrConflict):
		return sessionstore.Account{}, fmt.Errorf("several accounts of %s have one accountId; delete all rows but the right one", p.ID)
	case err != nil:
		return sessionstore.Account{}, fmt.Errorf("find account: %w", err)
	}
	return account, nil
}

// accountIssuer is what account.issuer holds, where a database has that column: as better-auth 1.7.0 wrote it.
func (l *live) accountIssuer(profile Profile) string {
	switch {
	case l.discovers:
		return l.Issuer
	case l.IDToken != nil && strings.Contains(strings.Join(l.IDToken.Issuers, " "), "{tenantid}"):
		return profile.Claims.Text("iss")
	}
	return ""
}

// known is somebody whose account is here already. Name, picture and address stay as they are.
func (f *Feature) known(c *authflow.Call, tx *sessionstore.Store, e entry, account sessionstore.Account) (sessionstore.User, error) {
	ctx := c.R.Context()
	user, err := tx.FindUser(ctx, account.UserID)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		return sessionstore.User{}, refuse(codeUnableToLink, fmt.Errorf("account %s belongs to a user who is not there; delete its row", account.ID))
	case err != nil:
		return sessionstore.User{}, fmt.Errorf("find user: %w", err)
	}
	if f.Account.UpdateOnSignIn {
		change, err := f.change(e.tokens)
		if err != nil {
			return sessionstore.User{}, err
		}
		if _, err := tx.UpdateTokens(ctx, account.ID, change); err != nil {
			return sessionstore.User{}, fmt.Errorf("update tokens: %w", err)
		}
	}
	if user, err = f.proveEmail(c, tx, e.profile, user); err != nil || !e.override {
		return user, err
	}
	return f.override(c, tx, e.profile, user)
}

// proveEmail notes that the provider has verified the user's address.
func (f *Feature) proveEmail(c *authflow.Call, tx *sessionstore.Store, profile Profile, user sessionstore.User) (sessionstore.User, error) {
	if user.EmailVerified || !profile.EmailVerified || profile.Email != user.Email {
		return user, nil
	}
	verified := true
	user, err := tx.UpdateUser(c.R.Context(), user.ID, sessionstore.UserChange{EmailVerified: &verified})
	if err != nil {
		return user, fmt.Errorf("note verified e-mail: %w", err)
	}
	return user, c.Record(tx, authflow.Event{Name: authflow.EventEmailVerified, UserID: user.ID})
}

// override copies the profile onto the user. An address that another user has is not copied.
func (f *Feature) override(c *authflow.Call, tx *sessionstore.Store, profile Profile, user sessionstore.User) (sessionstore.User, error) {
	change := profile.change()
	if profile.Email != user.Email {
		_, err := tx.FindUserByEmail(c.R.Context(), profile.Email)
		switch {
		case errors.Is(err, sessionstore.ErrNotFound):
			change.Email, change.EmailVerified = &profile.Email, &profile.EmailVerified
		case err != nil:
			return user, fmt.Errorf("find user by e-mail: %w", err)
		}
	}
	updated, err := tx.UpdateUser(c.R.Context(), user.ID, change)
	if err != nil {
		return user, fmt.Errorf("copy profile: %w", err)
	}
	event := authflow.Event{Name: authflow.EventUserUpdated, UserID: user.ID}
	if updated.Email != user.Email {
		event.Name = authflow.EventEmailChanged
	}
	return updated, c.Record(tx, event)
}

// change is what a profile says of name and picture. What it does not say stays.
func (p Profile) change() sessionstore.UserChange {
	change := sessionstore.UserChange{Name: textOrNil(p.Name)}
	if image := textOrNil(p.Image); image != nil {
		change.Image = &image
	}
	return change
}

// signUp makes a user of whom nothing is known but what the provider says. There is no password.
func (f *Feature) signUp(c *authflow.Call, tx *sessionstore.Store, e entry) (sessionstore.User, error) {
	if e.noSignUp {
		return sessionstore.User{}, refuse(codeSignUpDisabled, fmt.Errorf("auth.social.%s lets nobody new in, or only where the request asks for it", e.provider.ID))
	}
	fields, err := authflow.ReadFields(f.Core.UserFields, nil, true) // providers tell none of them
	if err != nil {
		return sessionstore.User{}, err
	}
	ctx, now := c.R.Context(), f.Core.Now()
	user := sessionstore.User{
		ID: sessionstore.UserID(sessionstore.NewID()), Name: e.profile.Name, Email: e.profile.Email, EmailVerified: e.profile.EmailVerified,
		Image: textOrNil(e.profile.Image), CreatedAt: now, UpdatedAt: now, Fields: fields,
	}
	err = tx.CreateUser(ctx, &user)
	switch {
	case errors.Is(err, sessionstore.ErrConflict):
		return user, refuse(codeUnableToCreateUser, errors.New("somebody else signed up with the address at the same time"))
	case err != nil:
		return user, fmt.Errorf("create user: %w", err)
	}
	if err := f.createAccount(c, tx, e, user.ID); err != nil {
		return user, err
	}
	if err := c.Record(tx, authflow.Event{Name: authflow.EventSignUp, UserID: user.ID, Reason: e.provider.ID}); err != nil {
		return user, err
	}
	if user.EmailVerified {
		return user, nil
	}
	return user, f.Prover.SendOnSignUp(c, tx, user, e.callbackURL)
}

// linkImplicitly makes the account one of the user who has its address. Anybody may have registered an address that is not theirs, and
// wait with a password for its owner to come: so it must be proved on both sides (D38).
func (f *Feature) linkImplicitly(c *authflow.Call, tx *sessionstore.Store, e entry, user sessionstore.User) (sessionstore.User, error) {
	var why string
	switch {
	case !f.Linking.Enabled:
		why = "auth.account_linking.enabled is false"
	case f.Linking.DisableImplicit:
		why = "auth.account_linking.disable_implicit_linking is set"
	case !user.EmailVerified:
		why = "the user who has the address has not proved it"
	case !e.profile.EmailVerified && !f.trusts(e.provider.ID):
		why = "the provider does not say that the address is verified, and is not in auth.account_linking.trusted_providers"
	}
	if why != "" {
		return user, refuse(codeAccountNotLinked, errors.New(why))
	}
	if err := f.createAccount(c, tx, e, user.ID); err != nil {
		return user, err
	}
	if err := c.Record(tx, authflow.Event{Name: authflow.EventAccountLinked, UserID: user.ID, Reason: e.provider.ID}); err != nil {
		return user, err
	}
	user, err := f.copyOnLink(c, tx, e.profile, user)
	if err != nil || !e.override {
		return user, err
	}
	return f.override(c, tx, e.profile, user)
}

// trusts tells whether a provider's word on an address counts without its saying that it is verified.
func (f *Feature) trusts(provider string) bool {
	return slices.Contains(f.Linking.TrustedProviders, provider)
}

// copyOnLink copies name and picture when that is configured; never the address.
func (f *Feature) copyOnLink(c *authflow.Call, tx *sessionstore.Store, profile Profile, user sessionstore.User) (sessionstore.User, error) {
	if !f.Linking.UpdateUserInfo {
		return user, nil
	}
	updated, err := tx.UpdateUser(c.R.Context(), user.ID, profile.change())
	if err != nil {
		return user, fmt.Errorf("copy profile: %w", err)
	}
	return updated, c.Record(tx, authflow.Event{Name: authflow.EventUserUpdated, UserID: user.ID})
}

// createAccount adds the account to a user.
func (f *Feature) createAccount(c *authflow.Call, tx *sessionstore.Store, e entry, user sessionstore.UserID) error {
	change, err := f.change(e.tokens)
	if err != nil {
		return err
	}
	now := f.Core.Now()
	account := sessionstore.Account{
		ID: sessionstore.AccountID(sessionstore.NewID()), UserID: user, ProviderID: e.provider.ID, AccountID: e.profile.Subject,
		AccessToken: change.AccessToken, RefreshToken: change.RefreshToken, IDToken: change.IDToken,
		AccessTokenExpiresAt: change.AccessTokenExpiresAt, RefreshTokenExpiresAt: change.RefreshTokenExpiresAt,
		Issuer: e.provider.accountIssuer(e.profile), CreatedAt: now, UpdatedAt: now,
	}
	if e.scope {
		scope := strings.Join(e.tokens.scopes, ",")
		account.Scope = &scope
	}
	if err := tx.CreateAccount(c.R.Context(), account); err != nil {
		return fmt.Errorf("create account: %w", err)
	}
	return nil
}
