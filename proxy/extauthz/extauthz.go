package extauthz

import (
	"context"
	"net"
	"net/http"
	"net/url"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	"github.com/posternhq/postern/proxy/forwardauth"
)

// Options are what a Server may be told. All zero values work; then nobody is trusted.
type Options struct {
	forwardauth.Options
	// Around is what surrounds every request to Postern: log line, metrics, id, CORS.
	Around func(http.Handler) http.Handler
}

// Authorizer answers questions. It never changes, as the proxy that it asks.
type Authorizer struct {
	check   forwardauth.Checker
	options Options
	around  http.Handler
}

// New returns what answers by check.
func New(check forwardauth.Checker, options Options) *Authorizer {
	a := &Authorizer{check: check, options: options}
	a.around = http.HandlerFunc(a.decide)
	if options.Around != nil {
		a.around = options.Around(a.around)
	}
	return a
}

// Server takes Check calls.
type Server struct {
	authv3.UnimplementedAuthorizationServer
	current func() *Authorizer
	grpc    *grpc.Server
}

var _ authv3.AuthorizationServer = (*Server)(nil)

// maxQuestion is more than the headers of a request that Postern itself would take.
const maxQuestion = 2 << 20

// NewServer returns a server that has each call answered by whom current returns at that moment. It does not listen yet.
func NewServer(current func() *Authorizer) *Server {
	s := &Server{current: current, grpc: grpc.NewServer(grpc.MaxRecvMsgSize(maxQuestion))}
	authv3.RegisterAuthorizationServer(s.grpc, s)
	return s
}

// Check has one question answered.
func (s *Server) Check(ctx context.Context, asked *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return s.current().answer(ctx, asked), nil
}

// Serve answers on a listener until Shutdown or Close.
func (s *Server) Serve(l net.Listener) error { return s.grpc.Serve(l) }

// Shutdown ends once all calls under way are answered, or when ctx does.
func (s *Server) Shutdown(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.grpc.Stop()
		<-done
		return ctx.Err()
	}
}

// Close ends at once.
func (s *Server) Close() error {
	s.grpc.Stop()
	return nil
}

// call is one question on its way through what surrounds it, as a value of the context.
type call struct {
	question question
	readable bool
	said     *authv3.CheckResponse // nil unless it is yes
}

type callKey struct{}

func (a *Authorizer) answer(ctx context.Context, asked *authv3.CheckRequest) *authv3.CheckResponse {
	c := &call{}
	c.question, c.readable = read(asked.GetAttributes())
	if !c.readable {
		c.question.request = &http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{}, Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	}
	var from net.Addr
	if p, ok := peer.FromContext(ctx); ok {
		from = p.Addr
	}
	w := &answer{header: http.Header{}}
	a.around.ServeHTTP(w, c.question.visit(from).WithContext(context.WithValue(ctx, callKey{}, c)))
	if c.said != nil {
		return c.said
	}
	return w.deny()
}

// decide is what Postern does with a question once it is an HTTP request.
func (a *Authorizer) decide(w http.ResponseWriter, r *http.Request) {
	c := r.Context().Value(callKey{}).(*call)
	switch {
	case !a.options.TrustsPeer(r):
		a.options.Refuse(w, r, frontEnd, forwardauth.Untrusted)
	case !c.readable:
		a.options.Refuse(w, r, frontEnd, unreadable)
	default:
		a.options.Tell(r, frontEnd, "")
		if pass, passes := a.check.Check(w, c.question.request.WithContext(r.Context()), c.question.client); passes {
			c.said = allow(w.Header(), pass)
			w.WriteHeader(http.StatusOK)
		}
	}
}

// frontEnd is what log lines say.
const frontEnd = "envoy-grpc"

var unreadable = &forwardauth.Problem{
	Status: http.StatusBadRequest, Code: "BAD_REQUEST", Reason: "front_end_attributes",
	Message: "The front end has to tell method, path, scheme and host of the request; see docs/forward-auth.md",
}
