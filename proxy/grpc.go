package proxy

import (
	"net/http"
	"strconv"
	"strings"
)

// isGRPC tells whether the client speaks gRPC, for which an error is no status of HTTP. gRPC-Web does not count: its clients
// read statuses as browsers do.
func isGRPC(r *http.Request) bool {
	rest, found := strings.CutPrefix(r.Header.Get("Content-Type"), "application/grpc")
	return found && r.Method == http.MethodPost && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// Codes of gRPC: https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const (
	grpcCancelled         = 1
	grpcUnknown           = 2
	grpcInvalidArgument   = 3
	grpcDeadlineExceeded  = 4
	grpcPermissionDenied  = 7
	grpcResourceExhausted = 8
	grpcUnimplemented     = 12
	grpcUnavailable       = 14
	grpcUnauthenticated   = 16
)

// grpcCode is what a status of ours means there. An application that did not answer in time is unavailable: that the call's
// deadline has passed is for the client to say.
func grpcCode(status int) int {
	switch status {
	case http.StatusBadRequest:
		return grpcInvalidArgument
	case http.StatusUnauthorized:
		return grpcUnauthenticated
	case http.StatusForbidden:
		return grpcPermissionDenied
	case http.StatusMethodNotAllowed:
		return grpcUnimplemented
	case http.StatusRequestTimeout:
		return grpcDeadlineExceeded
	case http.StatusRequestEntityTooLarge, http.StatusTooManyRequests:
		return grpcResourceExhausted
	case refuseClientGone.status:
		return grpcCancelled
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return grpcUnavailable
	}
	return grpcUnknown
}

// sendGRPC answers with headers alone ("Trailers-Only").
func sendGRPC(w http.ResponseWriter, no *refusal) {
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Grpc-Status", strconv.Itoa(grpcCode(no.status)))
	h.Set("Grpc-Message", no.message) // plain text without a percent sign, which would have to be encoded
	w.WriteHeader(http.StatusOK)
}
