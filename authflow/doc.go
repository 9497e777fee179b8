// Package authflow is the auth API: everything below auth.base_path. It speaks better-auth's protocol, so that its clients
// cannot tell the difference, and adds plain REST routes.
//
// # Map
//
// Flow (flow.go) is the http.Handler. Rooms, the packages below this one, bring the routes; each is a Feature (feature.go) that
// mounts itself on the Router (router.go):
//
//	password       sign up and in with a password, reset, change, verify
//	verification   prove an address, change it
//	sessions       show sessions and end them
//	account        change and delete what is stored about a user
//	admin          users who look after the others
//	jwt            signed tokens for services, and the keys to check them
//	status         ok, health, error
//	pages          not a Feature: forms for people, which ask this API
//
// The host does what every route needs before the room's handler runs, in better-auth's order: how often the client has asked
// (ratelimit.go), media type and JSON (json.go), origin and redirect targets (origin.go), fields (fields.go), login CSRF, session, and how
// often the account it names was tried (attempt.go). What a handler returns as an error becomes HTTP in one place (errors.go), with
// the codes of one list (codes.go).
//
// # Life of a session
//
// A room proves who someone is and calls Sessions.Create (session.go): every Gate (gate.go) is asked, the row is
// written together with its audit event (event.go), and the cookie is sent (cookie.go). From then on Sessions finds the session
// by cookie or bearer token (bearer.go; what else a browser may hold of it: cookiecache.go), renews it when it is used and a day has passed, and it ends when its row is gone.
// sessionstore says how stale a look-up may be.
//
// # Where better-auth is followed, and where not
//
// The wire format is better-auth's to the letter. Where this code does otherwise on purpose a comment says "differs from
// better-auth" and why; the words can be searched.
package authflow
