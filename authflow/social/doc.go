// Package social signs people in with an account they have elsewhere: Google, GitHub, any OpenID Connect provider.
//
//	POST /sign-in/social        where to send the browser, or signs in by an ID token the client already has
//	GET  /callback/:id          where the provider sends it back; a POST is answered with a redirect to the GET
//	POST /link-social           the same for one more account of who is signed in
//	POST /unlink-account        takes an account away, but not the last one
//	POST /get-access-token      a provider's access token, renewed when it is about to expire
//	POST /refresh-token         renews it in any case
//	GET  /account-info          what the provider says of the user now
//
// # Map
//
// A Provider (provider.go) is data: endpoints, scopes, how its profile maps to ours. providers.go is the table of those that are
// known by name; any other name needs an issuer, whose endpoints are discovered (directory.go). What people may set is in config.go.
//
//	start.go ──▶ state.go, authorize.go ──▶ the provider ──▶ callback.go ──▶ state.go, exchange.go ──▶ signin.go or link.go
//
// exchange.go makes tokens (tokens.go) and a profile of a code, idtoken.go of a token that a client brings. signin.go decides whose
// session it is. access.go and renew.go hand tokens out, cookie.go keeps an account in a cookie where that is configured.
//
// # What may be relied on
//
// A state works once, in the browser that began and for its provider. Only addresses of one form are compared (email.go). Nothing of
// a sign-in that is refused stays in the database. Package egress is the only way out, package oidc the only judge of ID tokens.
package social
