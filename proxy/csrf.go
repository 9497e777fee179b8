package proxy

import (
	"net/http"
	"strings"
)

// CSRFConfig guards the application against requests that another site makes in its visitor's name.
type CSRFConfig struct {
	Enabled bool `key:"enabled" default:"true" doc:"Whether requests other than GET, HEAD and OPTIONS that are authenticated by the cookie get 403 when a browser says that another site makes them (Sec-Fetch-Site, or else Origin). The origins in auth.trusted_origins and cors.allowed_origins may make them. Bearer tokens are exempt: no browser attaches one by itself."`
}

// forged tells whether a request that would be forwarded in a user's name is another site's doing, by the rules of
// http.CrossOriginProtection: the browser says so itself, or its Origin is not where the request goes. A request without
// either header is no browser's, or an old one's GET.
func (p *Proxy) forged(r *http.Request, x *exchange) bool {
	if !p.config.CSRF.Enabled || x.decision.Identity == nil || x.csrfExempt() || p.crossOrigin.Check(r) == nil {
		return false
	}
	if hasBearer(r.Header) || !p.carriesOwnCookie(r.Header) {
		return false // not by the cookie; a page cannot send Authorization to another site without being asked about (Fetch §3.2)
	}
	origins := r.Header["Origin"]
	for _, origin := range origins {
		if !p.mayCall(origin, x) {
			return true
		}
	}
	return len(origins) == 0
}

// csrfExempt tells whether the route takes requests from everywhere. Only the very path that it names is exempt, not with
// a slash added either: exemptions that matched more than was meant have been holes before (D17). Where the path is
// rewritten, what guards the result must be exempt as well.
func (x *exchange) csrfExempt() bool {
	return x.rule.csrfExempt && x.target.path == x.rule.Pattern && (x.also == nil || x.also.csrfExempt)
}

// mayCall tells whether pages of an origin may act with the user's cookie.
func (p *Proxy) mayCall(origin string, x *exchange) bool {
	return p.ownOrigin(origin, x.client) || p.options.AllowedOrigins != nil && p.options.AllowedOrigins(origin)
}

// hasBearer looks for the scheme alone: Basic, which browsers do attach by themselves, is not meant.
func hasBearer(h http.Header) bool {
	const scheme = "bearer "
	for _, line := range h["Authorization"] {
		if len(line) > len(scheme) && strings.EqualFold(line[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// maxShownOrigin is more than any origin has.
const maxShownOrigin = 256

// refuseOrigin says which origin came, which would do, and which setting says so: most of those who meet it have forgotten
// one (users-ask 16). What is expected is no secret; the sites that may call are seen by everyone who uses them.
func (p *Proxy) refuseOrigin(w http.ResponseWriter, r *http.Request, x *exchange, no *refusal) {
	x.outcome.Reason = no.reason
	origin := strings.Join(r.Header["Origin"], ", ")
	if origin == "" || origin == "null" {
		missing := *no
		missing.code, no = "MISSING_OR_NULL_ORIGIN", &missing
	}
	received := origin[:min(len(origin), maxShownOrigin)]
	p.sendProblem(w, r, no, problem{
		Code: no.code, Message: no.message, Origin: &received, Expected: p.options.TrustedOrigins, Setting: "auth.trusted_origins",
	})
}
