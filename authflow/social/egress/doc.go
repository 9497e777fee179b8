// Package egress is the only way in which calls to identity providers leave the process.
//
//	Client.For("google") ──▶ transport.go ── https only ── breaker ── User-Agent ─┐
//	                                                                              ▼
//	      body.go: 1 MiB ◀── no redirects ◀── http.Transport ◀── net.Dialer, asked by address.go for each address
//
// What a provider says decides where Postern connects next: discovery names the token endpoint and the keys, and a name
// resolves to what its owner likes. So the address is judged that is about to be dialled, not the URL: a name that changes
// its meaning between check and use (DNS rebinding) gains nothing. A redirect is an error, since no endpoint that Postern calls
// has a reason for one (OpenID Connect Discovery 1.0 and RFC 6749 know none there), and it would carry codes and secrets elsewhere.
//
// Each provider has connections, time-outs and a circuit breaker of its own. One that is dead, slow or hostile costs those who
// sign in with it an error, and nobody else anything: five failures in a row, and for half a minute it is not asked at all.
// Failures are what says that the provider is unwell: no answer, an answer cut short or too large, a redirect, or status 5xx. A 4xx is an
// answer, and a caller that goes away says nothing.
//
// # Proxies
//
// HTTPS_PROXY and its kin are not read. Through a proxy it is the proxy that connects, and what it may reach is not for
// Postern to see, so it takes a setting (egress.proxy_url) and not a variable that happens to be there.
//
// # Trust in certificates
//
// Providers are trusted by the system's list of authorities. For an authority of one's own, Go reads SSL_CERT_FILE and SSL_CERT_DIR.
package egress
