// Package verification proves that an address belongs to a user: after sign-up, on request, and for a change of address.
//
//	POST /send-verification-email      send.go
//	GET  /verify-email                 accept.go
//	POST /change-email                 change.go, and the links it mails
//
// The mailed token is better-auth's: a JWT signed with the secret (RFC 7519), kept nowhere (token.go). It is no one-time
// token by itself; what it does, it does once: an address that is proved is not proved again, and a change of address names
// the present one, which is another afterwards.
package verification
