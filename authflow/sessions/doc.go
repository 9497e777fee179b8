// Package sessions shows users their sessions and ends them.
//
// As better-auth has it:
//
//	GET  /get-session   POST /sign-out  /update-session              current.go
//	GET  /list-sessions                                              list.go
//	POST /revoke-session  /revoke-sessions  /revoke-other-sessions   revoke.go
//
// And for plain HTTP clients, who never get to see a token:
//
//	GET  /me            GET, POST /verify-token rest.go
//	GET  /sessions      DELETE /sessions/:id    rest.go
//
// How a session is found, renewed and issued is package authflow's.
package sessions
