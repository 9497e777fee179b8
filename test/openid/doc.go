// Package openid holds Postern against an OpenID provider that others wrote: zitadel/oidc's example server, in provider, over HTTP.
package openid
