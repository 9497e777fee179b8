package authflow

import "github.com/posternhq/postern/sessionstore"

// Gate stands between a proven identity and an issued session. Every way of signing in passes every gate, also those ways that
// do not exist yet, because Sessions.Create is the only place that makes a session.
type Gate interface {
	// Admit returns nil to let the session be made, or the error that answers the request. It runs inside the transaction
	// that would write the session; nothing of it stays when it refuses. method is the way of signing in, as in the audit log.
	Admit(c *Call, tx *sessionstore.Store, u sessionstore.User, method string) error

	// Refusals are the errors by which Admit refuses, for the API's description.
	Refusals() []*Error
}
