// Package assertion makes the signed statement of who is asking that goes to the application with each request: a JWT
// (RFC 7519) in X-Postern-Assertion, good for one method and one path and for a minute.
//
// Headers can be believed by an application that only Postern can reach. The assertion can be checked by one that is not so
// sure: it is signed, names its audience, and is of no use for another request than the one it came with.
//
//	config.go    what can be set
//	claims.go    what is said
//	key.go       a key pair, and how it signs (RFC 7515, RFC 7518, RFC 8037)
//	keyring.go   which key signs; the next one is published before it does, the last one for a while after
//	store.go     keys as rows, private halves sealed by the caller
//	minter.go    assertions that were made are used again where all that they say is the same
//
// Assertions have keys of their own, and a type of their own in the header (RFC 8725 §3.11). A token of /token is signed by
// another key and is no assertion; an assertion is no session, and opens nothing.
package assertion
