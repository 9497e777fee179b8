// Package audit remembers what happened to accounts: who signed in, from where, who tried and failed, whose password changed.
//
//	room ──▶ authflow.Recorder ──▶ Recorder.Record ──┬─ one row in {postern.audit_event}
//	                                                 ├─ one log line, all its attributes in the group "audit"
//	                                                 └─ Observe, for postern_auth_events_total
//
// The catalogue of events and what their fields mean is authflow/event.go; this package adds nothing to it.
//
// Callers may rely on this: no password, token, cookie, code or link is ever in a row or line, since authflow.Event has no place
// for one; nothing that a client sends can make recording fail (what does not fit is cut, what is not text is dropped);
// and a client that hangs up does not escape the record.
//
// Rows belong to nobody's foreign key: they outlive the user they speak of, by id only. How long they are kept is for the
// operator to say; DeleteBefore removes what is older.
package audit
