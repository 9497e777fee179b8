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
// # Tampering
//
// Each row is signed as it is written (row.go). Every few seconds one replica covers what is new by a seal (sealer.go): a hash over the rows and over the seal before,
// signed (chain.go). Verify (verify.go) finds what was changed, removed or added since; the log has each seal's hash, against which it shows that
// the end was cut off. Nothing that records waits for a seal, and replicas need no lock: of two that make the seal of one number, the database lets one succeed.
//
// # Elsewhere
//
// Sealed events are sent on (stream.go) to a webhook or to syslog, seal by seal, which gives them one order over all replicas. Where that stands is a row of
// {postern.audit_cursor}, moved once the receiver has the batch: at least once, and never past one that was not taken. Export (export.go) reads without seals.
//
// Rows belong to nobody's foreign key: they outlive the user they speak of, by id only. How long they are kept is for the
// operator to say; DeleteBefore removes what is older.
package audit
