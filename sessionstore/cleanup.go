package sessionstore

import (
	"context"
	"time"
)

// DeleteExpired removes sessions and verifications that expired before the given time, at most batch of each, and says how
// many. Call it again while it removes anything; short batches keep locks short. When another replica is at it already it
// removes nothing. What has not expired by now stays, whatever the time given.
//
// No cache needs to hear of it: who holds an expired session compares ExpiresAt, as with a row.
func (s *Store) DeleteExpired(ctx context.Context, before time.Time, batch int) (sessions, verifications int64, err error) {
	if now := s.now(); before.After(now) {
		before = now
	}
	err = s.InTx(ctx, func(tx *Store) error {
		alone := false
		err := tx.queryRow(ctx, "LockCleanup", nil, func(scan scanFunc) error { return scan(&alone) })
		if err != nil || !alone {
			return err
		}
		if sessions, err = tx.exec(ctx, "DeleteExpiredSessions", before, batch); err != nil {
			return err
		}
		verifications, err = tx.exec(ctx, "DeleteExpiredVerifications", before, batch)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return sessions, verifications, nil
}
