package authflowtest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// outage is what the store says while a test has the database away.
type outage struct{ sessions, rest atomic.Bool }

// DatabaseAway has every question to the database fail from now on, as if it did not answer. Sessions that are remembered may be
// served all the same, as the cache does for a while: then only the rest is away.
func (f *Flow) DatabaseAway(sessionsToo bool) {
	f.outage.sessions.Store(sessionsToo)
	f.outage.rest.Store(true)
}

// DatabaseBack ends that.
func (f *Flow) DatabaseBack() {
	f.outage.sessions.Store(false)
	f.outage.rest.Store(false)
}

// store is the cache, whose database may be away. It has every method that a room asks for.
type store struct {
	*sessionstore.Cache
	away *outage
}

var errAway = fmt.Errorf("%w: %w", sessionstore.ErrUnavailable, errors.New("dial tcp 10.0.0.5:5432: connection refused"))

func ask[T any](away *atomic.Bool, question func() (T, error)) (T, error) {
	if away.Load() {
		var nothing T
		return nothing, errAway
	}
	return question()
}

func (s store) Find(ctx context.Context, look sessionstore.Lookup) (*sessionstore.Identity, error) {
	return ask(&s.away.sessions, func() (*sessionstore.Identity, error) { return s.Cache.Find(ctx, look) })
}

func (s store) ReloadSession(ctx context.Context, token sessionstore.Token) (*sessionstore.Identity, error) {
	return ask(&s.away.sessions, func() (*sessionstore.Identity, error) { return s.Cache.ReloadSession(ctx, token) })
}

// Renew writes at once, so that whoever looks at the row finds it as the answer has it.
func (s store) Renew(identity *sessionstore.Identity, until time.Time) *sessionstore.Identity {
	if s.away.rest.Load() {
		return nil
	}
	renewed := s.Cache.Renew(identity, until)
	if err := s.Cache.WriteRenewals(context.Background()); err != nil {
		panic(err)
	}
	return renewed
}

func (s store) DeleteExpiredSession(ctx context.Context, token sessionstore.Token) (bool, error) {
	return ask(&s.away.rest, func() (bool, error) { return s.Cache.DeleteExpiredSession(ctx, token) })
}

func (s store) ListSessions(ctx context.Context, id sessionstore.UserID) ([]sessionstore.Session, error) {
	return ask(&s.away.rest, func() ([]sessionstore.Session, error) { return s.Cache.ListSessions(ctx, id) })
}

func (s store) ListAccounts(ctx context.Context, id sessionstore.UserID) ([]sessionstore.Account, error) {
	return ask(&s.away.rest, func() ([]sessionstore.Account, error) { return s.Cache.ListAccounts(ctx, id) })
}

func (s store) FindUser(ctx context.Context, id sessionstore.UserID) (sessionstore.User, error) {
	return ask(&s.away.rest, func() (sessionstore.User, error) { return s.Cache.FindUser(ctx, id) })
}

func (s store) FindUserByEmail(ctx context.Context, email string) (sessionstore.User, error) {
	return ask(&s.away.rest, func() (sessionstore.User, error) { return s.Cache.FindUserByEmail(ctx, email) })
}

func (s store) FindCredential(ctx context.Context, id sessionstore.UserID) (sessionstore.Account, error) {
	return ask(&s.away.rest, func() (sessionstore.Account, error) { return s.Cache.FindCredential(ctx, id) })
}

func (s store) FindUserWithCredential(ctx context.Context, email string) (sessionstore.User, *sessionstore.Account, error) {
	if s.away.rest.Load() {
		return sessionstore.User{}, nil, errAway
	}
	return s.Cache.FindUserWithCredential(ctx, email)
}

func (s store) FindVerification(ctx context.Context, identifier string) (sessionstore.Verification, error) {
	return ask(&s.away.rest, func() (sessionstore.Verification, error) { return s.Cache.FindVerification(ctx, identifier) })
}

func (s store) ConsumeVerification(ctx context.Context, identifier string) (sessionstore.Verification, error) {
	return ask(&s.away.rest, func() (sessionstore.Verification, error) { return s.Cache.ConsumeVerification(ctx, identifier) })
}

func (s store) CreateVerification(ctx context.Context, v sessionstore.Verification) error {
	_, err := ask(&s.away.rest, func() (struct{}, error) { return struct{}{}, s.Cache.CreateVerification(ctx, v) })
	return err
}

func (s store) FindLatestVerification(ctx context.Context, identifier string) (sessionstore.Verification, error) {
	return ask(&s.away.rest, func() (sessionstore.Verification, error) { return s.Cache.FindLatestVerification(ctx, identifier) })
}

func (s store) DeleteVerification(ctx context.Context, id sessionstore.VerificationID) (bool, error) {
	return ask(&s.away.rest, func() (bool, error) { return s.Cache.DeleteVerification(ctx, id) })
}

func (s store) FindUserAccount(ctx context.Context, user sessionstore.UserID, id sessionstore.AccountID) (sessionstore.Account, error) {
	return ask(&s.away.rest, func() (sessionstore.Account, error) { return s.Cache.FindUserAccount(ctx, user, id) })
}

func (s store) ReplaceTokens(ctx context.Context, id sessionstore.AccountID, redeemed string, change sessionstore.TokenChange) (bool, error) {
	return ask(&s.away.rest, func() (bool, error) { return s.Cache.ReplaceTokens(ctx, id, redeemed, change) })
}

func (s store) Ping(ctx context.Context) error {
	_, err := ask(&s.away.rest, func() (struct{}, error) { return struct{}{}, s.Cache.Ping(ctx) })
	return err
}

func (s store) InTx(ctx context.Context, do func(tx *sessionstore.Store) error) error {
	_, err := ask(&s.away.rest, func() (struct{}, error) { return struct{}{}, s.Cache.InTx(ctx, do) })
	return err
}

// forgetful is a Recorder that cannot write one kind of event in a transaction.
type forgetful struct {
	authflow.Recorder
	of authflow.EventName
}

// Record writes the event down, or does not.
func (r forgetful) Record(ctx context.Context, tx *sessionstore.Store, e authflow.Event) error {
	if tx != nil && e.Name == r.of {
		return errors.New("audit row not written")
	}
	return r.Recorder.Record(ctx, tx, e)
}
