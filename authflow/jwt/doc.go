// Package jwt hands signed tokens to who has a session, for services that check them without asking anybody. It is better-auth's
// jwt plugin, on its table.
//
//	GET /token        {"token": …} for the caller's session     jwt.go, claims.go
//	GET /jwks         the public keys, for everybody (RFC 7517)  jwt.go, publickey.go
//	GET /get-session  the same token as header set-auth-jwt      Announce in jwt.go; package sessions calls it
//
// A key is a row of the table jwks (store.go). The first request that wants one makes it; when rotation is on, the first after it
// has expired makes the next, and the old one stays in the key set until no token of it can be valid (keyring.go). Private keys
// are encrypted under auth.secret as better-auth does it (seal.go), so a Node server on the same database signs with our keys
// and we with its. It must know the secret by itself: what it encrypts under a versioned secret we read, but it reads what
// we encrypt only as its legacy secret.
//
// /jwks always asks the database, so a key that another replica made is there for whoever gets a token signed with it. The key
// that signs is remembered for Deps.Stale. While the database is away the remembered one goes on signing.
//
// Nothing here checks a token: that is the services' part. They should allow only the algorithm they expect and compare issuer
// and audience (RFC 8725 §3.1, §3.8, §3.9). A token is not a session and opens nothing in this API.
package jwt
