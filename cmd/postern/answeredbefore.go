package main

import (
	"net/http"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy/forwardauth"
)

// answeredBefore are the routes below auth.base_path that are answered before the auth API is reached. They are mounted to be
// described with it, and to be nobody else's.
type answeredBefore struct{ cfg config.Config }

func (answeredBefore) Name() string { return "proxy" }

// Mount names what this configuration answers.
func (b answeredBefore) Mount(r *authflow.Router) {
	if b.cfg.Proxy.Identity.Assertion.Enabled {
		r.Handle(authflow.Route{
			Method: http.MethodGet, Path: assertionKeysPath,
			Summary:     "The public keys that assertions (X-Postern-Assertion) are checked with",
			OperationID: "getAssertionKeySet",
			Answer:      jsonWebKeySet{},
			Handle:      notReached,
		})
	}
	if b.cfg.ForwardAuth.Enabled && b.cfg.ForwardAuth.Listen == "" {
		for _, f := range forwardauth.FrontEnds() {
			r.Handle(authflow.Route{
				Method: http.MethodGet, Path: forwardauth.Path + f.Path,
				Params:  targetOf(f),
				Summary: "Whether a request may pass, for " + f.Name + ", which tells of it in " + f.Tells + ". 200 brings the headers that the application is to get; anything else is the answer for the client",
				Media:   "text/plain",
				Errors:  []*authflow.Error{authflow.ErrUnauthorized, authflow.ErrUnavailable},
				Handle:  notReached,
			})
		}
	}
}

func targetOf(f forwardauth.FrontEnd) []authflow.Field {
	if !strings.Contains(f.Path, "/:target") {
		return nil
	}
	return []authflow.Field{authflow.Text("target", "Path and query of the request that is asked about, which may have several segments.")}
}

// notReached would be the answer if nobody had answered before.
func notReached(*authflow.Call) error { return authflow.ErrNotFound }

// jsonWebKeySet is RFC 7517 §5, with public keys alone.
type jsonWebKeySet struct {
	Keys []jsonWebKey `json:"keys"`
}

type jsonWebKey struct {
	KeyType   string `json:"kty"`
	KeyID     string `json:"kid"`
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
	N         string `json:"n,omitempty"`
	E         string `json:"e,omitempty"`
}
