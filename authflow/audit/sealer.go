package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// sealBatch is how many events one seal covers at most.
const (
	sealBatch       = 500
	defaultInterval = 10 * time.Second // of a Config that was not read from anywhere
)

// errSealed says that another replica made this seal.
var errSealed = errors.New("sealed by another replica")

// Seal covers all events that no seal covers yet, the oldest first, and says how many. Any number of replicas may do so at once: of those that
// make the seal of one number, one succeeds. Nothing that is recorded waits for it.
func (r *Recorder) Seal(ctx context.Context) (events int, err error) {
	if r.options.Signer == nil || r.options.Off {
		return 0, nil
	}
	for {
		n, err := r.sealOnce(ctx)
		events += n
		if errors.Is(err, errSealed) {
			return events, nil
		}
		if err != nil {
			return events, fmt.Errorf("seal audit events: %w", err)
		}
		if n < sealBatch {
			return events, nil
		}
	}
}

func (r *Recorder) sealOnce(ctx context.Context) (n int, err error) {
	var made seal
	err = r.store.InTx(ctx, func(tx *sessionstore.Store) error {
		last, err := r.lastSeal(ctx, tx)
		if err != nil {
			return err
		}
		claimed, err := r.sql.Exec(ctx, tx, "Claim", last.seq+1, sealBatch)
		if err != nil || claimed == 0 {
			return err
		}
		rows, err := r.rows(ctx, tx, "OfSeal", last.seq+1)
		if err != nil {
			return err
		}
		made = r.newSeal(last, rows)
		inserted, err := r.sql.Exec(ctx, tx, "InsertSeal", made.seq, made.previous, made.hash, made.signature,
			made.sealedAt.UnixMilli(), made.since.UnixMilli(), made.newest.UnixMilli(), made.events)
		if err == nil && inserted == 0 {
			err = errSealed
		}
		return err
	})
	if err != nil || made.events == 0 {
		return 0, err
	}
	// Outside the database, so that whoever can write there cannot take the end of the record away unseen.
	r.logger.LogAttrs(ctx, slog.LevelInfo, "audit events sealed", slog.Int64("seal", made.seq), slog.String("hash", made.hash), slog.Int("events", made.events))
	return made.events, nil
}

func (r *Recorder) newSeal(last seal, rows []Row) seal {
	now := r.options.Now().UTC().Truncate(time.Millisecond)
	made := seal{seq: last.seq + 1, previous: last.hash, sealedAt: now, since: last.sealedAt, events: len(rows)}
	if last.seq == 0 {
		made.since = now
	}
	for _, row := range rows {
		if row.At.After(made.newest) {
			made.newest = row.At
		}
	}
	made.hash = made.hashOver(rows)
	made.signature = r.options.Signer.Sign(sealPurpose + made.hash)
	return made
}

func (r *Recorder) lastSeal(ctx context.Context, on *sessionstore.Store) (last seal, err error) {
	err = r.sql.Query(ctx, on, "LastSeal", nil, func(scan func(dest ...any) error) (err error) {
		last, err = scanSeal(scan)
		return err
	})
	return last, err
}

func (r *Recorder) rows(ctx context.Context, on *sessionstore.Store, query string, args ...any) (rows []Row, err error) {
	err = r.sql.Query(ctx, on, query, args, func(scan func(dest ...any) error) error {
		row, err := scanRow(scan)
		rows = append(rows, row)
		return err
	})
	return rows, err
}

// Run seals every interval until ctx ends, and once more then.
func (r *Recorder) Run(ctx context.Context, interval time.Duration) error {
	interval = cmp.Or(interval, defaultInterval)
	wait := time.NewTimer(rand.N(interval) + time.Millisecond)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if _, err := r.Seal(last); err != nil {
				r.logger.LogAttrs(last, slog.LevelWarn, "audit events stay unsealed until the next start", slog.Any("err", err))
			}
			return nil
		case <-wait.C:
			if _, err := r.Seal(ctx); err != nil && ctx.Err() == nil {
				r.logger.LogAttrs(ctx, slog.LevelWarn, "audit events are not sealed for now", slog.Any("err", err))
			}
			wait.Reset(interval - interval/10 + rand.N(interval/5+1))
		}
	}
}
