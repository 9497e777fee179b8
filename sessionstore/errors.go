package sessionstore

import "errors"

var (
	// ErrNotFound says that no row answers the question. The database was asked, so this is an answer, not a fault.
	ErrNotFound = errors.New("not found")

	// ErrConflict says that a unique constraint refused a row. Nothing was written.
	ErrConflict = errors.New("conflict")

	// ErrUnavailable says that the database could not be asked or did not answer: refused, reset, timed out, shutting
	// down, read-only, out of connections. Whether a write took place is unknown. Callers answer 503, never 401.
	ErrUnavailable = errors.New("database unavailable")
)
