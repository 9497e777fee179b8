package extauthz

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/posternhq/postern/proxy"
)

// answer keeps what would be written to an HTTP client.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// allow says yes, with what has to become of the request, and the header of the answer.
func allow(header http.Header, pass proxy.Pass) *authv3.CheckResponse {
	ok := &authv3.OkHttpResponse{HeadersToRemove: pass.Remove, ResponseHeadersToAdd: options(http.Header{"Set-Cookie": header["Set-Cookie"]}, true)}
	for name, lines := range pass.Set {
		ok.Headers = append(ok.Headers, options(http.Header{name: {strings.Join(lines, ", ")}}, false)...)
	}
	return &authv3.CheckResponse{
		Status:       &status.Status{Code: int32(codes.OK)},
		HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: ok},
	}
}

// deny hands on the answer for the client. The status of the call itself says no in any case.
func (a *answer) deny() *authv3.CheckResponse {
	for _, name := range []string{"Connection", "Content-Length", "Transfer-Encoding"} {
		a.header.Del(name) // between Postern and whom it speaks to
	}
	cookies := a.header["Set-Cookie"]
	a.header.Del("Set-Cookie")
	code := typev3.StatusCode(a.status)
	if _, known := typev3.StatusCode_name[int32(code)]; !known || code < 300 {
		code = typev3.StatusCode_Forbidden // Envoy refuses answers with a status that it does not know
	}
	denied := &authv3.DeniedHttpResponse{
		Status:  &typev3.HttpStatus{Code: code},
		Headers: append(options(a.header, false), options(http.Header{"Set-Cookie": cookies}, true)...),
		Body:    a.body.String(),
	}
	return &authv3.CheckResponse{
		Status:       &status.Status{Code: int32(codeOf(a.status))},
		HttpResponse: &authv3.CheckResponse_DeniedResponse{DeniedResponse: denied},
	}
}

func codeOf(status int) codes.Code {
	switch {
	case status == http.StatusUnauthorized:
		return codes.Unauthenticated
	case status >= 500:
		return codes.Unavailable
	}
	return codes.PermissionDenied
}

// options are header lines, each with what has to become of one that is there already.
func options(h http.Header, add bool) []*corev3.HeaderValueOption {
	action := corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
	if add {
		action = corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
	}
	var all []*corev3.HeaderValueOption
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			all = append(all, &corev3.HeaderValueOption{
				Header:       &corev3.HeaderValue{Key: strings.ToLower(name), Value: value},
				Append:       wrapperspb.Bool(add), //nolint:staticcheck // of the two it is this one that Envoy's ext_authz reads, in its older versions alone
				AppendAction: action,
			})
		}
	}
	return all
}
