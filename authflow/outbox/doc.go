// Package outbox sees to it that letters arrive although things fail.
//
// A letter is a row, written in the same transaction as what it speaks of (a user, a token). Either both exist or neither:
// nobody is told to check an inbox to which nothing will come, and no letter carries a token that was rolled back.
//
//	sign-up ──┬─ InTx: user, verification, Enqueue ──▶ {postern.mail}
//	          └─ answers the client; the mail service was not asked
//
//	Run ──▶ Claim one due row, for the length of a lease ──▶ mail.Sender.Send ──┬─ taken      ▶ Delete
//	  (one in each replica, two letters at a time)                              ├─ not now    ▶ Retry, later and later
//	                                                                            └─ never      ▶ Bury, tell the operator
//
// Callers may rely on this:
//
//   - Enqueue waits for the database only, however slow or dead the mail service is.
//   - A letter is sent at least once. Claiming moves the row's due time to the end of a lease, so a worker that dies gives the
//     letter back without doing anything. If it dies after the service took the letter and before the row is gone, the
//     letter is sent again, with the same Key: Resend delivers it once, an SMTP server twice.
//   - No two workers, of one process or of ten, send the same letter at the same time: a claim is one conditional statement.
//   - A letter is tried for 24 hours. One that is refused for good, or older than that, is kept for seven days for the operator,
//     without its text: who, which kind, when, and the last error. It is logged as an error and counted as dead.
//   - Letters contain links that sign people in. A row is deleted as soon as its letter is sent, and a dead one is emptied.
//   - When Run's context ends, letters in hand are finished, for ten seconds at most.
//
// Due times are compared by the replicas' clocks. Half a minute of difference does no harm; the lease is longer by a minute than
// the longest attempt.
//
// Why this is not a job queue library: docs/decisions/0002-mail-queue.md.
package outbox
