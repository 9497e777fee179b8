// Package forwardauth answers front ends that ask before they forward: nginx, Traefik, Caddy, HAProxy, and Envoy over HTTP.
//
//	client ──▶ front end ──▶ application
//	             │  ▲
//	        asks │  │ yes, and these headers; or the answer for the client
//	             ▼  │
//	           Postern
//
// Whether a request may pass is not decided here but by proxy.Proxy.Check, the code that decides on the requests that Postern
// forwards. This package reads what the client asked for, as each kind of front end tells it (family.go), and puts the outcome
// into words that this kind understands (answer.go).
//
// # What is believed
//
// What was asked for, from headers or path, is a claim; so it is read from trusted peers only, from the one place that belongs
// to the family under whose path the question came, and only if it is there exactly once. The headers by which other families
// would tell it are not looked at, and neither are headers that override methods: a front end hands those on as the client sent
// them (oauth2-proxy CVE-2026-40575).
//
// What a front end can ask, whoever reaches it may be able to ask through it. So the listener of its own is the better place:
// through a front end that passes all of auth.base_path on, a client could put questions, and would be told who it is itself.
package forwardauth
