package authflow

import (
	"context"
	"net/netip"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

//go:generate go run ./internal/catalogue ..

// EventName names what happened to an account or a session. The list below is the whole catalogue: operators alert on
// these words, so a name is only ever added, never changed.
type EventName string

// What is recorded. Each comment says when, and what Reason holds where it is used.
const (
	// EventSignUp: an account was created, or refused. A failure does not say in public why; Reason does.
	EventSignUp EventName = "sign_up"
	// EventSignIn: a session was issued to someone who proved who they are. Reason is the way: "password", "verification", "social_google", …
	EventSignIn EventName = "sign_in"
	// EventSignInFailed: a proof was refused. Outcome is always failure. Reason: "unknown_account", "wrong_password", "unverified", …; of a
	// provider's callback the word that the browser was told ("state_mismatch"), or "provider_error" when it was the provider's, or
	// the code of the gate that kept them out, such as "banned_user".
	EventSignInFailed EventName = "sign_in_failed"
	// EventAccountLimited: attempts at one account, from whatever addresses, or at many from one, were too many; recorded once in ten minutes. Outcome is
	// always failure. Reason: "guesses" at a password, or "letters" asked for.
	EventAccountLimited EventName = "account_limited"
	// EventNewDevice: the owner of an account was told by letter of a session that was begun on a device that was not known. SessionID is that one.
	EventNewDevice EventName = "new_device"
	// EventDisavowed: the owner of an account said, by a mailed link, that a sign-in or a change was not theirs; all sessions were ended. A failure
	// is a link that was wrong, used or expired.
	EventDisavowed EventName = "disavowed"
	// EventSignOut: a session was ended by its owner on the device that held it.
	EventSignOut EventName = "sign_out"

	// EventVerificationSent: a letter with a verification link was queued.
	EventVerificationSent EventName = "verification_sent"
	// EventEmailVerified: a verification link was followed; a failure is a link that was wrong, used or expired.
	EventEmailVerified EventName = "email_verified"

	// EventPasswordResetRequested: someone asked for a reset link; a failure is an address without an account.
	EventPasswordResetRequested EventName = "password_reset_requested"
	// EventPasswordReset: a new password was set through a reset link; a failure is a link that was wrong, used or expired.
	EventPasswordReset EventName = "password_reset"
	// EventPasswordChanged: a signed-in user set a new password; a failure is a wrong current one.
	EventPasswordChanged EventName = "password_changed"
	// EventPasswordVerified: a signed-in user proved to know the password again, or did not.
	EventPasswordVerified EventName = "password_verified"

	// EventSessionRevoked: one session was ended from another device; SessionID is the ended one where it is known.
	EventSessionRevoked EventName = "session_revoked"
	// EventSessionsRevoked: several sessions were ended at once. Reason: "all", "others", "password_reset", …
	EventSessionsRevoked EventName = "sessions_revoked"

	// EventUserUpdated: name, picture or another plain field of the user changed.
	EventUserUpdated EventName = "user_updated"
	// EventEmailChangeRequested: a signed-in user asked for another address; nothing has changed yet.
	EventEmailChangeRequested EventName = "email_change_requested"
	// EventEmailChanged: the user's address is another one now.
	EventEmailChanged EventName = "email_changed"
	// EventUserDeletionRequested: a signed-in user asked to be deleted; nothing has changed yet.
	EventUserDeletionRequested EventName = "user_deletion_requested"
	// EventUserDeleted: the user, with all sessions and accounts, is gone.
	EventUserDeleted EventName = "user_deleted"

	// EventAccountLinked and EventAccountUnlinked: a way to sign in was added or removed. Reason is the provider; of a failure, why.
	EventAccountLinked   EventName = "account_linked"
	EventAccountUnlinked EventName = "account_unlinked"

	// What administrators do. ActorID is who did it; at the command line there is none, and Reason is "command_line".

	// EventUserCreated: an account was made for somebody.
	EventUserCreated EventName = "user_created"
	// EventRoleChanged: the user has other roles now.
	EventRoleChanged EventName = "role_changed"
	// EventUserBanned and EventUserUnbanned: the user is kept out, or let in again.
	EventUserBanned   EventName = "user_banned"
	EventUserUnbanned EventName = "user_unbanned"
	// EventPasswordSet: the user has a password that somebody else has chosen.
	EventPasswordSet EventName = "password_set"
	// EventImpersonationStarted and EventImpersonationStopped: ActorID has a session in the user's name, or has it no more. Whatever happens in such
	// a session has the same ActorID.
	EventImpersonationStarted EventName = "impersonation_started"
	EventImpersonationStopped EventName = "impersonation_stopped"
	// EventAdminRefused: a user asked for what only administrators may do. Outcome is always failure. UserID is whose account it was about,
	// ActorID who asked, Reason what it was: "user_ban", "session_list", …
	EventAdminRefused EventName = "admin_refused"
)

// EventOutcome says whether what an event names came to pass.
type EventOutcome string

// The two outcomes. The zero value of an Event's Outcome counts as success.
const (
	OutcomeSuccess EventOutcome = "success"
	OutcomeFailure EventOutcome = "failure"
)

// Event is one thing worth remembering about an account. It has no field for a password, token, cookie, code or link,
// and none of its fields may be given one.
type Event struct {
	Name    EventName
	Outcome EventOutcome // empty counts as OutcomeSuccess

	// UserID is whose account it is. Empty when the request names nobody we know, as in a failed sign-in.
	UserID sessionstore.UserID
	// ActorID is who did it when that is not the user: an administrator. Empty otherwise.
	ActorID sessionstore.UserID
	// SessionID is the session concerned; empty when there is none. An id opens nothing, unlike a token.
	SessionID sessionstore.SessionID
	// Account is the address the request named, in canonical form (trimmed, lower case), and only when there is no UserID:
	// it is what ties failed attempts together. With a UserID it stays empty, so that deleting a user leaves no address here.
	Account string

	// Reason is a short word in snake_case, never text from a client. See each event for its words.
	Reason string

	ClientIP  netip.Addr // the client as the trusted proxies tell it; the zero Addr when unknown
	UserAgent string     // as the client sent it; the recorder bounds its length
	Place     string     // where ClientIP is, in English; empty when unknown
	RequestID string

	// At is when it happened. The recorder fills in a zero one.
	At time.Time
}

// Recorder remembers events. Package audit holds the one that writes rows and log lines.
type Recorder interface {
	// Record remembers e.
	//
	// With a tx the row belongs to that transaction: it exists exactly if what it tells of came to pass. An error means that
	// it could not be written; the caller returns it from InTx, so that nothing happens that leaves no trace.
	//
	// With a nil tx Record writes on its own and always returns nil: a row that cannot be written is logged, and costs the
	// request nothing. Within a transaction always pass its tx: SQLite has one writer, and would wait for itself.
	Record(ctx context.Context, tx *sessionstore.Store, e Event) error
}
