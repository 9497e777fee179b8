package oidc_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/social/egress"
	"github.com/posternhq/postern/authflow/social/oidc"
)

func TestDiscoveryFindsTheEndpoints(t *testing.T) {
	t.Parallel()
	p := startIssuer(t)
	p.metadata["authorization_response_iss_parameter_supported"] = true
	p.metadata["backchannel_logout_supported"] = true
	m, err := oidc.Discover(t.Context(), client(), p.URL)
	if err != nil {
		t.Fatal(err)
	}
	if m.Issuer != p.URL || m.AuthorizationEndpoint != p.URL+"/authorize" || m.TokenEndpoint != p.URL+"/token" || m.JWKSURI != p.URL+"/keys" ||
		m.UserInfoEndpoint != p.URL+"/me" || m.EndSessionEndpoint != p.URL+"/logout" || !m.AnnouncesIssuer || !m.BackChannelLogout || m.BackChannelLogoutSession {
		t.Errorf("%+v", m)
	}
	if !slices.Equal(m.Algorithms(), []string{"RS256", "ES256"}) {
		t.Errorf("algorithms %v", m.Algorithms())
	}
	if got := (oidc.Metadata{}).Algorithms(); !slices.Equal(got, []string{"RS256"}) {
		t.Errorf("algorithms of a provider that announces none: %v", got)
	}
}

func TestDiscoveryRefusesWhatIsNotTheIssuers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change map[string]any
		want   string
	}{
		"another issuer":            {map[string]any{"issuer": "https://evil.example"}, "https://evil.example"},
		"a slash more":              {map[string]any{"issuer": "URL/"}, "URL/"},
		"no issuer":                 {map[string]any{"issuer": nil}, "issuer"},
		"issuer is no text":         {map[string]any{"issuer": 1}, "issuer"},
		"no token endpoint":         {map[string]any{"token_endpoint": nil}, "token_endpoint is missing"},
		"no authorization endpoint": {map[string]any{"authorization_endpoint": ""}, "authorization_endpoint is missing"},
		"no keys":                   {map[string]any{"jwks_uri": nil}, "jwks_uri is missing"},
		"a path":                    {map[string]any{"token_endpoint": "/token"}, "token_endpoint"},
		"a script":                  {map[string]any{"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint"},
		"a file":                    {map[string]any{"jwks_uri": "file:///etc/passwd"}, "jwks_uri"},
		"user info":                 {map[string]any{"userinfo_endpoint": "https://a:b@evil.example/"}, "userinfo_endpoint"},
		"a fragment":                {map[string]any{"end_session_endpoint": "https://evil.example/#a"}, "end_session_endpoint"},
		"symmetric algorithms":      {map[string]any{"id_token_signing_alg_values_supported": []string{"HS256", "none"}}, "HS256"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startIssuer(t)
			for key, value := range tt.change {
				if text, ok := value.(string); ok {
					value = strings.Replace(text, "URL", p.URL, 1)
				}
				p.metadata[key] = value
			}
			_, err := oidc.Discover(t.Context(), client(), p.URL)
			if err == nil || !strings.Contains(err.Error(), strings.Replace(tt.want, "URL", p.URL, 1)) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestDiscoveryDemandsHTTPSBehindHTTPS(t *testing.T) {
	t.Parallel()
	// Over TLS the issuer is https, and an endpoint that is not would be a way round it.
	p, trusting := startTLSIssuer(t)
	if _, err := oidc.Discover(t.Context(), trusting, p.URL); err != nil {
		t.Fatal(err)
	}
	p.metadata["token_endpoint"] = strings.Replace(p.URL, "https://", "http://", 1) + "/token"
	if _, err := oidc.Discover(t.Context(), trusting, p.URL); err == nil || !strings.Contains(err.Error(), "not https") {
		t.Errorf("%v", err)
	}
}

func TestIssuersThatAreNone(t *testing.T) {
	t.Parallel()
	for _, issuer := range []string{"", "idp.example", "https://", "https://idp.example/?a=b", "https://idp.example/#x", "https://user@idp.example", "://", "ftp://idp.example"} {
		if _, err := oidc.Discover(t.Context(), client(), issuer); err == nil || !strings.Contains(err.Error(), "is not a URL") {
			t.Errorf("%q: %v", issuer, err)
		}
	}
}

// D46, D76: the first call that a configured issuer causes.
func TestD76DiscoveryThatIsHostile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"HTML": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<!DOCTYPE html>" + strings.Repeat("<p>", 100_000)))
		}, "decode"},
		"a page of 500": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(strings.Repeat("<p>", 100_000)))
		}, "500"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		}, "evil.example"},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			block := []byte(strings.Repeat(" ", 1<<20))
			for range 1024 {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, "1 MiB"},
	} {
		p := startIssuer(t)
		p.answer("/.well-known/openid-configuration", tt.handler)
		_, err := oidc.Discover(t.Context(), client(), p.URL)
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 600 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := oidc.Discover(t.Context(), egress.New(egress.Config{}).For("idp"), "https://169.254.169.254"); !errors.Is(err, egress.ErrBlockedAddress) {
		t.Errorf("metadata of a cloud: %v", err)
	}
}

func TestMetadataIsKeptForAnHourAndGoesOnForADay(t *testing.T) {
	t.Parallel()
	p, c := startIssuer(t), &clock{}
	var asked, broken atomic.Int64
	p.answer("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if broken.Load() == 1 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"issuer":"` + p.URL + `","authorization_endpoint":"` + p.URL + `/a","token_endpoint":"` + p.URL + `/t","jwks_uri":"` + p.URL + `/k"}`))
	})
	d := oidc.NewDiscovery(client(), p.URL, c.now)
	good := func(when string, times int64) {
		t.Helper()
		if m, err := d.Metadata(t.Context()); err != nil || m.TokenEndpoint != p.URL+"/t" || asked.Load() != times {
			t.Errorf("%s: asked %d times, %v", when, asked.Load(), err)
		}
	}
	good("at first", 1)
	c.advance(59 * time.Minute)
	good("within the hour", 1)
	c.advance(time.Minute)
	good("after it", 2)
	broken.Store(1)
	c.advance(23 * time.Hour)
	good("while it is away", 3)
	good("and it is not asked each time", 3)
	c.advance(time.Hour)
	if _, err := d.Metadata(t.Context()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a day later: %v", err)
	}
	broken.Store(0)
	c.advance(3 * time.Second)
	if _, err := d.Metadata(t.Context()); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}
