package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
)

// Metadata is what a provider says of itself (OpenID Connect Discovery 1.0 §3, and what other documents add).
type Metadata struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	UserInfoEndpoint      string `json:"userinfo_endpoint"`
	JWKSURI               string `json:"jwks_uri"`
	EndSessionEndpoint    string `json:"end_session_endpoint"` // RP-Initiated Logout 1.0 §2.1

	SigningAlgorithms    []string `json:"id_token_signing_alg_values_supported"`
	ClientAuthMethods    []string `json:"token_endpoint_auth_methods_supported"`
	CodeChallengeMethods []string `json:"code_challenge_methods_supported"` // RFC 8414 §2

	AnnouncesIssuer          bool `json:"authorization_response_iss_parameter_supported"` // RFC 9207 §3
	BackChannelLogout        bool `json:"backchannel_logout_supported"`                   // Back-Channel Logout 1.0 §2.1
	BackChannelLogoutSession bool `json:"backchannel_logout_session_supported"`
}

// Algorithms are those that ID tokens of this provider may be signed with: what it announces, less what Postern does not take. RS256
// is among them where the provider announces nothing (Discovery 1.0 §3 has it in every list).
func (m Metadata) Algorithms() []string {
	if len(m.SigningAlgorithms) == 0 {
		return []string{defaultAlgorithm}
	}
	return slices.DeleteFunc(slices.Clone(m.SigningAlgorithms), func(a string) bool { return !acceptable(a) })
}

// Discover asks a provider for its metadata. The issuer in it must be the very one that was asked (§4.3): a provider that could
// name another would sign in users of that one.
func Discover(ctx context.Context, client *http.Client, issuer string) (Metadata, error) {
	if err := checkIssuer(issuer); err != nil {
		return Metadata{}, err
	}
	provider, err := goidc.NewProvider(goidc.ClientContext(ctx, client), issuer)
	if err != nil {
		return Metadata{}, fmt.Errorf("discover %s: %w", issuer, shortened(err))
	}
	var m Metadata
	if err := provider.Claims(&m); err != nil {
		return Metadata{}, fmt.Errorf("discover %s: %w", issuer, shortened(err))
	}
	if err := m.check(); err != nil {
		return Metadata{}, fmt.Errorf("discover %s: %w", issuer, err)
	}
	return m, nil
}

// checkIssuer is §2 and §4: a URL without query and fragment.
func checkIssuer(issuer string) error {
	if u, err := url.Parse(issuer); err != nil || !isWeb(u) || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("issuer %s is not a URL without query and fragment (OpenID Connect Discovery 1.0 §3)", quoted(issuer))
	}
	return nil
}

func isWeb(u *url.URL) bool {
	return (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// check looks at the endpoints. All must be https when the issuer is; those that the code flow needs must be there.
func (m Metadata) check() error {
	issuer, err := url.Parse(m.Issuer)
	if err != nil {
		return err
	}
	var problems []error
	for _, e := range []struct {
		name, address string
		required      bool
	}{
		{"authorization_endpoint", m.AuthorizationEndpoint, true}, {"token_endpoint", m.TokenEndpoint, true}, {"jwks_uri", m.JWKSURI, true},
		{"userinfo_endpoint", m.UserInfoEndpoint, false}, {"end_session_endpoint", m.EndSessionEndpoint, false},
	} {
		if e.address == "" {
			if e.required {
				problems = append(problems, fmt.Errorf("%s is missing (OpenID Connect Discovery 1.0 §3)", e.name))
			}
			continue
		}
		u, err := url.Parse(e.address)
		switch {
		case err != nil || !isWeb(u) || u.Fragment != "":
			problems = append(problems, fmt.Errorf("%s %s is not a URL (OpenID Connect Discovery 1.0 §3)", e.name, quoted(e.address)))
		case issuer.Scheme == "https" && u.Scheme != "https":
			problems = append(problems, fmt.Errorf("%s %s is not https (OpenID Connect Core 1.0 §16.17)", e.name, quoted(e.address)))
		}
	}
	if len(m.Algorithms()) == 0 {
		problems = append(problems, fmt.Errorf("id_token_signing_alg_values_supported holds %s, and none that Postern takes (%s)", shownList(m.SigningAlgorithms), shownList(acceptableNames())))
	}
	return errors.Join(problems...)
}

const (
	metadataLife  = time.Hour
	metadataStale = 24 * time.Hour
	fetchPause    = 30 * time.Second
)

// Discovery is the metadata of one issuer, asked for when it is needed and kept for an hour. While the provider does not answer, what it said
// last goes on for a day.
type Discovery struct{ metadata kept[Metadata] }

// NewDiscovery returns the metadata-to-be of an issuer; nothing is asked yet. now is nil for time.Now.
func NewDiscovery(client *http.Client, issuer string, now func() time.Time) *Discovery {
	return &Discovery{kept[Metadata]{
		fetch: func(ctx context.Context) (Metadata, error) { return Discover(ctx, client, issuer) },
		now:   clockOr(now), life: metadataLife, stale: metadataStale, pause: fetchPause,
	}}
}

// Metadata returns what the provider says of itself.
func (d *Discovery) Metadata(ctx context.Context) (Metadata, error) { return d.metadata.get(ctx) }

func clockOr(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

// shortened keeps an error that repeats a whole answer, as go-oidc's do, from filling the log. What it wraps can still be asked for.
func shortened(err error) error {
	const most = 300
	if text := err.Error(); len(text) > most {
		return &shortError{text: text[:most] + "…", err: err}
	}
	return err
}

type shortError struct {
	text string
	err  error
}

func (e *shortError) Error() string { return e.text }
func (e *shortError) Unwrap() error { return e.err }
