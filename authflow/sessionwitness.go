package authflow

import "github.com/posternhq/postern/sessionstore"

// SessionWitness hears of each session that somebody has begun by proving who they are. Package disavow has the one that writes to their owners.
type SessionWitness interface {
	// Began is called in the transaction that makes the session, after its row; an error undoes both. method is as in the audit log. What is known
	// of the browser (Call.KnowsDevice) is as it was before.
	Began(c *Call, tx *sessionstore.Store, u sessionstore.User, s sessionstore.Session, method string) error
}

// Tell names the witness. It may be called before the first request.
func (s *Sessions) Tell(w SessionWitness) { s.witness = w }
