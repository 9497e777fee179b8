package proxy

import (
	"slices"
	"strings"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// Action is what becomes of a request. The zero value lets nothing through.
type Action uint8

const (
	Unavailable     Action = iota // 503: whether there is a session cannot be known
	Forward                       // to the upstream, as Decision.Identity or as nobody
	Unauthenticated               // 401
	Redirect                      // to the sign-in page
	Forbidden                     // 403: signed in, but not allowed; never a redirect, which would come back here
	Stale                         // 401: signed in too long ago; never a redirect either
)

func (a Action) String() string {
	return [...]string{"unavailable", "forward", "unauthenticated", "redirect", "forbidden", "stale"}[a]
}

// Decision is an action, its reason, and the identity the application is told of.
type Decision struct {
	Action   Action
	Identity *sessionstore.Identity // who is asking, if known; set for Forbidden and Stale, too
	Reason   string                 // a constant word for logs and metrics; empty for plain forwarding
}

// What Decision.Reason says.
const (
	reasonUnknown    = "session_unknown"
	reasonNoSession  = "no_session"
	reasonRole       = "role"
	reasonUnverified = "email_not_verified"
	reasonStale      = "session_age"
)

// Asking is what Decide knows of a request.
type Asking struct {
	Identity   *sessionstore.Identity // whose session the request carries; nil for nobody's
	SessionErr error                  // why that cannot be known
	Kind       Kind
	Path       string // canonical
	Preflight  bool   // a real one, which the application answers
	Now        time.Time
}

// Decide is the whole policy: a function of the rule, of what the session look-up said, and of the kind of request.
// Every way of placing Postern asks it and only translates the answer.
//
// Public rules ignore the session and its error, so that public paths work while the session store does not. So does a
// preflight, with which a browser sends no credentials (Fetch Standard §3.2.2): the application sees it as nobody's. On the
// others an error is never taken for "no session". That holds for optional rules, too: a resolver asks the store only
// for requests that carry a credential, so an error means that somebody claimed to be signed in. Treating them
// as a stranger for the length of an outage would show them someone else's view of their data, and let an application
// store what they do under no name.
func Decide(rule *Rule, a Asking) Decision {
	switch {
	case rule.Auth == Public, a.Preflight:
		return Decision{Action: Forward}
	case a.SessionErr != nil:
		return Decision{Action: Unavailable, Reason: reasonUnknown}
	case a.Identity == nil && rule.Auth == Optional:
		return Decision{Action: Forward}
	case a.Identity == nil && redirects(rule.OnUnauthenticated, a):
		return Decision{Action: Redirect, Reason: reasonNoSession}
	case a.Identity == nil:
		return Decision{Action: Unauthenticated, Reason: reasonNoSession}
	case rule.VerifiedEmail && !a.Identity.User.EmailVerified:
		return Decision{Action: Forbidden, Identity: a.Identity, Reason: reasonUnverified}
	case len(rule.Roles) > 0 && !hasRole(a.Identity.User, rule.Roles):
		return Decision{Action: Forbidden, Identity: a.Identity, Reason: reasonRole}
	case rule.MaxSessionAge > 0 && a.Now.Sub(a.Identity.Session.CreatedAt) > rule.MaxSessionAge:
		return Decision{Action: Stale, Identity: a.Identity, Reason: reasonStale} // last: signing in again must be of use
	}
	return Decision{Action: Forward, Identity: a.Identity}
}

func redirects(setting OnUnauthenticated, a Asking) bool {
	switch setting {
	case AlwaysRedirect:
		return a.Kind == Navigation || a.Kind == Fetch
	case AlwaysStatus:
		return false
	}
	return a.Kind == Navigation && !isAPI(a.Path)
}

// isAPI tells whether a path is of the kind that programs ask for. Some of them say Accept: text/html, too.
func isAPI(path string) bool { return path == "/api" || strings.HasPrefix(path, "/api/") }

// hasRole compares exactly: role names are case-sensitive in better-auth.
func hasRole(user sessionstore.User, wanted []string) bool {
	if user.Role == nil {
		return false
	}
	for role := range strings.SplitSeq(*user.Role, ",") {
		if slices.Contains(wanted, strings.TrimSpace(role)) {
			return true
		}
	}
	return false
}
