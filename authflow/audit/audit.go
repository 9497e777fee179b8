package audit

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

//go:embed migrations queries
var files embed.FS

// Migrations are the table {postern.audit_event}.
func Migrations() sessionstore.MigrationSet {
	return sessionstore.MigrationSet{Name: "audit", FS: files}
}

// Options are optional: zero values work.
type Options struct {
	Now     func() time.Time                                // nil: time.Now
	Observe func(authflow.EventName, authflow.EventOutcome) // called once per event; nil: nobody is told
	Signer  Signer                                          // has tampering with rows show; nil: it does not, and there are no seals
	Off     bool                                            // events are only observed, neither written nor logged
}

// Recorder writes events down. It is safe for concurrent use.
type Recorder struct {
	store   *sessionstore.Store
	sql     *sessionstore.Statements
	logger  *slog.Logger
	options Options
}

var _ authflow.Recorder = (*Recorder)(nil)

// New returns a Recorder over a store whose migrations were run. A nil logger logs nothing.
func New(store *sessionstore.Store, logger *slog.Logger, o Options) (*Recorder, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(authflow.EventName, authflow.EventOutcome) {}
	}
	queries, err := fs.Sub(files, "queries")
	if err != nil {
		return nil, fmt.Errorf("open audit queries: %w", err)
	}
	statements, err := store.Statements(queries)
	if err != nil {
		return nil, fmt.Errorf("prepare audit queries: %w", err)
	}
	return &Recorder{store: store, sql: statements, logger: logger, options: o}, nil
}

// Record writes e down.
//
// In a transaction the row stands or falls with it, and a row that cannot be written takes the transaction along: a password that
// was changed without a trace is worse than one that was not changed. sessionstore sees to that even if the caller drops
// the error, since a transaction in which a statement failed only rolls back. The log line is written at once all the
// same: should the commit fail, it tells of an attempt, and the request's own line tells that it failed.
//
// Without a transaction (tx is nil) a row that cannot be written is logged, with the event, and nil is returned: most such events
// are failures, and a database that is away must not turn "wrong password" into something else.
func (r *Recorder) Record(ctx context.Context, tx *sessionstore.Store, e authflow.Event) error {
	e = r.complete(e)
	r.options.Observe(e.Name, e.Outcome)
	if r.options.Off {
		return nil
	}
	r.logger.LogAttrs(ctx, slog.LevelInfo, "audit", attributes(e))
	if tx != nil {
		return r.insert(ctx, tx, e)
	}
	// WithoutCancel: whoever guesses passwords must not stay out of the record by hanging up early.
	if err := r.insert(context.WithoutCancel(ctx), r.store, e); err != nil {
		r.logger.LogAttrs(ctx, slog.LevelError, "audit row not written", slog.Any("err", err), attributes(e))
	}
	return nil
}

// DeleteBefore removes events older than t, at most batch of them, and says how many. Call it again while it removes
// anything. Any number of replicas may do so at once.
func (r *Recorder) DeleteBefore(ctx context.Context, t time.Time, batch int) (int64, error) {
	removed, err := r.sql.Exec(ctx, r.store, "DeleteBefore", t, batch, t.UnixMilli())
	if err == nil && removed == 0 {
		_, err = r.sql.Exec(ctx, r.store, "DeleteSeals", t.UnixMilli(), batch)
	}
	if err != nil {
		return 0, fmt.Errorf("remove old audit events: %w", err)
	}
	return removed, nil
}

func (r *Recorder) insert(ctx context.Context, on *sessionstore.Store, e authflow.Event) error {
	row := Row{
		ID: sessionstore.NewID(), At: e.At, Event: string(e.Name), Outcome: string(e.Outcome),
		UserID: string(e.UserID), ActorID: string(e.ActorID), SessionID: string(e.SessionID), Account: e.Account,
		IPAddress: address(e.ClientIP), UserAgent: e.UserAgent, RequestID: e.RequestID, Reason: e.Reason, Device: device(e), Place: e.Place,
	}
	if r.options.Signer != nil {
		row.mac = macOf(r.options.Signer, row)
	}
	_, err := r.sql.Exec(ctx, on, "Insert", row.ID, row.At, row.Event, row.Outcome,
		optional(row.UserID), optional(row.ActorID), optional(row.SessionID), optional(row.Account),
		optional(row.IPAddress), optional(row.UserAgent), optional(row.RequestID), optional(row.Reason),
		optional(row.Device), optional(row.Place), optional(row.mac))
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Name, err)
	}
	return nil
}

// Bounds, in bytes, of what comes from clients more or less directly.
const (
	maxUserAgent = 512
	maxAccount   = 254 // no address is longer: RFC 5321 §4.5.3.1.3
	maxRequestID = 128
	maxReason    = 64
	maxPlace     = 200
	maxDevice    = 100
)

// complete fills in what the event leaves open, and makes its text fit to be kept.
func (r *Recorder) complete(e authflow.Event) authflow.Event {
	if e.Outcome == "" {
		e.Outcome = authflow.OutcomeSuccess
	}
	if e.At.IsZero() {
		e.At = r.options.Now()
	}
	e.At = e.At.UTC().Truncate(time.Millisecond)
	if e.UserID != "" {
		e.Account = "" // an id is enough, and leaves no address behind when the user is deleted
	}
	e.Account = text(e.Account, maxAccount)
	e.UserAgent = text(e.UserAgent, maxUserAgent)
	e.RequestID = text(e.RequestID, maxRequestID)
	e.Reason = text(e.Reason, maxReason)
	e.Place = text(e.Place, maxPlace)
	return e
}

// text makes a string one that both databases take and that is no longer than max bytes.
func text(s string, max int) string {
	if len(s) > max {
		s = s[:max]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}

// attributes are the event as a log group. What is empty is left out.
func attributes(e authflow.Event) slog.Attr {
	group := []any{slog.String("event", string(e.Name)), slog.String("outcome", string(e.Outcome))}
	for _, attribute := range []struct{ key, value string }{
		{"user_id", string(e.UserID)}, {"actor_id", string(e.ActorID)}, {"session_id", string(e.SessionID)}, {"account", e.Account},
		{"reason", e.Reason}, {"ip_address", address(e.ClientIP)}, {"place", e.Place}, {"device", device(e)}, {"user_agent", e.UserAgent}, {"request_id", e.RequestID},
	} {
		if attribute.value != "" {
			group = append(group, slog.String(attribute.key, attribute.value))
		}
	}
	return slog.Group("audit", group...)
}

// device is the label of what the event came from, for who reads many of them; empty when it came from none.
func device(e authflow.Event) string {
	if e.UserAgent == "" {
		return ""
	}
	return text(authflow.DeviceLabel(e.UserAgent), maxDevice)
}

func address(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.Unmap().String()
}

// optional stores the empty string as NULL, so that "who has no user" is asked as SQL asks it.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
