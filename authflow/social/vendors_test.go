package social_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/social"
)

// vendor is one provider of the table, played as it documents itself. Every parameter of the authorization and token requests is checked.
type vendor struct {
	id        string
	cfg       func(at func(path string) string, c *social.ProviderConfig) // endpoints, and what is special
	authorize url.Values                                                  // what the authorization request has besides the usual
	noPKCE    bool
	basic     bool
	secret    func(t *testing.T, clientID, secret string) // instead of the configured one
	claims    map[string]any                              // of the ID token; nil: there is none
	api       map[string]string                           // JSON by path and query
	form      url.Values                                  // what comes with the code, posted

	subject, name, email string
	verified             bool
}

// vendors are all of the table but Google and GitHub, which the other tests are about.
func vendors(t *testing.T) []vendor {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	const tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	return []vendor{
		{
			id: "apple",
			cfg: func(at func(string) string, c *social.ProviderConfig) {
				c.ClientSecret, c.TeamID, c.KeyID, c.PrivateKey = "", "TEAM123456", "KEY1234567", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
				c.AuthorizationURL, c.TokenURL, c.JWKSURL = at("/authorize"), at("/token"), at("/jwks")
			},
			authorize: url.Values{"response_type": {"code id_token"}, "response_mode": {"form_post"}, "scope": {"email name"}},
			secret: func(t *testing.T, clientID, secret string) {
				jws, err := jose.ParseSignedCompact(secret, []jose.SignatureAlgorithm{jose.ES256})
				if err != nil {
					t.Errorf("client_secret: %v", err)
					return
				}
				payload, err := jws.Verify(key.Public())
				var claims struct {
					Iss, Sub, Aud string
					Exp           int64
				}
				if err != nil || json.Unmarshal(payload, &claims) != nil || jws.Signatures[0].Protected.KeyID != "KEY1234567" || claims.Iss != "TEAM123456" || claims.Sub != clientID || claims.Aud != "https://appleid.apple.com" {
					t.Errorf("client_secret %s: %v", payload, err)
				}
			},
			claims:  map[string]any{"iss": "https://appleid.apple.com", "sub": "001234.abc.0001", "email": "ada@people.test", "email_verified": "true"},
			form:    url.Values{"user": {`{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"ada@people.test"}`}},
			subject: "001234.abc.0001", name: "Ada Lovelace", email: "ada@people.test", verified: true,
		},
		{
			id: "microsoft",
			cfg: func(at func(string) string, c *social.ProviderConfig) {
				c.TenantID, c.PhotoURL = tenant, at("/photo")
				c.AuthorizationURL, c.TokenURL, c.JWKSURL = at("/authorize"), at("/token"), at("/jwks")
			},
			authorize: url.Values{"scope": {"openid profile email User.Read offline_access"}, "login_hint": {"ada@people.test"}},
			claims: map[string]any{
				"iss": "https://login.microsoftonline.com/" + tenant + "/v2.0", "tid": tenant, "sub": "pairwise", "oid": "the-oid", "name": "Ada Lovelace",
				"email": "ada@people.test", "verified_primary_email": []string{"ada@people.test"},
			},
			subject: "the-oid", name: "Ada Lovelace", email: "ada@people.test", verified: true,
		},
		{
			id: "discord",
			cfg: func(at func(string) string, c *social.ProviderConfig) {
				c.AuthorizationURL, c.TokenURL, c.UserInfoURL = at("/authorize"), at("/token"), at("/user")
			},
			authorize: url.Values{"scope": {"identify email"}, "prompt": {"none"}},
			api:       map[string]string{"/user": `{"id":"80351110224678912","username":"ada","global_name":"Ada Lovelace","discriminator":"0","avatar":null,"verified":true,"email":"ada@people.test"}`},
			subject:   "80351110224678912", name: "Ada Lovelace", email: "ada@people.test", verified: true,
		},
		{
			id: "gitlab",
			cfg: func(at func(string) string, c *social.ProviderConfig) {
				c.Issuer, c.AuthorizationURL, c.TokenURL, c.UserInfoURL = "https://gitlab.example.com", at("/authorize"), at("/token"), at("/user")
			},
			authorize: url.Values{"scope": {"read_user"}, "login_hint": {"ada@people.test"}},
			api:       map[string]string{"/user": `{"id":1234,"username":"ada","name":"Ada Lovelace","state":"active","locked":false,"email":"ada@people.test"}`},
			subject:   "1234", name: "Ada Lovelace", email: "ada@people.test",
		},
		{
			id: "facebook",
			cfg: func(at func(string) string, c *social.ProviderConfig) {
				c.AuthorizationURL, c.TokenURL, c.UserInfoURL, c.InspectionURL, c.JWKSURL = at("/authorize"), at("/token"), at("/user?fields=id,name,email,picture"), at("/emails"), at("/jwks")
			},
			authorize: url.Values{"scope": {"email public_profile"}, "login_hint": {"ada@people.test"}},
			api: map[string]string{
				"/user?fields=id,name,email,picture": `{"id":"10001","name":"Ada Lovelace","email":"ada@people.test","picture":{"data":{"url":"https://pictures.test/a.png"}}}`,
				"/emails":                            `{"data":{"app_id":"facebook-client","is_valid":true,"user_id":"10001"}}`,
			},
			subject: "10001", name: "Ada Lovelace", email: "ada@people.test",
		},
		{
			id: "linkedin", noPKCE: true,
			cfg: func(at func(string) string, c *social.ProviderConfig) {
				c.AuthorizationURL, c.TokenURL, c.UserInfoURL = at("/authorize"), at("/token"), at("/user")
			},
			authorize: url.Values{"scope": {"profile email openid"}, "login_hint": {"ada@people.test"}},
			api:       map[string]string{"/user": `{"sub":"782bbtaQ","name":"Ada Lovelace","email":"ada@people.test","email_verified":true}`},
			subject:   "782bbtaQ", name: "Ada Lovelace", email: "ada@people.test", verified: true,
		},
		{
			id: "slack", noPKCE: true,
			cfg: func(at func(string) string, c *social.ProviderConfig) {
				c.AuthorizationURL, c.TokenURL, c.UserInfoURL = at("/authorize"), at("/token"), at("/user")
			},
			authorize: url.Values{"scope": {"openid profile email"}},
			api:       map[string]string{"/user": `{"ok":true,"sub":"U1","https://slack.com/user_id":"U1","name":"Ada Lovelace","email":"ada@people.test","email_verified":true}`},
			subject:   "U1", name: "Ada Lovelace", email: "ada@people.test", verified: true,
		},
		{
			id: "twitter", basic: true,
			cfg: func(at func(string) string, c *social.ProviderConfig) {
				c.AuthorizationURL, c.TokenURL, c.UserInfoURL, c.EmailsURL = at("/authorize"), at("/token"), at("/user"), at("/emails")
			},
			authorize: url.Values{"scope": {"users.read tweet.read offline.access users.email"}},
			api: map[string]string{
				"/user":   `{"data":{"id":"2244994945","name":"Ada Lovelace","username":"ada","profile_image_url":"https://pictures.test/a.png"}}`,
				"/emails": `{"data":{"id":"2244994945","confirmed_email":"ada@people.test"}}`,
			},
			subject: "2244994945", name: "Ada Lovelace", email: "ada@people.test", verified: true,
		},
	}
}

func TestEveryProviderOfTheTableSignsIn(t *testing.T) {
	t.Parallel()
	for _, v := range vendors(t) {
		t.Run(v.id, func(t *testing.T) {
			t.Parallel()
			p := fakeProvider(t, v.id)
			flow := start(t, []*fake{p}, adjustProvider(v.id, func(c *social.ProviderConfig) {
				c.Issuer = ""
				v.cfg(func(path string) string { return p.server.URL + path }, c)
			}))
			browser := flow.Browser()
			asked := v.checkAuthorization(t, p, browser.Post("/sign-in/social", authflowtest.Body{
				"provider": v.id, "callbackURL": "/app", "loginHint": "ada@people.test",
			}).Is(200).Text("url"))
			v.play(t, p, asked)
			v.comeBack(browser, asked.Get("state")).RedirectsTo("/app")
			user := userOf(t, flow, browser)
			account := accountWith(t, flow, user.ID, v.id)
			if user.Name != v.name || user.Email != v.email || user.EmailVerified != v.verified || account.AccountID != v.subject || account.AccessToken == nil || *account.AccessToken != "the-access-token" {
				t.Errorf("%+v, %+v", user, account)
			}
			if log := flow.Log(); strings.Contains(log, p.secret) || strings.Contains(log, "the-access-token") || strings.Contains(log, "PRIVATE KEY") {
				t.Error("a secret is in the log")
			}
		})
	}
}

// checkAuthorization compares the whole query with what is documented.
func (v vendor) checkAuthorization(t *testing.T, p *fake, address string) url.Values {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, p.server.URL+"/authorize?") {
		t.Fatalf("leads to %q, %v", address, err)
	}
	got := target.Query()
	want := url.Values{"response_type": {"code"}, "client_id": {p.clientID}, "redirect_uri": {p.redirectURI()}}
	for name, values := range v.authorize {
		want[name] = values
	}
	for _, changing := range []string{"state", "nonce", "code_challenge"} {
		if got.Has(changing) {
			want[changing] = got[changing]
		}
	}
	if !v.noPKCE {
		want.Set("code_challenge_method", "S256")
	}
	if got.Encode() != want.Encode() || len(got.Get("state")) != 32 || got.Has("code_challenge") == v.noPKCE || got.Has("nonce") != (v.id == "apple") {
		t.Errorf("got  %s\nwant %s", got.Encode(), want.Encode())
	}
	return got
}

// play answers what comes after the browser was sent away.
func (v vendor) play(t *testing.T, p *fake, asked url.Values) {
	p.instead("/token", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, err := url.ParseQuery(string(body))
		if err != nil || r.Method != http.MethodPost || r.URL.RawQuery != "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("%s %s: %s", r.Method, r.URL, body)
		}
		want := url.Values{"grant_type": {"authorization_code"}, "code": {"the-code"}, "redirect_uri": {p.redirectURI()}}
		id, secret, basic := r.BasicAuth()
		if v.basic {
			id, _ = url.QueryUnescape(id)
			secret, _ = url.QueryUnescape(secret)
		} else {
			id, secret = form.Get("client_id"), form.Get("client_secret")
			want["client_id"], want["client_secret"] = form["client_id"], form["client_secret"]
		}
		if basic != v.basic || id != p.clientID {
			t.Errorf("client %q, in the header: %v", id, basic)
		}
		if v.secret != nil {
			v.secret(t, id, secret)
		} else if secret != p.secret {
			t.Errorf("secret %q", secret)
		}
		if !v.noPKCE {
			want["code_verifier"] = form["code_verifier"]
			sum := sha256.Sum256([]byte(form.Get("code_verifier")))
			if base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") {
				t.Errorf("code_verifier %q", form.Get("code_verifier"))
			}
		}
		if form.Encode() != want.Encode() {
			t.Errorf("got  %s\nwant %s", form.Encode(), want.Encode())
		}
		answer := map[string]any{"access_token": "the-access-token", "token_type": "Bearer", "expires_in": 3600}
		if v.claims != nil {
			now := p.clock()
			claims := map[string]any{"aud": p.clientID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
			for name, value := range v.claims {
				claims[name] = value
			}
			if asked.Has("nonce") {
				claims["nonce"] = asked.Get("nonce")
			}
			answer["id_token"] = p.sign(claims)
		}
		writeJSON(w, answer)
	})
	for _, path := range []string{"/user", "/emails"} {
		p.instead(path, func(w http.ResponseWriter, r *http.Request) {
			uri := r.URL.RequestURI()
			want := "Bearer the-access-token"
			if v.id == "facebook" && path == "/emails" {
				if q := r.URL.Query(); q.Get("input_token") != "the-access-token" || q.Get("access_token") != p.clientID+"|"+p.secret || len(q) != 2 {
					t.Errorf("inspected with %v", q)
				}
				uri, want = path, ""
			}
			answer, ok := v.api[uri]
			if !ok || r.Header.Get("Authorization") != want {
				t.Errorf("%s with %q", r.URL, r.Header.Get("Authorization"))
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer)
		})
	}
}

// comeBack is the browser with the code: by its address, or by a form that the provider's page posts.
func (v vendor) comeBack(browser *authflowtest.Browser, state string) *authflowtest.Answer {
	answer := url.Values{"code": {"the-code"}, "state": {state}}
	if v.form == nil {
		return browser.Get("/callback/" + v.id + "?" + answer.Encode())
	}
	for name, values := range v.form {
		answer[name] = values
	}
	posted := browser.Send(authflowtest.Request{
		Method: http.MethodPost, Path: "/callback/" + v.id, Body: answer.Encode(),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Cookie": {""}},
	})
	_, query, _ := strings.Cut(posted.Is(302).Header.Get("Location"), "?")
	return browser.Get("/callback/" + v.id + "?" + query)
}

// D39: a token that Microsoft's keys signed, of another tenant or for another issuer's name.
func TestD39MicrosoftsTokensOfOtherTenantsLetNobodyIn(t *testing.T) {
	t.Parallel()
	var microsoft vendor
	for _, v := range vendors(t) {
		if v.id == "microsoft" {
			microsoft = v
		}
	}
	for name, change := range map[string]map[string]any{
		"another tenant": {"tid": "11111111-2222-3333-4444-555555555555", "iss": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"},
		"another's name": {"iss": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"},
		"no tenant":      {"tid": ""},
		"an evil issuer": {"iss": "https://evil.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := microsoft
			claims := map[string]any{}
			for name, value := range v.claims {
				claims[name] = value
			}
			for name, value := range change {
				claims[name] = value
			}
			v.claims = claims
			p := fakeProvider(t, "microsoft")
			flow := start(t, []*fake{p}, adjustProvider("microsoft", func(c *social.ProviderConfig) {
				c.Issuer = ""
				v.cfg(func(path string) string { return p.server.URL + path }, c)
			}))
			browser := flow.Browser()
			asked := v.checkAuthorization(t, p, browser.Post("/sign-in/social", authflowtest.Body{"provider": "microsoft", "errorCallbackURL": "/oops", "loginHint": "ada@people.test"}).Is(200).Text("url"))
			v.play(t, p, asked)
			v.comeBack(browser, asked.Get("state")).RedirectsTo("/oops?error=unable_to_get_user_info")
			if browser.Token() != "" {
				t.Error("somebody was let in")
			}
		})
	}
}

// Apps with Facebook's SDK bring an access token where others bring an ID token. One that another app got is nobody's.
func TestFacebooksAccessTokensSignInWhereTheyAreForThisApp(t *testing.T) {
	t.Parallel()
	for app, good := range map[string]bool{"facebook-client": true, "another-app": false} {
		p := fakeProvider(t, "facebook")
		flow := start(t, []*fake{p}, adjustProvider("facebook", func(c *social.ProviderConfig) {
			c.Issuer, c.UserInfoURL, c.InspectionURL = "", p.server.URL+"/user", p.server.URL+"/emails"
		}))
		p.instead("/user", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer EAAopaque" {
				t.Errorf("asked with %q", r.Header.Get("Authorization"))
			}
			writeJSON(w, map[string]any{"id": "10001", "name": "Ada", "email": "ada@people.test"})
		})
		p.instead("/emails", func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, map[string]any{"data": map[string]any{"app_id": app, "is_valid": true, "user_id": "10001"}})
		})
		browser := flow.Browser()
		answer := browser.Post("/sign-in/social", authflowtest.Body{"provider": "facebook", "idToken": authflowtest.Body{"token": "EAAopaque", "accessToken": "EAAopaque"}})
		if !good {
			answer.Is(401)
			continue
		}
		answer.Is(200).Has("redirect", false).Has("user.email", "ada@people.test").Has("user.emailVerified", false)
		if a := accountWith(t, flow, userOf(t, flow, browser).ID, "facebook"); a.AccountID != "10001" || a.IDToken != nil {
			t.Errorf("%+v", a)
		}
		flow.Browser().Post("/sign-in/social", authflowtest.Body{"provider": "facebook", "idToken": authflowtest.Body{"token": "EAAopaque"}}).Is(401)
		flow.Browser().Post("/sign-in/social", authflowtest.Body{"provider": "facebook", "idToken": authflowtest.Body{"token": "a.b.c", "accessToken": "EAAopaque"}}).Is(401)
	}
}
