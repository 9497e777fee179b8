package assertion

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

//go:embed migrations
var files embed.FS

//go:embed queries.sql
var queries embed.FS

// Migrations are the table of the keys.
func Migrations() sessionstore.MigrationSet {
	return sessionstore.MigrationSet{Name: "assertion", FS: files}
}

// row is a key as it is stored.
type row struct {
	id        string // the kid
	algorithm string
	public    string // a JWK
	private   string // a JWK, sealed
	signsFrom time.Time
}

// table is where the keys are.
type table struct {
	store *sessionstore.Store
	sql   *sessionstore.Statements
}

func newTable(store *sessionstore.Store) (*table, error) {
	sql, err := store.Statements(queries)
	if err != nil {
		return nil, fmt.Errorf("prepare queries of assertion keys: %w", err)
	}
	return &table{store, sql}, nil
}

// list returns all keys, those that sign last first.
func (t *table) list(ctx context.Context) ([]row, error) {
	var rows []row
	err := t.sql.Query(ctx, t.store, "ListKeys", nil, func(scan func(dest ...any) error) error {
		var r row
		if err := scan(&r.id, &r.algorithm, &r.public, &r.private, &r.signsFrom); err != nil {
			return err
		}
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list assertion keys: %w", err)
	}
	return rows, nil
}

func (t *table) create(ctx context.Context, r row) error {
	if _, err := t.sql.Exec(ctx, t.store, "CreateKey", r.id, r.algorithm, r.public, r.private, r.signsFrom); err != nil {
		return fmt.Errorf("create assertion key: %w", err)
	}
	return nil
}

func (t *table) reseal(ctx context.Context, id, sealed string) error {
	if _, err := t.sql.Exec(ctx, t.store, "Reseal", id, sealed); err != nil {
		return fmt.Errorf("reseal assertion key: %w", err)
	}
	return nil
}

func (t *table) delete(ctx context.Context, id string) error {
	if _, err := t.sql.Exec(ctx, t.store, "DeleteKey", id); err != nil {
		return fmt.Errorf("delete assertion key: %w", err)
	}
	return nil
}
