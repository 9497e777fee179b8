// Package extauthz answers Envoy's ext_authz filter over gRPC (envoy.service.auth.v3.Authorization). It is the only package
// that knows gRPC.
//
// Whether a request may pass is decided by proxy.Proxy.Check, as for all front ends. Envoy shows all of a request's headers
// over gRPC, so that all of those that only Postern may say can be named for removal, whatever their spelling.
//
// Every answer is a CheckResponse, also when the session cannot be known: an error of the call itself would be left to
// failure_mode_allow, which may say yes.
package extauthz
