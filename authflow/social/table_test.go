package social

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// What better-auth 1.7.25 makes of the same settings and the same request, but where the entry says otherwise: PKCE for Discord and Facebook,
// a nonce for Apple.
func TestAuthorizationURLsOfTheTable(t *testing.T) {
	t.Parallel()
	request := authorization{
		state: "the-state", verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", redirectURI: "https://app.test/cb", scopes: []string{"calendar"},
		loginHint: "ada@people.test", parameters: []Parameter{{"foo", "a b"}},
	}
	const (
		head = "response_type=code&client_id=id&state=the-state&scope="
		back = "&redirect_uri=https%3A%2F%2Fapp.test%2Fcb"
		hint = "&login_hint=ada%40people.test"
		pkce = "&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
		tail = "&foo=a+b"
	)
	for id, tt := range map[string]struct {
		cfg  ProviderConfig
		want string
	}{
		"apple": {ProviderConfig{}, "https://appleid.apple.com/auth/authorize?" + strings.Replace(head, "code&", "code+id_token&", 1) +
			"email+name+configured+calendar" + back + "&nonce=the-nonce&response_mode=form_post" + pkce + tail},
		"microsoft": {ProviderConfig{}, "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?" + head +
			"openid+profile+email+User.Read+offline_access+configured+calendar" + back + hint + pkce + tail},
		"discord": {ProviderConfig{}, "https://discord.com/api/oauth2/authorize?" + head + "identify+email+calendar+configured" + back + "&prompt=none" + pkce + tail},
		"gitlab": {ProviderConfig{Issuer: "https://gitlab.example.com/"}, "https://gitlab.example.com/oauth/authorize?" + head +
			"read_user+configured+calendar" + back + hint + pkce + tail},
		"facebook": {ProviderConfig{ConfigID: "77"}, "https://www.facebook.com/v24.0/dialog/oauth?" + head + "email+public_profile+configured+calendar" + back + hint + pkce + "&config_id=77" + tail},
		"linkedin": {ProviderConfig{}, "https://www.linkedin.com/oauth/v2/authorization?" + head + "profile+email+openid+configured+calendar" + back + hint + tail},
		"slack":    {ProviderConfig{}, "https://slack.com/openid/connect/authorize?" + head + "openid+profile+email+calendar+configured" + back + tail},
		"twitter": {ProviderConfig{}, "https://x.com/i/oauth2/authorize?" + head +
			"users.read+tweet.read+offline.access+users.email+configured+calendar" + back + pkce + tail},
	} {
		tt.cfg.ClientID, tt.cfg.ClientSecret, tt.cfg.Scopes = "id", "s", []string{"configured"}
		p, err := newProvider(id, tt.cfg)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		asked := request
		if p.Nonce {
			asked.nonce = "the-nonce"
		}
		if got := p.authorizationURL(asked); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", id, got, tt.want)
		}
	}
}

// A provider is an entry: whatever it is, it can be used with a client alone, and its addresses are https.
func TestEveryEntryOfTheTableIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, entry := range known() {
		if seen[entry.ID] || !providerID.MatchString(entry.ID) || entry.Name == "" {
			t.Errorf("%q: taken, no id, or without a name", entry.ID)
		}
		seen[entry.ID] = true
		p, err := newProvider(entry.ID, ProviderConfig{ClientID: "id", ClientSecret: "s"})
		if err != nil {
			t.Errorf("%s: %v", entry.ID, err)
			continue
		}
		for _, address := range []string{p.AuthorizationURL, p.TokenURL, p.UserInfoURL, p.EmailsURL, p.JWKSURL, p.PhotoURL, p.InspectionURL} {
			if address != "" && !strings.HasPrefix(address, "https://") {
				t.Errorf("%s: %s", entry.ID, address)
			}
		}
		if p.AuthorizationURL == "" || p.TokenURL == "" || p.Source == FromUserInfo && p.UserInfoURL == "" || p.Source == FromIDToken && (p.IDToken == nil || p.JWKSURL == "") {
			t.Errorf("%s: an endpoint is missing: %+v", entry.ID, p.Endpoints)
		}
		if p.IDToken != nil && len(p.IDToken.Issuers) == 0 {
			t.Errorf("%s: ID tokens of any issuer", entry.ID)
		}
	}
}

func TestSettingsReplaceEveryEndpoint(t *testing.T) {
	t.Parallel()
	for _, entry := range known() {
		p, err := newProvider(entry.ID, ProviderConfig{
			ClientID: "id", ClientSecret: "s", AuthorizationURL: "https://a.test/", TokenURL: "https://t.test/", UserInfoURL: "https://u.test/", JWKSURL: "https://j.test/",
		})
		if err != nil || p.AuthorizationURL != "https://a.test/" || p.TokenURL != "https://t.test/" || p.UserInfoURL != "https://u.test/" || p.JWKSURL != "https://j.test/" {
			t.Errorf("%s: %+v, %v", entry.ID, p, err)
		}
	}
}

func keyPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestApplesClientSecretIsMadeForEachCall(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := keyPEM(t, key)
	for name, given := range map[string]string{"the file": text, "on one line, as in a variable": strings.ReplaceAll(text, "\n", `\n`)} {
		p, err := newProvider("apple", ProviderConfig{ClientID: "com.example.web", TeamID: "TEAM123456", KeyID: "KEY1234567", PrivateKey: given})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, now := range []time.Time{time.Unix(1_800_000_000, 0), time.Unix(1_900_000_000, 0)} {
			secret, err := p.MakeSecret(now)
			if err != nil {
				t.Fatal(err)
			}
			jws, err := jose.ParseSignedCompact(secret, []jose.SignatureAlgorithm{jose.ES256})
			if err != nil {
				t.Fatal(err)
			}
			payload, err := jws.Verify(key.Public())
			if err != nil || jws.Signatures[0].Protected.KeyID != "KEY1234567" {
				t.Errorf("%s: kid %q, %v", name, jws.Signatures[0].Protected.KeyID, err)
			}
			var claims struct {
				Iss, Aud, Sub string
				Iat, Exp      int64
			}
			if err := json.Unmarshal(payload, &claims); err != nil || claims.Iss != "TEAM123456" || claims.Aud != "https://appleid.apple.com" || claims.Sub != "com.example.web" ||
				claims.Iat != now.Unix() || claims.Exp <= claims.Iat || claims.Exp > claims.Iat+15_777_000 {
				t.Errorf("%s: %s, %v", name, payload, err)
			}
		}
	}
}

func TestSettingsThatDoNotFitAProvider(t *testing.T) {
	t.Parallel()
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := keyPEM(t, p256)
	for _, tt := range []struct {
		id   string
		cfg  ProviderConfig
		want []string // each must be said; none: it is fine
	}{
		{"apple", ProviderConfig{TeamID: "T", KeyID: "K", PrivateKey: good}, nil},
		{"apple", ProviderConfig{ClientSecret: "made elsewhere"}, nil},
		{"apple", ProviderConfig{}, []string{"client_secret: "}},
		{"apple", ProviderConfig{TeamID: "T"}, []string{"key_id: ", "private_key: "}},
		{"apple", ProviderConfig{KeyID: "K", PrivateKey: good}, []string{"team_id: "}},
		{"apple", ProviderConfig{TeamID: "T", KeyID: "K", PrivateKey: good, ClientSecret: "s"}, []string{"client_secret: is made from private_key"}},
		{"apple", ProviderConfig{TeamID: "T", KeyID: "K", PrivateKey: "AuthKey_K.p8"}, []string{"private_key: is not the content"}},
		{"apple", ProviderConfig{TeamID: "T", KeyID: "K", PrivateKey: strings.Replace(good, "\nM", "\nA", 1)}, []string{"private_key: the .p8 file is damaged"}},
		{"apple", ProviderConfig{TeamID: "T", KeyID: "K", PrivateKey: keyPEM(t, rsaKey)}, []string{"private_key: is not for ES256"}},
		{"apple", ProviderConfig{TeamID: "T", KeyID: "K", PrivateKey: keyPEM(t, p384)}, []string{"private_key: is not for ES256"}},
		{"microsoft", ProviderConfig{ClientSecret: "s", TenantID: "72f988bf-86f1-41af-91ab-2d7cd011db47"}, nil},
		{"microsoft", ProviderConfig{ClientSecret: "s", TenantID: "organizations"}, nil},
		{"microsoft", ProviderConfig{ClientAuth: "none"}, nil},
		{"microsoft", ProviderConfig{ClientSecret: "s", TenantID: "contoso.onmicrosoft.com"}, []string{"tenant_id: "}},
		{"microsoft", ProviderConfig{ClientSecret: "s", TenantID: "common/../x"}, []string{"tenant_id: "}},
		{"microsoft", ProviderConfig{ClientSecret: "s", Authority: "login.microsoftonline.us"}, []string{"authority: "}},
		{"acme", ProviderConfig{ClientSecret: "s"}, []string{"issuer: is not set"}},
		{"linkedin", ProviderConfig{}, []string{"client_secret: "}},
	} {
		tt.cfg.ClientID, tt.cfg.Enabled = "id", true
		err := Config{tt.id: tt.cfg}.Validate()
		if len(tt.want) == 0 && err != nil {
			t.Errorf("%s: %v", tt.id, err)
		}
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), tt.id+"."+want) || strings.Contains(err.Error(), "PRIVATE KEY-----\nM") {
				t.Errorf("%s %s: %v", tt.id, want, err)
			}
		}
	}
}

// D39: a token of the wrong kind of tenant, or of another tenant.
func TestD39MicrosoftsTenants(t *testing.T) {
	t.Parallel()
	const mine, other = "72f988bf-86f1-41af-91ab-2d7cd011db47", "11111111-2222-3333-4444-555555555555"
	for _, tt := range []struct {
		setting, tid string
		good         bool
	}{
		{"", mine, true}, {"", microsoftConsumers, true},
		{"common", other, true},
		{"organizations", mine, true}, {"organizations", microsoftConsumers, false},
		{"consumers", microsoftConsumers, true}, {"consumers", mine, false},
		{mine, mine, true}, {strings.ToUpper(mine), mine, true}, {mine, other, false}, {mine, microsoftConsumers, false}, {mine, "", false},
	} {
		p, err := newProvider("microsoft", ProviderConfig{ClientID: "id", ClientSecret: "s", TenantID: tt.setting})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.IDToken.Check(Claims{"tid": tt.tid}); (err == nil) != tt.good {
			t.Errorf("tenant_id %q and tid %q: %v", tt.setting, tt.tid, err)
		}
		if p.IDToken.Issuers[0] != "https://login.microsoftonline.com/{tenantid}/v2.0" {
			t.Errorf("issuers %v", p.IDToken.Issuers)
		}
	}
}

// Adding a provider is an entry and a section in the docs; this is what remembers the second.
func TestEveryEntryHasASectionInTheDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range known() {
		if !strings.Contains(string(text), "\n    "+entry.ID+":") || !strings.Contains(string(text), "| `"+entry.ID+"` |") {
			t.Errorf("docs/providers.md does not show how to set up %s", entry.ID)
		}
	}
}
