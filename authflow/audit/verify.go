package audit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Expectation is a seal that is known from elsewhere: the log, or a system that events were streamed to.
type Expectation struct {
	Seal int64
	Hash string
}

// ParseExpectation reads SEAL:HASH.
func ParseExpectation(text string) (Expectation, error) {
	number, hash, ok := strings.Cut(text, ":")
	seal, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || seal < 1 || len(hash) != 64 {
		return Expectation{}, fmt.Errorf("%q is not a seal like 17:6f1d…, its number and its hash of 64 digits, as the line 'audit events sealed' has them", text)
	}
	return Expectation{Seal: seal, Hash: strings.ToLower(hash)}, nil
}

// Findings are what Verify has found.
type Findings struct {
	Seals, Events int
	Unsealed      int   // events that are too new to have a seal
	First, Last   int64 // numbers of seals
	LastHash      string
	Problems      []string // what does not fit; none: nothing was changed, removed or added
}

const (
	verifyBatch = 200
	// sealLate is how old an event may be without a seal.
	sealLate = 15 * time.Minute
	// maxProblems bounds what is told: after a hundred the point is made.
	maxProblems = 100
)

// Verify holds the record to its seals: each fits the one before, is signed by us, and covers rows that are as they were recorded. Events and seals
// older than retention may be gone, the oldest first; zero: none may.
func (r *Recorder) Verify(ctx context.Context, retention time.Duration, expect []Expectation) (Findings, error) {
	if r.options.Signer == nil {
		return Findings{}, errors.New("verifying needs the key")
	}
	v := &verification{Recorder: r, cutoff: time.Time{}, expect: expect}
	if retention > 0 {
		v.cutoff = r.options.Now().Add(-retention)
	}
	if err := v.seals(ctx); err != nil {
		return v.found, fmt.Errorf("verify audit events: %w", err)
	}
	if err := v.strays(ctx); err != nil {
		return v.found, fmt.Errorf("verify audit events: %w", err)
	}
	for _, e := range v.expect {
		v.problem("seal %d, which is expected with hash %s, is not there: the end of the record is missing", e.Seal, e.Hash)
	}
	return v.found, nil
}

type verification struct {
	*Recorder
	cutoff time.Time
	expect []Expectation // those not met yet
	found  Findings
	last   seal
}

func (v *verification) problem(format string, args ...any) {
	if len(v.found.Problems) < maxProblems {
		v.found.Problems = append(v.found.Problems, fmt.Sprintf(format, args...))
	}
}

func (v *verification) seals(ctx context.Context) error {
	for {
		var batch []seal
		err := v.sql.Query(ctx, v.store, "SealsAfter", []any{v.last.seq, verifyBatch}, func(scan func(dest ...any) error) error {
			s, err := scanSeal(scan)
			batch = append(batch, s)
			return err
		})
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, s := range batch {
			if err := v.seal(ctx, s); err != nil {
				return err
			}
		}
	}
}

func (v *verification) seal(ctx context.Context, s seal) error {
	v.link(s)
	v.last = s
	v.found.Seals++
	v.found.Last, v.found.LastHash = s.seq, s.hash
	if !v.options.Signer.Verify(sealPurpose+s.hash, s.signature) {
		v.problem("seal %d is signed by none of the keys that are known", s.seq)
	}
	v.meet(s)
	if s.newest.Before(v.cutoff) {
		return nil // its events may be gone
	}
	rows, err := v.rows(ctx, v.store, "OfSeal", s.seq)
	if err != nil {
		return err
	}
	v.found.Events += len(rows)
	if len(rows) != s.events {
		v.problem("seal %d covers %d events, and there are %d", s.seq, s.events, len(rows))
	} else if s.hashOver(rows) != s.hash {
		v.problem("seal %d does not fit what it covers: an event, or the seal, was changed", s.seq)
	}
	v.macs(rows)
	return nil
}

// link holds a seal to the one before.
func (v *verification) link(s seal) {
	switch {
	case v.found.Seals > 0 && s.seq != v.last.seq+1:
		v.problem("seals %d to %d are missing", v.last.seq+1, s.seq-1)
	case v.found.Seals > 0 && s.previous != v.last.hash:
		v.problem("seal %d does not follow seal %d", s.seq, v.last.seq)
	case v.found.Seals == 0:
		v.found.First = s.seq
		if s.seq > 1 && (v.cutoff.IsZero() || s.since.After(v.cutoff.Add(sealLate))) {
			v.problem("the record begins with seal %d, though what seals 1 to %d covered is to be kept", s.seq, s.seq-1)
		}
	}
}

func (v *verification) meet(s seal) {
	rest := v.expect[:0:0]
	for _, e := range v.expect {
		switch {
		case e.Seal != s.seq:
			rest = append(rest, e)
		case e.Hash != s.hash:
			v.problem("seal %d has another hash than the expected one: the record was written anew", s.seq)
		}
	}
	v.expect = rest
}

func (v *verification) macs(rows []Row) {
	for _, row := range rows {
		if !macFits(v.options.Signer, row) {
			v.problem("event %s (%s of %s) is not one that was recorded", row.ID, row.Event, row.At.Format(time.RFC3339))
		}
	}
}

// strays are rows that no seal covers.
func (v *verification) strays(ctx context.Context) error {
	var late, orphans int
	err := v.sql.Query(ctx, v.store, "Unsealed", []any{v.options.Now().Add(-sealLate)}, func(scan func(dest ...any) error) error {
		return scan(&v.found.Unsealed, &late)
	})
	if err != nil {
		return err
	}
	if late > 0 {
		v.problem("%d events are old enough to have a seal, and have none: either no replica seals (audit.enabled), or their seal was taken away", late)
	}
	err = v.sql.Query(ctx, v.store, "Orphans", nil, func(scan func(dest ...any) error) error { return scan(&orphans) })
	if err == nil && orphans > 0 {
		v.problem("%d events name a seal that is not there", orphans)
	}
	if err != nil {
		return err
	}
	return v.unsealed(ctx)
}

// unsealed checks the signatures of what has no seal yet.
func (v *verification) unsealed(ctx context.Context) error {
	return v.Export(ctx, Selection{Since: v.options.Now().Add(-sealLate)}, func(row Row) error {
		if row.Seal == 0 {
			v.macs([]Row{row})
		}
		return nil
	})
}
