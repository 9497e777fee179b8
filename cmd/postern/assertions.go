package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy/assertion"
	"github.com/posternhq/postern/sessionstore"
)

// assertionKeysPath is where the keys of assertions are, below auth.base_path. They are not in /jwks: a service that checks the
// tokens of /token cannot take an assertion for one, whatever else it forgets to look at.
const assertionKeysPath = "/assertion/jwks"

// newAssertions finds the key that signs. Private keys are sealed under a key that is derived for this purpose alone.
func (a *app) newAssertions(ctx context.Context, cfg config.Config, n *api) error {
	sealer, err := n.core.Keys.For("assertion")
	if err != nil {
		return err
	}
	n.assertions, err = assertion.New(ctx, cfg.Proxy.Identity.Assertion, a.store.Store, sealer, assertion.Options{Issuer: n.core.BaseURL, Logger: a.logger})
	if err != nil {
		return fmt.Errorf("identity.assertion: %w", err)
	}
	n.background = append(n.background, n.assertions.Run)
	return nil
}

// withAssertionKeys answers for the public keys before the API does.
func withAssertionKeys(basePath string, keys, api http.Handler) http.Handler {
	path := basePath + assertionKeysPath
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			api.ServeHTTP(w, r)
			return
		}
		info := infoOf(r)
		info.route, info.auth = assertionKeysPath, "api"
		keys.ServeHTTP(w, r)
	})
}

// unsigned stands for assertions where nothing is signed.
type unsigned struct{}

func (unsigned) Assert(_ *sessionstore.Identity, method, target string) ([]string, error) {
	return []string{fmt.Sprintf("(signed, for %s %s)", method, target)}, nil
}
