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
// known by name; any other name needs an issuer, whose endpoints are discovered. What people may set is in config.go.
package social
