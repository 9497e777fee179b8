package social

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/posternhq/postern/authflow/social/oidc"
	"github.com/posternhq/postern/sessionstore"
)

// logoutKept is how long a provider's word about a session is kept: longer than an ID token that was made before it is of use.
const logoutKept = 24 * time.Hour

// hold makes sign-ins and logouts of one provider's session wait for each other until the transaction ends, so that neither misses what the
// other has not committed. The order is the same everywhere: the subject, then its session.
func (p *ProviderSessions) hold(ctx context.Context, tx *sessionstore.Store, provider, subject, sid string) error {
	for _, named := range [...]struct{ kind, name string }{{"sub ", subject}, {"sid ", sid}} {
		if named.name == "" {
			continue
		}
		if err := tx.HoldIdentity(ctx, provider, named.kind+named.name); err != nil {
			return fmt.Errorf("hold provider session: %w", err)
		}
	}
	return nil
}

// noteLogout keeps a provider's word for the sign-ins that are under way with what it ends.
func (p *ProviderSessions) noteLogout(ctx context.Context, tx *sessionstore.Store, provider string, said oidc.LogoutClaims) error {
	_, err := p.sql.Exec(ctx, tx, "NoteLogout", provider, said.Subject, said.SessionID, said.IssuedAt, p.now().Add(logoutKept))
	if err != nil {
		return fmt.Errorf("note logout: %w", err)
	}
	return nil
}

// endedSince tells whether the provider has ended a session after it made the ID token, whose iat has whole seconds: of the same one, it
// may have been after.
func (p *ProviderSessions) endedSince(ctx context.Context, tx *sessionstore.Store, s providerSession, madeAt time.Time) (ended bool, err error) {
	err = p.sql.Query(ctx, tx, "LogoutSince", []any{s.provider, s.subject, s.sid, madeAt}, func(scan func(dest ...any) error) error {
		var saidAt time.Time
		ended = true
		return scan(&saidAt)
	})
	if err != nil {
		return false, fmt.Errorf("find logout: %w", err)
	}
	return ended, nil
}

// issuedAt is iat of an ID token; the beginning of time where there is none, so that every logout is later.
func issuedAt(c Claims) time.Time {
	seconds, err := strconv.ParseFloat(c.Text("iat"), 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}
