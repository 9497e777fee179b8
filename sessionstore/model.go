package sessionstore

import (
	"crypto/sha256"
	"log/slog"
	"strings"
	"time"
)

// Identifiers look alike on the wire, so each has a type of its own: a session's id is not its token.
type (
	// UserID is the primary key of a user: 32 characters of A-Z a-z 0-9 when made here or by better-auth.
	UserID string
	// SessionID is the primary key of a session. It may be shown; it opens nothing.
	SessionID string
	// AccountID is the primary key of an account row, not the provider's subject.
	AccountID string
	// VerificationID is the primary key of a verification row.
	VerificationID string
)

// Token is the secret that stands for a session: whoever has it is the user.
type Token string

// TokenKey names a token where the token itself must not be kept, as in the cache.
type TokenKey [sha256.Size]byte

// Key returns the SHA-256 of the token.
func (t Token) Key() TokenKey { return sha256.Sum256([]byte(t)) }

// LogValue keeps tokens out of logs.
func (Token) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// User is a row of better-auth's user model. Times are UTC with millisecond precision, as JavaScript keeps them.
type User struct {
	ID            UserID
	Name          string
	Email         string // always lower case
	EmailVerified bool
	Image         *string // nil when the user has none; present as null on the wire
	CreatedAt     time.Time
	UpdatedAt     time.Time

	// Role is the admin plugin's column: comma-separated roles. Nil where the column does not exist or is null.
	Role *string
	// Banned and BanExpires are the admin plugin's as well; see BannedAt. False and nil where the columns do not exist.
	Banned     bool
	BanExpires *time.Time

	// Fields are those that the settings add, in the order of their names. To create a user it is enough to give some: the others get
	// their defaults.
	Fields Fields
}

// BannedAt tells whether the user is to be kept out. A ban without an end is for ever.
func (u User) BannedAt(now time.Time) bool {
	return u.Banned && (u.BanExpires == nil || now.Before(*u.BanExpires))
}

// Session is a row of better-auth's session model.
type Session struct {
	ID        SessionID
	UserID    UserID
	Token     Token
	ExpiresAt time.Time
	CreatedAt time.Time // never moves; "fresh" is counted from it
	UpdatedAt time.Time // the last renewal
	IPAddress *string
	UserAgent *string

	Fields Fields // as those of User
}

// Identity is a session together with its user: what one look-up of a token answers.
type Identity struct {
	Session Session
	User    User
}

// CredentialProvider is the ProviderID of an account that holds a password.
const CredentialProvider = "credential"

// Account is a row of better-auth's account model: one way in which a user proves who they are.
type Account struct {
	ID         AccountID
	UserID     UserID
	ProviderID string // CredentialProvider, "google", …
	AccountID  string // the provider's subject; the user's id for CredentialProvider

	AccessToken           *string
	RefreshToken          *string
	IDToken               *string
	AccessTokenExpiresAt  *time.Time
	RefreshTokenExpiresAt *time.Time
	Scope                 *string // comma-separated
	Password              *string // an encoded hash, never a password

	// Issuer is who vouches for AccountID. It is written where better-auth 1.7.0 or 1.7.1 made the column, and never read. Empty: what
	// they would have written for the provider.
	Issuer string

	CreatedAt time.Time
	UpdatedAt time.Time
}

// Scopes are what the provider granted.
func (a Account) Scopes() []string {
	list := []string{}
	if a.Scope == nil {
		return list
	}
	for scope := range strings.SplitSeq(*a.Scope, ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			list = append(list, scope)
		}
	}
	return list
}

// Verification is a row of better-auth's verification model: a secret that proves something once, until ExpiresAt.
type Verification struct {
	ID         VerificationID
	Identifier string
	Value      string
	ExpiresAt  time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
}
