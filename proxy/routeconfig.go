package proxy

import "time"

// RouteConfig is one rule. The zero value of each field is its default, and never the looser choice.
type RouteConfig struct {
	Path           string   `key:"path" doc:"/a is that path, /a/* is one more segment, /a/** is /a and all below it. A trailing slash in the request makes no difference."`
	Methods        []string `key:"methods" doc:"Methods the route is for; GET includes HEAD. Empty means all."`
	Host           string   `key:"host" doc:"Host name the route is for, without port; case and a trailing dot make no difference. Empty means all."`
	EncodedSlashes bool     `key:"encoded_slashes" default:"false" doc:"Whether paths may have slashes written %2F, which are refused otherwise. Rules take such a slash for a character of its segment, not for the end of one, and the application gets it as it was sent. Only for applications that read it in the same way: most decode the path first (FastAPI, Django, Express), and for them /a%2Fb is /a/b."`

	Auth              string        `key:"auth" default:"required" doc:"public never looks for a session; optional passes the user on if there is one; required answers 401 or redirects when there is none."`
	Roles             []string      `key:"roles" doc:"Roles of which the user must have at least one; others get 403. Needs auth: required."`
	VerifiedEmail     bool          `key:"verified_email" default:"false" doc:"Whether the user must have proved their e-mail address; others get 403. Needs auth: required."`
	MaxSessionAge     time.Duration `key:"max_session_age" default:"0s" doc:"How long ago the user may have signed in; after that they are asked to do it again, by 401 with the code SESSION_NOT_FRESH. Renewing a session does not make it younger. Zero means any time. Needs auth: required."`
	OnUnauthenticated string        `key:"on_unauthenticated" default:"auto" doc:"auto redirects a browser's navigation to the sign-in page, but for paths below /api, and answers 401 to everything else; 401 never redirects; redirect redirects every GET and HEAD but those a script sends from another origin."`

	CSRFExempt bool   `key:"csrf_exempt" default:"false" doc:"Whether pages of any site may send requests to this path with the user's cookie; see csrf.enabled. Only for a path without wildcards, and for no other: to let one site's pages in everywhere, name it in auth.trusted_origins."`
	CORS       string `key:"cors" doc:"Replaces cors.handled_by for this route: postern or application."`

	Upstream    string            `key:"upstream" doc:"Where requests of this route go, written as upstream.url. Empty means upstream.url or upstream.urls."`
	Upstreams   []string          `key:"upstreams" doc:"Several addresses, as in upstream.urls, instead of upstream."`
	UpstreamTLS UpstreamTLSConfig `key:"upstream_tls" doc:"Replaces upstream.tls for this route, as a whole. Without it, that of upstream.tls holds for a route's own upstreams, too, but for server_name."`
	StripPrefix string            `key:"strip_prefix" doc:"Beginning of path that the application does not see: with /v1, /v1/users arrives as /users, and X-Forwarded-Prefix says /v1."`
	Rewrite     string            `key:"rewrite" doc:"The path under which the application sees the request. Its wildcards stand, in order, for what those of path took: from /old/*/x/** to /new/*/**. Where the result is a path that another route decides, of the same application, the request must pass that route as well."`
	HostHeader  string            `key:"host_header" doc:"Replaces upstream.host_header for this route."`

	ProviderTokens map[string]string `key:"provider_tokens" doc:"Headers that bring the application the access token which the user has at a provider they signed in with, by the provider's id below auth.social: {google: X-Google-Access-Token}. A token that is about to expire is renewed first. A user without an account there, or whose token is over and cannot be renewed, sends no such header; nor can a client, on any route. Costs one query per request of the route. Not for auth: public."`

	Timeout        time.Duration `key:"timeout" doc:"Replaces upstream.response_header_timeout for this route. Zero means that one."`
	RequestTimeout time.Duration `key:"request_timeout" default:"0s" doc:"How long a request may take altogether, its body and its answer included; then it gets 504, or is cut off if its answer has begun. WebSockets and event streams are exempt once they are open. Zero means no limit."`
	MaxBody        Size          `key:"max_body" doc:"Largest request body in bytes, or with a unit such as 10MiB; a larger one gets 413. Zero means no limit."`

	SetResponseHeaders    map[string]string `key:"set_response_headers" doc:"Headers of the application's answers by name, replacing what it sends under it. Postern's own answers have their own."`
	RemoveResponseHeaders []string          `key:"remove_response_headers" doc:"Names of headers that are taken away from the application's answers."`
}

// Addresses are the route's own upstreams, in either form; none where it has that of all.
func (c RouteConfig) Addresses() []string { return addresses(c.Upstream, c.Upstreams) }

// Validate checks one route by itself; ValidateOrder checks it against its predecessors.
func (c RouteConfig) Validate() error {
	_, err := newRule(c)
	return err
}
