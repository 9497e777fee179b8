// Package sessionstore keeps users, sessions, accounts and verifications in better-auth's tables, in PostgreSQL or in an
// embedded SQLite file, and remembers session look-ups in memory.
//
//	Open ── postgres.go  pgx pool ──┐
//	    └── sqlite.go    one file ──┴─ db.go: named queries, transactions, errors
//	                                    ├─ users.go sessions.go accounts.go verifications.go cleanup.go
//	                                    ├─ fields.go: what the settings (fieldconfig.go) add to users and sessions
//	                                    ├─ query.go: *.sql with the names of mapping.go filled in once
//	                                    └─ Statements: the same for a feature's own tables
//	Migrate, Status ── inspect.go: what is there, what is missing, what can not work; addcolumn.go: additional fields
//	Cache ── a Store whose FindSession answers from memory
//	    └── Coherence: triggers write down what others change, polls and notifications have the cache forget it
//
// Callers may rely on this:
//
//   - Times are UTC with millisecond precision, as JavaScript keeps them.
//   - What may happen only once is decided by one conditional statement, so it happens once however many ask at once.
//   - A write that was acknowledged survives the process being killed and the power failing.
//   - A question that could not be asked is ErrUnavailable, and never looks like "no such row". When the database is back
//     everything works again without a restart.
//   - A change made through this process is seen by its Cache before the call that made it returns. Changes made elsewhere,
//     by whomever, are seen as soon as Coherence has read of them; without it after CacheConfig.TTL; StaleIfError later, by who
//     changes nothing, while the database is unavailable.
//
// It does not know what a password is, when a session is too old, or who may see what: that is authflow's. It never alters a
// table of better-auth that exists, but for two things: Migrate adds the columns of additional fields to user and session where they are
// missing, and the triggers of Coherence. Tables of features are created by their own MigrationSet, apart from better-auth's.
package sessionstore
