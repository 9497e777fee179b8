// Package cluster speaks to the Kubernetes API server: a dozen requests that the injector needs, as JSON over HTTP.
//
//	client.go       how the API server is reached, and what it answers
//	objects.go      does something exist? leave an event; which version is it?
//	certificates.go the secret and the webhook's configuration, as package authority wants them
//
// It is no client for anything else. docs/decisions/0004-injector-without-client-go.md says what was weighed.
package cluster
