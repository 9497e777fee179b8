// Package pages is what people see who sign in by a browser: pages for signing up and in, for mailed links, and for one's own account.
//
//	/auth/sign-in   /auth/sign-up      password, and a button for each provider
//	/auth/check-mail  /auth/verify     the mailed link is on its way; what became of it
//	/auth/forgot    /auth/reset        another password by mail
//	/auth/account   /auth/delete       the account, its devices and ways in; its end
//	/auth/not-me                       from a letter about what the owner may not have done
//	/auth/admin…                       for administrators: users, the audit trail, how the process is
//	/auth/sign-out  /auth/signed-out   /auth/error
//
// A page is a template (templates/), its words are in a file for each language (words/), and what it does is in a file of Go. Without
// scripts everything works; assets/pages.js makes some of it nicer.
//
// # One implementation
//
// No page does anything itself. A form that was posted becomes a request to the auth API (call.go), with the browser's own cookies, Origin,
// address and request id, so that limits, origin checks, gates, letters and events are those of the API; the cookies that it sets go to the
// browser, and an error that it answers is told in the page's language (problem.go; package words has its words).
//
// # What this package adds
//
// A form counts if it came from a page of ours (form.go): it has a signed copy of what is in a cookie of its own, which no other site
// can read. That cookie, sealed, also keeps what must not stand in an address: the mailed token of a reset, the address that a letter
// is on its way to (kept.go).
//
// return_to says where a browser was going (returnto.go). Nobody is sent there without having signed in just now, so pages and
// application cannot send a browser to and fro; and to trusted origins only.
package pages
