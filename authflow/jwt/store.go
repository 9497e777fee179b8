package jwt

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

//go:embed queries.sql
var queries embed.FS

// Migrations are better-auth's table jwks.
func Migrations() sessionstore.MigrationSet {
	return sessionstore.MigrationSet{Name: "jwt", Models: []string{"jwks"}}
}

// row is one key as it is stored.
type row struct {
	id         string // the kid of its tokens
	publicKey  string // a JWK
	privateKey string // a JWK, sealed; never logged, never answered
	createdAt  time.Time
	expiresAt  *time.Time // when it stops signing; nil: never
	alg        *string    // nil in rows of better-auth 1.6
	crv        *string    // nil for RSA too
}

// live tells whether the key may sign.
func (r row) live(now time.Time) bool { return r.expiresAt == nil || now.Before(*r.expiresAt) }

// table is the place of the keys.
type table struct {
	store *sessionstore.Store
	sql   *sessionstore.Statements
}

func newTable(store *sessionstore.Store) (*table, error) {
	sql, err := store.Statements(queries)
	if err != nil {
		return nil, fmt.Errorf("prepare jwks queries: %w", err)
	}
	return &table{store: store, sql: sql}, nil
}

// list returns all keys, the newest first.
func (t *table) list(ctx context.Context) ([]row, error) {
	var rows []row
	err := t.sql.Query(ctx, t.store, "ListKeys", nil, func(scan func(dest ...any) error) error {
		var r row
		if err := scan(&r.id, &r.publicKey, &r.privateKey, &r.createdAt, &r.expiresAt, &r.alg, &r.crv); err != nil {
			return err
		}
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return rows, nil
}

// create adds a key. The table of better-auth 1.6 has no place for its algorithm.
func (t *table) create(ctx context.Context, r row) error {
	args := []any{r.id, r.publicKey, r.privateKey, r.createdAt, r.expiresAt}
	query := "CreateKey"
	if t.sql.Has("CreateKeyWithAlgorithm") {
		query, args = "CreateKeyWithAlgorithm", append(args, r.alg, r.crv)
	}
	if _, err := t.sql.Exec(ctx, t.store, query, args...); err != nil {
		return fmt.Errorf("create key: %w", err)
	}
	return nil
}

// reseal replaces how a private key is encrypted, unless somebody else did meanwhile.
func (t *table) reseal(ctx context.Context, r row, sealed string) error {
	if _, err := t.sql.Exec(ctx, t.store, "Reseal", r.id, r.privateKey, sealed); err != nil {
		return fmt.Errorf("reseal key: %w", err)
	}
	return nil
}
