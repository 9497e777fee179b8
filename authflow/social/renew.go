package social

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

const (
	// renewalLife is how long one renewal may keep others waiting: longer than the token endpoint is waited for, and short enough that
	// nobody notices a replica that died with it.
	renewalLife = 30 * time.Second
	// renewalPoll is between looks at what another replica is doing.
	renewalPoll = 100 * time.Millisecond
)

// renew redeems an account's refresh token and stores what came of it. A refresh token is redeemed once, however many requests ask at
// once, of however many replicas: many providers replace it, and take a second use for theft (RFC 9700 §4.14.2). All who ask get
// the same tokens.
//
// The caller may go away meanwhile; what was redeemed is stored all the same.
func (f *Feature) renew(ctx context.Context, p *live, account sessionstore.Account) (tokens, error) {
	done := f.refreshes.DoChan(string(account.UserID)+" "+string(account.ID), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewalLife)
		defer cancel()
		return f.renewOnce(ctx, p, account)
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return tokens{}, result.Err
		}
		return result.Val.(tokens), nil
	case <-ctx.Done():
		return tokens{}, fmt.Errorf("wait for renewal: %w", context.Canceled)
	}
}

// renewOnce renews unless another replica does, and then takes what that one got.
func (f *Feature) renewOnce(ctx context.Context, p *live, seen sessionstore.Account) (tokens, error) {
	for {
		lease, now, err := f.claim(ctx, seen)
		switch {
		case err != nil:
			return tokens{}, err
		case changed(seen, now):
			// Somebody else renewed since the caller looked.
			f.release(ctx, lease)
			return f.stored(now)
		case lease != "":
			got, err := f.redeemRefresh(ctx, p, now)
			f.release(ctx, lease)
			return got, err
		}
		select {
		case <-time.After(renewalPoll):
		case <-ctx.Done():
			return tokens{}, errors.New("another replica did not finish renewing the token")
		}
	}
}

func changed(seen, now sessionstore.Account) bool {
	return deref(seen.AccessToken) != deref(now.AccessToken) || deref(seen.RefreshToken) != deref(now.RefreshToken)
}

// claim asks for the right to renew, which one replica has at a time: a row in the verification table, made under a lock. It returns
// the row's id, or none while another has the right, and the account as it is now.
func (f *Feature) claim(ctx context.Context, seen sessionstore.Account) (lease sessionstore.VerificationID, now sessionstore.Account, err error) {
	identifier := "postern-token-renewal:" + string(seen.ID)
	err = f.Store.InTx(ctx, func(tx *sessionstore.Store) error {
		if err := tx.HoldIdentity(ctx, "renewal", string(seen.ID)); err != nil {
			return fmt.Errorf("hold renewal: %w", err)
		}
		if now, err = tx.FindUserAccount(ctx, seen.UserID, seen.ID); err != nil {
			return fmt.Errorf("find account: %w", err)
		}
		_, err := tx.FindVerification(ctx, identifier)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, sessionstore.ErrNotFound):
			return fmt.Errorf("find renewal: %w", err)
		}
		lease = sessionstore.VerificationID(sessionstore.NewID())
		at := f.Core.Now()
		return tx.CreateVerification(ctx, sessionstore.Verification{
			ID: lease, Identifier: identifier, Value: "renewing", ExpiresAt: at.Add(renewalLife), CreatedAt: at, UpdatedAt: at,
		})
	})
	if err != nil {
		return "", sessionstore.Account{}, err
	}
	return lease, now, nil
}

// release gives the right back. Should that fail it ends by itself.
func (f *Feature) release(ctx context.Context, lease sessionstore.VerificationID) {
	if lease == "" {
		return
	}
	if _, err := f.Store.DeleteVerification(context.WithoutCancel(ctx), lease); err != nil {
		f.Core.Logger.LogAttrs(ctx, slog.LevelWarn, "token renewal not released", slog.Any("err", err))
	}
}

// redeemRefresh asks the provider and stores the answer, unless the row has another refresh token by then: that of a newer sign-in, or
// of a better-auth server, which does not know of our rows. The tokens are good all the same.
func (f *Feature) redeemRefresh(ctx context.Context, p *live, account sessionstore.Account) (tokens, error) {
	old, err := f.stored(account)
	if err != nil {
		return tokens{}, err
	}
	got, err := p.renew(ctx, old.refresh)
	if err != nil {
		return tokens{}, err
	}
	got.id = f.renewedIDToken(ctx, p, got, account)
	change, err := f.change(got)
	if err != nil {
		return tokens{}, err
	}
	if got.refresh == old.refresh {
		change.RefreshToken = nil // encrypted anew it would look like another one
	}
	if _, err := f.Store.ReplaceTokens(ctx, account.ID, deref(account.RefreshToken), change); err != nil {
		return tokens{}, fmt.Errorf("store renewed tokens: %w", err)
	}
	if got.refreshExpiresAt == nil {
		got.refreshExpiresAt = old.refreshExpiresAt
	}
	if got.id == "" {
		got.id = old.id
	}
	return got, nil
}

// renewedIDToken returns the ID token of a refresh answer if it is the same user's (OIDC Core §12.2), else none: it is kept for the
// application, and nothing is decided on it here.
func (f *Feature) renewedIDToken(ctx context.Context, p *live, got tokens, account sessionstore.Account) string {
	if got.id == "" || p.IDToken == nil {
		return ""
	}
	claims, err := p.verify(ctx, got, "")
	if before := storedClaims(deref(account.IDToken)); err == nil && before != nil && before.Text("sub") != claims.Text("sub") {
		err = errors.New("it is another subject's than the one before (OIDC Core §12.2)")
	}
	if err != nil {
		f.Core.Logger.LogAttrs(ctx, slog.LevelWarn, "renewed id token not kept", slog.String("provider", p.ID), slog.Any("err", err))
		return ""
	}
	return got.id
}
