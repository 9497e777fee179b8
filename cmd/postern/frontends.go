package main

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/posternhq/postern/proxy/extauthz"
	"github.com/posternhq/postern/proxy/forwardauth"
)

// answerFrontEnds makes what answers the questions of front ends, and returns what is below auth.base_path on the public listener.
func (g *generation) answerFrontEnds(around *edge) http.Handler {
	if !g.cfg.ForwardAuth.Enabled {
		return g.api.handler
	}
	asking := &edge{trust: around.trust, cors: around.cors, log: around.log, metrics: around.metrics, asked: true}
	options := forwardauth.Options{Trusts: around.trust.TrustsPeer, Client: clientOf, Asked: observeQuestion}
	questions := forwardauth.New(g.cfg.Auth.Core.BasePath, g.proxy, options)
	g.questions = asking.before(questions)
	g.extAuthz = extauthz.New(g.proxy, extauthz.Options{Options: options, Around: func(h http.Handler) http.Handler { return asking.before(h) }})
	if g.cfg.ForwardAuth.Listen != "" {
		return g.api.handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.isQuestion(r) {
			questions.ServeHTTP(w, r)
			return
		}
		g.api.handler.ServeHTTP(w, r)
	})
}

// isQuestion tells whether a request on the public listener is a front end's.
func (g *generation) isQuestion(r *http.Request) bool {
	return g.cfg.ForwardAuth.Enabled && g.cfg.ForwardAuth.Listen == "" && isBelow(g.cfg.Auth.Core.BasePath+forwardauth.Path, r.URL.Path)
}

// handsOverPreflight tells whether a preflight is not for the edge to answer: the application's own, and what a front end asks.
func (g *generation) handsOverPreflight(r *http.Request) bool {
	if isBelow(g.cfg.Auth.Core.BasePath, r.URL.Path) {
		return g.isQuestion(r)
	}
	return g.proxy.HandsOverPreflight(r)
}

// server is what http.Server and its like have in common.
type server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
	Close() error
}

// serving is a server that has its listener.
type serving struct {
	server
	listener net.Listener
}

// listenToFrontEnds opens the listeners for front ends alone; all of them, or none. Each question is answered by the generation
// that it meets.
func (a *app) listenToFrontEnds() ([]serving, error) {
	cfg := a.cfg.ForwardAuth
	var open []serving
	for _, l := range []struct {
		key, address string
		server       func() server
	}{
		{"forward_auth.listen", cfg.Listen, func() server {
			questions := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.current.Load().questions.ServeHTTP(w, r) })
			plain := a.cfg.Server
			plain.H2C = true // as some front ends prefer; there is no TLS between them and Postern
			return publicServer(questions, plain, nil, a.logger)
		}},
		{"forward_auth.grpc_listen", cfg.GRPCListen, func() server {
			return extauthz.NewServer(func() *extauthz.Authorizer { return a.current.Load().extAuthz })
		}},
	} {
		if l.address == "" {
			continue
		}
		listener, err := listen(l.address, a.cfg.Server)
		if err != nil {
			for _, s := range open {
				_ = s.listener.Close() // what went wrong is told already
			}
			return nil, fmt.Errorf("%s: %w", l.key, err)
		}
		open = append(open, serving{l.server(), listener})
	}
	return open, nil
}

// shutDown has all servers finish what is under way at the same time.
func shutDown(ctx context.Context, servers []serving) error {
	var all errgroup.Group
	for _, s := range servers {
		all.Go(func() error { return s.Shutdown(ctx) })
	}
	return all.Wait()
}

// publicSide is the server of the public listener, which may speak TLS.
type publicSide struct{ *http.Server }

func (p publicSide) Serve(l net.Listener) error { return serveOn(p.Server, l) }
