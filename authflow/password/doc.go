// Package password is signing up and in by e-mail and password, and what belongs to having one: reset, change, verify.
//
//	POST /sign-up/email            (alias /signup)           signup.go
//	POST /sign-in/email            (alias /signin)           signin.go
//	POST /request-password-reset   (alias /forgot-password)  reset.go
//	GET  /reset-password/:token    the mailed link           reset.go
//	POST /reset-password                                     reset.go
//	POST /change-password          POST /verify-password     change.go
//
// A password is hashed as better-auth does (hash.go), by a bounded pool that is fair between clients (pool.go), so that a storm
// of sign-ins neither starves the proxied traffic nor is lost.
//
// Whether an address is known must not show: neither in what is answered nor in how long it takes. The places that see to it
// say so.
//
// Proving an address is package verification's; this package only asks it to.
package password
