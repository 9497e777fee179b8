package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/proxy/assertion"
	"github.com/posternhq/postern/sessionstore"
)

// assertionKeysPath is where the keys of assertions are, below auth.base_path. They are not in /jwks: a service that checks the
// tokens of /token cannot take an assertion for one, whatever else it forgets to look at.
const assertionKeysPath = "/assertion/jwks"

// newAssertions finds the key that signs. Private keys are sealed under a key that is derived for this purpose alone.
func (a *app) newAssertions(ctx context.Context, store *sessionstore.Store, core *authflow.Core) error {
	sealer, err := core.Keys.For("assertion")
	if err != nil {
		return err
	}
	a.assertions, err = assertion.New(ctx, a.cfg.Proxy.Identity.Assertion, store, sealer, assertion.Options{Issuer: core.BaseURL, Logger: a.logger})
	if err != nil {
		return fmt.Errorf("identity.assertion: %w", err)
	}
	a.background = append(a.background, a.assertions.Run)
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
