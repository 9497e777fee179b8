package social

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

//go:embed migrations queries
var sqlFiles embed.FS

// Migrations are the tables {postern.provider_session}, {postern.logout_token} and {postern.provider_logout}.
func Migrations() sessionstore.MigrationSet {
	return sessionstore.MigrationSet{Name: "social", FS: sqlFiles}
}

// providerSession says that a session of ours was begun with one of a provider's.
type providerSession struct {
	session  sessionstore.SessionID
	user     sessionstore.UserID
	provider string
	subject  string // sub of the ID token, which may be another name than the account's
	sid      string // the provider's name for its session; empty when it tells none
}

// ProviderSessions remembers which sessions end when a provider says so (OpenID Connect Back-Channel Logout 1.0).
type ProviderSessions struct {
	store *sessionstore.Store
	sql   *sessionstore.Statements
	now   func() time.Time
}

// NewProviderSessions returns them over a store whose migrations were run.
func NewProviderSessions(store *sessionstore.Store, now func() time.Time) (*ProviderSessions, error) {
	queries, err := fs.Sub(sqlFiles, "queries")
	if err != nil {
		return nil, fmt.Errorf("open queries of provider sessions: %w", err)
	}
	statements, err := store.Statements(queries)
	if err != nil {
		return nil, fmt.Errorf("prepare queries of provider sessions: %w", err)
	}
	return &ProviderSessions{store: store, sql: statements, now: now}, nil
}

// remember is for the transaction in which the session is made.
func (p *ProviderSessions) remember(ctx context.Context, tx *sessionstore.Store, s providerSession) error {
	_, err := p.sql.Exec(ctx, tx, "Remember", string(s.session), string(s.user), s.provider, s.subject, s.sid, p.now())
	if err != nil {
		return fmt.Errorf("remember provider session: %w", err)
	}
	return nil
}

// providerOf is the provider that a session was begun with; "" when it was none, or none that ends sessions.
func (p *ProviderSessions) providerOf(ctx context.Context, id sessionstore.SessionID) (provider string, err error) {
	err = p.sql.Query(ctx, p.store, "ProviderOf", []any{string(id)}, func(scan func(dest ...any) error) error { return scan(&provider) })
	if err != nil {
		return "", fmt.Errorf("find provider of session: %w", err)
	}
	return provider, nil
}

// take returns the sessions that a provider means, and forgets them: by sid, or, without one, all of a subject.
func (p *ProviderSessions) take(ctx context.Context, tx *sessionstore.Store, provider, subject, sid string) ([]providerSession, error) {
	query, args := "FindBySID", []any{provider, sid, subject}
	if sid == "" {
		query, args = "FindBySubject", []any{provider, subject}
	}
	var found []providerSession
	err := p.sql.Query(ctx, tx, query, args, func(scan func(dest ...any) error) error {
		s := providerSession{provider: provider}
		if err := scan(&s.session, &s.user); err != nil {
			return err
		}
		found = append(found, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find provider sessions: %w", err)
	}
	for _, s := range found {
		if _, err := p.sql.Exec(ctx, tx, "Forget", string(s.session)); err != nil {
			return nil, fmt.Errorf("forget provider session: %w", err)
		}
	}
	return found, nil
}

// use notes that a logout token was seen, and tells whether it is the first time. The statement decides, so of two at once one is first.
// Only a hash is kept: a jti may be anything, and of any length.
func (p *ProviderSessions) use(ctx context.Context, tx *sessionstore.Store, provider, tokenID string, life time.Duration) (first bool, err error) {
	sum := sha256.Sum256([]byte(provider + "\x00" + tokenID))
	rows, err := p.sql.Exec(ctx, tx, "UseLogoutToken", hex.EncodeToString(sum[:]), p.now().Add(life))
	if err != nil {
		return false, fmt.Errorf("note logout token: %w", err)
	}
	return rows == 1, nil
}

// goneGrace is longer than any transaction that makes a session.
const goneGrace = time.Hour

// Tidy removes what is of no use any more, at most batch rows of each kind, and says how many of the larger kind. Call it again while it removes whole
// batches. Any number of replicas may do so at once.
func (p *ProviderSessions) Tidy(ctx context.Context, batch int) (int64, error) {
	gone, err := p.sql.Exec(ctx, p.store, "DeleteGone", p.now().Add(-goneGrace), batch)
	if err != nil {
		return 0, fmt.Errorf("remove provider sessions: %w", err)
	}
	used, err := p.sql.Exec(ctx, p.store, "DeleteUsed", p.now(), batch)
	if err != nil {
		return 0, fmt.Errorf("remove logout tokens: %w", err)
	}
	said, err := p.sql.Exec(ctx, p.store, "DeleteLogouts", p.now(), batch)
	if err != nil {
		return 0, fmt.Errorf("remove logouts of providers: %w", err)
	}
	return max(gone, used, said), nil
}
