package social

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// reserved are the parameters that neither settings nor requests may give: they tie the answer to the request. The list is
// better-auth's.
var reserved = map[string]bool{
	"state": true, "client_id": true, "redirect_uri": true, "response_type": true,
	"code_challenge": true, "code_challenge_method": true, "nonce": true, "scope": true,
}

// parameterOrder is better-auth's: those of a provider that have a place, and where PKCE stands among them. What is not named
// here follows.
var parameterOrder = []string{"duration", "display", "login_hint", "nonce", "prompt", "hd", "access_type", "response_mode"}

// authorization is what one request adds to what is configured.
type authorization struct {
	state       string
	verifier    string // PKCE (RFC 7636 §4.1)
	nonce       string
	redirectURI string
	scopes      []string
	loginHint   string
	parameters  []Parameter
}

// authorizationURL is where the browser goes (RFC 6749 §4.1.1), the parameters in better-auth's order.
func (p *Provider) authorizationURL(a authorization) string {
	q := &orderedQuery{}
	q.set("response_type", cmp.Or(p.ResponseType, "code"))
	q.set("client_id", p.ClientID)
	q.set("state", a.state)
	q.setIf("scope", strings.Join(p.scopes(a.scopes), " "))
	q.set("redirect_uri", a.redirectURI)

	fixed := slices.Clone(p.Parameters)
	if !p.NoLoginHint {
		fixed = append(fixed, Parameter{"login_hint", a.loginHint})
	}
	fixed = append(fixed, Parameter{"nonce", a.nonce})
	for _, name := range parameterOrder {
		for _, f := range fixed {
			if f.Name == name {
				q.setIf(name, f.Value)
			}
		}
	}
	if !p.NoPKCE {
		q.set("code_challenge_method", "S256")
		q.set("code_challenge", challenge(a.verifier))
	}
	for _, f := range fixed {
		if !slices.Contains(parameterOrder, f.Name) {
			q.setIf(f.Name, f.Value)
		}
	}
	for _, extra := range a.parameters {
		if !reserved[extra.Name] {
			q.set(extra.Name, extra.Value)
		}
	}
	return q.appendTo(p.AuthorizationURL)
}

// challenge is S256 of a verifier (RFC 7636 §4.2). The method plain is never used.
func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// scopes joins the default, configured and requested ones as better-auth does. A discovered provider has no default ones but openid,
// which makes it an OpenID request (OIDC Core §3.1.2.1); unless others are configured it is asked who the user is.
func (p *Provider) scopes(requested []string) []string {
	first, second := p.configuredScopes, requested
	if p.RequestedScopesFirst {
		first, second = requested, p.configuredScopes
	}
	if !p.discovers {
		return slices.Concat(p.Scopes, first, second)
	}
	if len(second) == 0 {
		second = p.Scopes
	}
	all := slices.Concat(first, second)
	if !slices.Contains(all, "openid") {
		all = append([]string{"openid"}, all...)
	}
	return all
}

// orderedQuery is a query whose parameters keep the order in which they were first set.
type orderedQuery struct{ pairs []Parameter }

func (q *orderedQuery) set(name, value string) {
	for i := range q.pairs {
		if q.pairs[i].Name == name {
			q.pairs[i].Value = value
			return
		}
	}
	q.pairs = append(q.pairs, Parameter{name, value})
}

func (q *orderedQuery) setIf(name, value string) {
	if value != "" {
		q.set(name, value)
	}
}

func (q *orderedQuery) has(name string) bool {
	return slices.ContainsFunc(q.pairs, func(p Parameter) bool { return p.Name == name })
}

// appendTo adds the parameters to an endpoint. Its own query stays as it is written (RFC 6749 §3.1), less what is replaced.
func (q *orderedQuery) appendTo(endpoint string) string {
	base, own, _ := strings.Cut(endpoint, "?")
	var parts []string
	for pair := range strings.SplitSeq(own, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); pair != "" && err == nil && !q.has(decoded) {
			parts = append(parts, pair)
		}
	}
	for _, p := range q.pairs {
		parts = append(parts, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Value))
	}
	return base + "?" + strings.Join(parts, "&")
}
