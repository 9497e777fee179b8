package sessionstore

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound says that no row answers the question. The database was asked, so this is an answer, not a fault.
	// A row that is to belong to a user who is gone by now is answered like this as well.
	ErrNotFound = errors.New("not found")

	// ErrConflict says that a unique constraint refused a row. Nothing was written.
	ErrConflict = errors.New("conflict")

	// ErrInvalid says that a value can not be stored: text that is not UTF-8, holds a NUL or is too long for its column, a value that
	// its column's type or constraints refuse. Where it belongs to an additional field it is a *FieldError.
	// Callers check what clients send before it gets here, so this is a second line of defence.
	ErrInvalid = errors.New("invalid value")

	// ErrUnavailable says that the database could not be asked or did not answer: refused, reset, timed out, shutting
	// down, read-only, out of connections. Whether a write took place is unknown. Callers answer 503, never 401.
	ErrUnavailable = errors.New("database unavailable")

	// What else is known of it. A database may be asked, and not be able to do this: it is read-only, or its disk is full.
	errHampered     = fmt.Errorf("%w to this call", ErrUnavailable)
	errNoAnswer     = fmt.Errorf("%w, without an answer", ErrUnavailable)
	errNotConnected = fmt.Errorf("%w, not connected", errNoAnswer) // nothing was sent
)
