package proxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/posternhq/postern/sessionstore"
)

// ProviderTokens finds the access tokens that users have at identity providers. authflow/social has it.
type ProviderTokens interface {
	// AccessToken returns a token that is still good, or an empty one when there is none. An error means that this cannot be
	// known.
	AccessToken(ctx context.Context, user sessionstore.UserID, provider string) (string, error)
}

// providerToken is a header of a route that carries such a token.
type providerToken struct {
	provider string
	header   string // canonical
}

func newProviderTokens(configured map[string]string, auth Auth) ([]providerToken, error) {
	if len(configured) > 0 && auth == Public {
		return nil, errors.New("provider_tokens: a public route does not know whose token to send; use auth: optional or required")
	}
	var tokens []providerToken
	var problems []error
	for _, provider := range slices.Sorted(maps.Keys(configured)) {
		header := http.CanonicalHeaderKey(configured[provider])
		if err := checkIdentityHeader(header); err != nil {
			problems = append(problems, fmt.Errorf("provider_tokens.%s: %w", provider, err))
		}
		if slices.ContainsFunc(tokens, func(t providerToken) bool { return t.header == header }) {
			problems = append(problems, fmt.Errorf("provider_tokens.%s: %s already carries another provider's token", provider, header))
		}
		tokens = append(tokens, providerToken{provider, header})
	}
	return tokens, errors.Join(problems...)
}

// checkProviderTokens holds the routes' headers against those that tell who is asking.
func checkProviderTokens(routes []RouteConfig, identity IdentityConfig) error {
	told, err := newIdentityHeaders(identity)
	if err != nil {
		return nil // which is reported of the identity
	}
	var problems []error
	for i, route := range routes {
		for provider, header := range route.ProviderTokens {
			if name := http.CanonicalHeaderKey(header); slices.Contains(told.names, name) || name == assertionHeader {
				problems = append(problems, fmt.Errorf("%s.provider_tokens.%s: %s tells who is asking; use another name", routeKey(i), provider, name))
			}
		}
	}
	return errors.Join(problems...)
}

// providerTokenHeaders are the names of all routes, which clients may send on none.
func (r *Rules) providerTokenHeaders() (names []string) {
	for _, rule := range r.list {
		for _, token := range rule.providerTokens {
			names = append(names, token.header)
		}
	}
	return names
}

// findProviderTokens looks for what the route sends of them. It fails when the database does: an application that gets no
// token may tell the user to connect an account that they have connected.
func (p *Proxy) findProviderTokens(x *exchange) bool {
	wanted, identity := x.rule.providerTokens, x.decision.Identity
	if len(wanted) == 0 || identity == nil || p.options.ProviderTokens == nil {
		return true
	}
	x.tokens = make([]string, len(wanted))
	for i, token := range wanted {
		if x.tokens[i], x.outcome.Err = p.options.ProviderTokens.AccessToken(x.Context, identity.User.ID, token.provider); x.outcome.Err != nil {
			return false
		}
	}
	return true
}

// setProviderTokens sends them as they are. One that is no header value is not one (RFC 6750 §2.1), and is left out.
func (x *exchange) setProviderTokens(h http.Header) {
	for i, token := range x.tokens {
		if token != "" && encodeValue(token) == token {
			h[x.rule.providerTokens[i].header] = x.tokens[i : i+1 : i+1]
		}
	}
}
