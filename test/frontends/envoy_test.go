package frontends

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3" // messages of the examples
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/posternhq/postern/test/harness"
)

// TestEnvoysExamplesAreValid reads them as Envoy does: into its own messages, by their own constraints.
func TestEnvoysExamplesAreValid(t *testing.T) {
	t.Parallel()
	for file, message := range map[string]interface {
		proto.Message
		ValidateAll() error
	}{"envoy.yaml": &bootstrapv3.Bootstrap{}, "http-service.yaml": &hcmv3.HttpFilter{}} {
		text, err := os.ReadFile(filepath.Join(examples, "envoy", file))
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := yaml.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		if text, err = json.Marshal(tree); err != nil {
			t.Fatal(err)
		}
		if err := protojson.Unmarshal(text, message); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if err := message.ValidateAll(); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestEnvoysClientIsAnswered asks the process by the client that go-control-plane has of Envoy's service.
func TestEnvoysClientIsAnswered(t *testing.T) {
	t.Parallel()
	s := beside(t, frontEnd{name: "envoy"})
	s.URL = s.Postern.URL // nobody forwards here
	ada, id := s.signUp(t, "ada")
	conn, err := grpc.NewClient(s.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ask := func(method, path string, headers map[string]string) *authv3.CheckResponse {
		t.Helper()
		said, err := authv3.NewAuthorizationClient(conn).Check(t.Context(), &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
			Source:  &authv3.AttributeContext_Peer{Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{Address: "192.0.2.7"}}}},
			Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{Method: method, Path: path, Host: "localhost:8080", Scheme: "http", Headers: headers}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	session := "theme=dark; " + harness.SessionCookie + "=" + ada.Cookie(harness.SessionCookie)
	ok := ask("GET", "/tasks/1?x", map[string]string{"cookie": session, "x_postern-user_id": "root", "x-postern-user-roles": "admin"}).GetOkResponse()
	got := seen{header: map[string][]string{}}
	for _, o := range ok.GetHeaders() {
		got.header.Add(o.GetHeader().GetKey(), o.GetHeader().GetValue())
	}
	if got.header.Get("X-Postern-User-Id") != id || got.header.Get("Cookie") != "theme=dark" || got.header.Get("X-Request-Id") == "" {
		t.Errorf("told %v", got.header)
	}
	wantAssertion(t, got, id, "GET", "/tasks/1")
	if gone := ok.GetHeadersToRemove(); !slices.Contains(gone, "x_postern-user_id") || !slices.Contains(gone, "x-postern-user-roles") {
		t.Errorf("to be removed: %v", gone)
	}
	for what, row := range map[string]struct {
		said *authv3.CheckResponse
		want int32
	}{
		"a stranger":        {ask("GET", "/tasks", nil), 401},
		"the wrong role":    {ask("GET", "/admin/x", map[string]string{"cookie": session}), 403},
		"an ambiguous path": {ask("GET", "//admin/x", map[string]string{"cookie": session}), 400},
	} {
		denied := row.said.GetDeniedResponse()
		if int32(denied.GetStatus().GetCode()) != row.want || row.said.GetStatus().GetCode() == 0 || !strings.Contains(denied.GetBody(), `"code"`) {
			t.Errorf("%s: %v", what, row.said)
		}
	}
	if len(s.LogLines(t, "request")) == 0 {
		t.Error("no question is in the log")
	}
	for _, line := range s.LogLines(t, "request") {
		if line["front_end"] == "envoy-grpc" && (line["client"] != "192.0.2.7" || line["request_id"] == "") {
			t.Errorf("logged %v", line)
		}
	}
}
