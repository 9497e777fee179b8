// Package oidc finds OpenID Connect providers and judges what they sign.
//
//	Discover, Discovery      discovery.go   the provider's metadata (OpenID Connect Discovery 1.0), kept for an hour
//	Verifier.Verify          idtoken.go     ID tokens (OpenID Connect Core 1.0 §3.1.3.7)
//	Verifier.VerifyLogout    logout.go      logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6)
//	                         token.go       what both have in common: size, algorithm, type, issuer, signature
//	                         claims.go      each claim by its type; numeric.go: dates
//	                         keys.go        the provider's keys (RFC 7517), by the address they come from and their kid
//	                         kept.go        what is fetched now and then, by one caller for all
//
// A token is judged in the order that costs an attacker most: length and form, algorithm (from our list, never from the token), type,
// issuer, and only then are keys looked for; a token of somebody else's issuer causes no call. Keys that a token brings along or
// points to (jwk, jku, x5c, x5u) are never looked at. What a token says is believed when the signature holds and each claim has been found, has
// the right type, and lies in its range. An error names the claim and the section that asks for the check; it repeats neither
// the token nor the subject.
//
// # What is built on what
//
// Discovery is coreos/go-oidc's, JWS and JWK are go-jose's. The claims are judged here and not by go-oidc's verifier, which takes
// tokens without sub, iat or nonce, allows nbf five minutes, and asks for the keys again with every kid it does not know.
//
// All calls go through the http.Client that the caller gives: that of egress, which bounds them.
package oidc
