// Package injector puts Postern in front of the application in a Kubernetes pod: it is a mutating admission webhook.
//
//	request ── review.go ── annotations.go ── inject.go ─┬─ app.go, probes.go   what changes of the application
//	           (HTTP,        (what is asked    (decides,   ├─ sidecar.go          what is added
//	            JSON)         for, checked)     checks)    └─ patch.go            both, as JSON Patch (RFC 6902)
//
// Inject is a pure function of a pod and options. What it needs of a cluster (does the secret exist? tell the operator) is asked for
// through two small interfaces that package cluster fills in; certificates are package authority's.
//
// # What callers may rely on
//
// A pod without the annotation postern.dev/inject: "true", or with the label postern.dev/exclude: "true", is not touched. One that has been
// injected is not touched again, so that asking twice (reinvocationPolicy: IfNeeded) changes nothing. The patch names only what it
// changes: fields of Kubernetes that this package has never heard of survive. A pod that cannot be injected as its annotations ask is refused
// with all the reasons together, or let through as it is where Config.OnInvalid says so; never changed by half.
//
// Pods are read by the few fields that matter (pod.go), not by the types of k8s.io/api: docs/decisions/0004-injector-without-client-go.md says why.
package injector
