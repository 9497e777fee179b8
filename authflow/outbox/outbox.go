package outbox

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

//go:embed migrations queries
var files embed.FS

// Migrations are the table {postern.mail}. They are needed before there is a Store, so they are not a method.
func Migrations() sessionstore.MigrationSet {
	return sessionstore.MigrationSet{Name: "mail", FS: files}
}

// Outcome is what became of one attempt at one letter.
type Outcome = string

// The outcomes that Observe is told.
const (
	Sent    Outcome = "sent"    // the mail service has it
	Retried Outcome = "retried" // not now; there will be another attempt
	Dead    Outcome = "dead"    // given up
)

// Options are optional: zero values work.
type Options struct {
	Logger  *slog.Logger     // nil: nothing is logged
	Now     func() time.Time // nil: time.Now
	Observe func(o Outcome)  // called once per attempt; nil: nobody is told
	Poll    time.Duration    // about how often to look for letters of other replicas, and for due ones; zero: 5 seconds
}

// Outbox is the queue of one store. It is safe for concurrent use.
type Outbox struct {
	store   *sessionstore.Store
	sql     *sessionstore.Statements
	sender  mail.Sender
	options Options
	wake    chan struct{} // holds one token when something may have been enqueued
	slots   chan struct{} // holds one token per letter in hand
}

// concurrency is how many letters are in hand at once. Two, so that one letter to a server that does not answer does not hold
// up all others; not more, since mail services count requests (Resend: two a second).
const concurrency = 2

// New returns the outbox of a store whose migrations were run. It starts nothing: Run does.
func New(store *sessionstore.Store, sender mail.Sender, o Options) (*Outbox, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(Outcome) {}
	}
	if o.Poll == 0 {
		o.Poll = 5 * time.Second
	}
	queries, err := fs.Sub(files, "queries")
	if err != nil {
		return nil, fmt.Errorf("open mail queries: %w", err)
	}
	statements, err := store.Statements(queries)
	if err != nil {
		return nil, fmt.Errorf("prepare mail queries: %w", err)
	}
	return &Outbox{
		store: store, sql: statements, sender: sender, options: o,
		wake:  make(chan struct{}, 1),
		slots: make(chan struct{}, concurrency),
	}, nil
}

// Enqueue adds a letter to the caller's transaction: it will be sent if that commits, and never was if it does not. The
// letter's Key is its name: one enqueued under a Key that is still waiting is the same letter and not added again. A
// letter without a Key gets one. Returns an error wrapping mail.ErrPermanent, without asking the database, for a letter
// that cannot be sent as it is.
func (o *Outbox) Enqueue(ctx context.Context, tx *sessionstore.Store, m mail.Message) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("enqueue %s letter: %w", m.Kind, err)
	}
	if m.Key == "" {
		m.Key = sessionstore.NewID()
	}
	now := o.now()
	if _, err := o.sql.Exec(ctx, tx, "Enqueue", m.Key, m.Kind, m.To, m.Subject, storable(m.Text), storable(m.HTML), now, now); err != nil {
		return fmt.Errorf("enqueue %s letter: %w", m.Kind, err)
	}
	o.nudge()
	return nil
}

// nudge tells Run to look soon. It comes before the caller's commit, when there is nothing to be seen yet, and also when that
// commit never happens: looking in vain is harmless, and Run looks several times (see pace).
func (o *Outbox) nudge() {
	select {
	case o.wake <- struct{}{}:
	default: // Run has yet to see the last one
	}
}

func (o *Outbox) now() time.Time { return o.options.Now().UTC().Truncate(time.Millisecond) }
