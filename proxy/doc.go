// Package proxy stands in front of an application: it decides on each request, tells the application who is asking,
// and passes the request on.
//
// One request:
//
//	ServeHTTP          proxy.go
//	 ├ parseTarget     target.go     what is asked for, in one reading; a target with two readings gets 400
//	 ├ Client          clientaddr    who is at the other end, as far as trusted hops vouch for it
//	 ├ Rules.Match     rules.go      the first rule that matches path, method and host; else default_auth
//	 ├ Resolve         (the caller)  who is signed in; not asked on public rules
//	 ├ rewriting       rewrite.go    the path that the application sees, if a route changes it; its own rule decides, too
//	 ├ Decide          decide.go     forward, 401, redirect, 403 or 503: a pure function
//	 └ forward         forward.go    httputil.ReverseProxy with Rewrite:
//	    ├ strip        strip.go      everything that only Postern may say goes, on every rule
//	    ├ Conceal      (the caller)  session cookies and bearer tokens go
//	    ├ set          identity.go   X-Forwarded-*, X-Request-Id and the identity headers are written, one line each,
//	    │              assertion     and the same, signed
//	    ├ pool         pool.go       one of the application's addresses; the next one when nobody listens there
//	    ├ answer       setcookie.go  session cookies that the application tries to set go: answer, interim, trailer
//	    │              responseheaders.go  what the route sets and removes
//	    └ keepPrivate  private.go    what was made for one person is kept in no cache for others
//
// A front end that forwards by itself asks Check (check.go), which goes through the same steps up to forward.
//
// Every answer that is not the application's is made in errors.go (for gRPC in grpc.go), but for the page that ends a loop of redirects (loopguard.go).
//
// # What an application may rely on
//
// An identity header is there if and only if Postern put it there. Names are protected in every spelling that an
// application might fold into them, the default names even when others are configured. Text outside of printable ASCII,
// and the percent sign, is percent-encoded as UTF-8. X-Forwarded-For is one address, X-Forwarded-Proto and -Host are
// what the client used, X-Forwarded-Prefix what strip_prefix took away; no other header about the client's address, and
// none that overrides method or path, arrives. Origin and everything else arrive as sent, Host as host_header says, and
// the request target byte for byte, or rewritten by whole segments. Of request trailers, those arrive that were announced and might have come as
// headers (trailers.go).
//
// # Paths
//
// Rules are matched against the path, percent-decoded once, as nearly every framework does it. A slash that is written
// %2F is refused, or, where a route allows it, a character of its segment that stays as it was sent. Case counts; an
// application that ignores it (Express in its default setting, IIS) should be given its own rule for each spelling or
// a default_auth that is not looser than its strictest rule. A trailing slash does not count: frameworks treat it as the
// same page or redirect to it, and a protected path must not be open with a slash added.
// /a/** includes /a itself.
//
// What a route rewrites is decided on twice: by the route, and by the route that the result would have met had it been
// asked for, if that is for the same application. So no route opens what another one guards. default_auth has no such say.
//
// # Time
//
// A rule's timeout bounds the wait for the headers of an answer, from the end of the request on. It does not cut
// uploads, answers, event streams or WebSockets; request_timeout cuts the first two. Request bodies over HTTP/1.1 must keep up 1 KiB a second after a
// grace. A client that leaves cancels the request to the application.
//
// # Requests that other sites make
//
// What may change something and is authenticated by cookie must not come from another site, by the browser's own word
// (csrf.go); bearer tokens are exempt, and single paths can be.
//
// # WebSockets
//
// An upgrade is decided like any other request. If it is authenticated by cookie, its Origin must be our own or an
// allowed one. No other protocol can be switched to.
//
// # Streams
//
// Whatever is under way in a user's name (WebSockets, event streams, uploads, downloads, waits) ends with the session, or with the role or
// verified address that its rules ask for (streams.go, ending.go). It goes on under the rules that it met, also when a reload has changed
// them. How old a session may be is a question of the beginning.
//
// # What is left to others
//
// Sessions, cookies and their renewal: authflow, through SessionResolver. Limits on request headers, TLS, request ids,
// log lines and metrics: cmd/postern, through Options.
package proxy
