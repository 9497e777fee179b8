package outbox

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow/mail"
)

// claimed is a letter that this worker alone may send until the lease ends.
type claimed struct {
	mail.Message
	attempts  int // this one included; also tells this claim from a later one
	lastError string
	createdAt time.Time
}

// claim takes the letter that has been due longest, if any is. The statement decides between workers: of two that see the same
// row, one finds it changed.
func (o *Outbox) claim(ctx context.Context) (letter claimed, found bool, err error) {
	now := o.now()
	err = o.sql.Query(ctx, o.store, "Claim", []any{now, now.Add(lease)}, func(scan func(dest ...any) error) error {
		found = true
		return scan(&letter.Key, &letter.Kind, &letter.To, &letter.Subject, &letter.Text, &letter.HTML, &letter.attempts, &letter.lastError, &letter.createdAt)
	})
	if err != nil {
		return claimed{}, false, fmt.Errorf("claim letter: %w", err)
	}
	return letter, found, nil
}

// remove forgets a letter that was sent. It asks nothing about the claim: if the lease ended meanwhile and another worker
// holds the letter now, that one need not send it either.
func (o *Outbox) remove(ctx context.Context, letter claimed) error {
	_, err := o.sql.Exec(ctx, o.store, "Delete", letter.Key)
	return err
}

// retry makes the letter due at a later time, if this claim is still the last.
func (o *Outbox) retry(ctx context.Context, letter claimed, at time.Time, reason error) error {
	_, err := o.sql.Exec(ctx, o.store, "Retry", letter.Key, letter.attempts, at, errorText(reason))
	return err
}

// bury gives the letter up, if this claim is still the last.
func (o *Outbox) bury(ctx context.Context, letter claimed, reason error) error {
	_, err := o.sql.Exec(ctx, o.store, "Bury", letter.Key, letter.attempts, o.now(), errorText(reason))
	return err
}

// sweep removes the dead whose time as evidence is over.
func (o *Outbox) sweep(ctx context.Context) error {
	if _, err := o.sql.Exec(ctx, o.store, "DeleteDead", o.now().Add(-keepDead)); err != nil {
		return fmt.Errorf("remove dead letters: %w", err)
	}
	return nil
}

// errorText is the error as the row keeps it: the words of a stranger's server, so bounded.
func errorText(err error) string {
	text := storable(err.Error())
	if len(text) > maxErrorBytes {
		text = strings.ToValidUTF8(text[:maxErrorBytes], "")
	}
	return text
}

const maxErrorBytes = 500

// storable drops what PostgreSQL does not take in text: NUL and broken UTF-8.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}
