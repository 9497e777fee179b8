package authflowtest

import (
	"testing/fstest"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// addAdminColumns makes what better-auth's admin plugin would have made. A store learns of columns when it is opened.
func (f *Flow) addAdminColumns(sets []sessionstore.MigrationSet) {
	f.t.Helper()
	sql := []byte(`ALTER TABLE {user} ADD COLUMN "role" text;
ALTER TABLE {user} ADD COLUMN "banned" integer;
ALTER TABLE {user} ADD COLUMN "banReason" text;
ALTER TABLE {user} ADD COLUMN "banExpires" date;`)
	plugin := sessionstore.MigrationSet{Name: "admin", FS: fstest.MapFS{
		"migrations/sqlite/0001_columns.sql": {Data: sql}, "migrations/postgres/0001_columns.sql": {Data: sql},
	}}
	store, err := sessionstore.Open(f.t.Context(), f.Database, sessionstore.Options{Migrations: append(sets[:len(sets):len(sets)], plugin)})
	f.must(err)
	store.Close()
}

// Ban bans a user as an administrator would: behind the server's back, until then or for ever.
func (f *Flow) Ban(user sessionstore.User, until *time.Time) {
	f.t.Helper()
	_, err := f.tables.Exec(f.t.Context(), f.Store.Store, "Ban", user.ID, until)
	f.must(err)
}

// BanReason is what stands in that column.
func (f *Flow) BanReason(user sessionstore.User) (reason *string) {
	f.t.Helper()
	f.read("BanReason", func(scan func(...any) error) error { return scan(&reason) }, user.ID)
	return reason
}
