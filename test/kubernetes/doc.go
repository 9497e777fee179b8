// Package kubernetes tests what Postern does in a cluster.
//
//	manifests_test.go, restricted_test.go   deploy/k8s and the chart, rendered by kustomize's and Helm's own libraries, against the types and
//	                                        the checks that an API server uses
//	chart_test.go                           the chart makes the objects that kustomize makes
//	dashboard_test.go                       what the dashboard and the alerts ask for is exported
//	image_test.go                           the image's content, as an empty read-only root with a user who is nobody
//	cluster_test.go …                       a real API server with etcd: `make test-k8s`
//
// It is a module of its own, for the sake of what it needs. `make k8s` runs what is quick, `make test-k8s` all.
package kubernetes
