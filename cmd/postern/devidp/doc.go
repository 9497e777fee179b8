// Package devidp is the identity provider of "postern dev": signing in "with" somebody works in the browser, with no account
// anywhere. It believes whatever name and address are typed, so it is for development alone.
//
//	GET  /.well-known/openid-configuration   OpenID Connect Discovery 1.0 §3
//	GET  /authorize, POST /authorize         a form: who do you want to be? (OIDC Core §3.1.2)
//	POST /token                              codes and refresh tokens (OIDC Core §3.1.3, §12)
//	GET  /userinfo                           OIDC Core §5.3
//	GET  /jwks                               RFC 7517 §5
//	GET  /logout                             OpenID Connect RP-Initiated Logout 1.0 §2
//
// It knows one client, and is as strict with it as the providers out there: an exact redirect URI, PKCE with S256, codes that
// work once. Everything is kept in memory.
package devidp
