package proxy

import (
	"slices"
	"strings"

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
)

func (a Action) String() string {
	return [...]string{"unavailable", "forward", "unauthenticated", "redirect", "forbidden"}[a]
}

// Decision is an action, its reason, and the identity the application is told of.
type Decision struct {
	Action   Action
	Identity *sessionstore.Identity // who is asking, if known; set for Forbidden, too
	Reason   string                 // a constant word for logs and metrics; empty for plain forwarding
}

// Decide is the whole policy: a function of the rule, of what the session look-up said, and of the kind of request.
// Every way of placing Postern asks it and only translates the answer.
//
// Public rules ignore identity and sessionErr, so that public paths work while the session store does not. On the
// others an error is never taken for "no session". That holds for optional rules, too: a resolver asks the store only
// for requests that carry a credential, so an error means that somebody claimed to be signed in. Treating them
// as a stranger for the length of an outage would show them someone else's view of their data, and let an application
// store what they do under no name.
func Decide(rule *Rule, identity *sessionstore.Identity, sessionErr error, kind Kind) Decision {
	switch {
	case rule.Auth == Public:
		return Decision{Action: Forward}
	case sessionErr != nil:
		return Decision{Action: Unavailable, Reason: "session_unknown"}
	case identity == nil && rule.Auth == Optional:
		return Decision{Action: Forward}
	case identity == nil && redirects(rule.OnUnauthenticated, kind):
		return Decision{Action: Redirect, Reason: "no_session"}
	case identity == nil:
		return Decision{Action: Unauthenticated, Reason: "no_session"}
	case len(rule.Roles) > 0 && !hasRole(identity.User, rule.Roles):
		return Decision{Action: Forbidden, Identity: identity, Reason: "role"}
	}
	return Decision{Action: Forward, Identity: identity}
}

func redirects(setting OnUnauthenticated, kind Kind) bool {
	switch setting {
	case AlwaysRedirect:
		return kind == Navigation || kind == Fetch
	case AlwaysStatus:
		return false
	}
	return kind == Navigation
}

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
