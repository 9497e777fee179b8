package devidp

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	callback = "http://localhost:8080/api/auth/callback/dev"
	verifier = "a-verifier-that-is-long-enough-for-rfc-7636-0123456789"
)

// place is a provider that listens, and a browser that follows no redirect.
type place struct {
	t      *testing.T
	issuer string
	now    atomic.Int64
	http.Client
}

func start(t *testing.T) *place {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	p := &place{t: t, issuer: "http://" + server.Listener.Addr().String() + "/dev/idp"}
	p.now.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Unix())
	provider, err := New(Config{
		Issuer: p.issuer, ClientID: "postern", ClientSecret: "s&cret/=", RedirectURI: callback,
		Now: func() time.Time { return time.Unix(p.now.Load(), 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = provider
	server.Start()
	t.Cleanup(server.Close)
	p.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return p
}

func (p *place) send(r *http.Request) (*http.Response, string) {
	p.t.Helper()
	response, err := p.Do(r.WithContext(p.t.Context()))
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response, string(body)
}

func (p *place) get(path string, headers ...string) (*http.Response, string) {
	p.t.Helper()
	r := httptest.NewRequest(http.MethodGet, p.issuer+path, nil)
	r.RequestURI = ""
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return p.send(r)
}

func (p *place) post(path string, form url.Values) (*http.Response, string) {
	p.t.Helper()
	r := httptest.NewRequest(http.MethodPost, p.issuer+path, strings.NewReader(form.Encode()))
	r.RequestURI = ""
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.send(r)
}

func request() url.Values {
	challenge := sha256.Sum256([]byte(verifier))
	return url.Values{
		"client_id": {"postern"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid profile email"},
		"state": {"a state"}, "nonce": {"a nonce"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
}

// code is what the browser brings back once somebody has said who they are.
func (p *place) code() string {
	p.t.Helper()
	form := request()
	form.Set("name", "Grace Hopper")
	form.Set("email", "Grace@example.com")
	form.Set("verified", "on")
	response, _ := p.post("/authorize", form)
	back, err := response.Location()
	if err != nil || response.StatusCode != http.StatusFound {
		p.t.Fatalf("answered %d, %v", response.StatusCode, err)
	}
	q := back.Query()
	if !strings.HasPrefix(back.String(), callback+"?") || q.Get("state") != "a state" || q.Get("iss") != p.issuer {
		p.t.Fatalf("led to %s", back)
	}
	return q.Get("code")
}

func redemption(code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
		"client_id": {"postern"}, "client_secret": {"s&cret/="},
	}
}

type tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	ExpiresIn    int    `json:"expires_in"`
	Error        string `json:"error"`
}

func (p *place) redeem(form url.Values) (t tokens, status int) {
	p.t.Helper()
	response, body := p.post("/token", form)
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		p.t.Fatalf("%v: %s", err, body)
	}
	return t, response.StatusCode
}

// claims checks the signature with the published key.
func (p *place) claims(idToken string) map[string]any {
	p.t.Helper()
	_, body := p.get("/jwks")
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(body), &set); err != nil {
		p.t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(idToken, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		p.t.Fatal(err)
	}
	payload, err := signed.Verify(set.Key(signed.Signatures[0].Header.KeyID)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		p.t.Fatal(err)
	}
	return claims
}

func TestSomebodySignsIn(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, page := p.get("/authorize?" + request().Encode())
	for _, want := range []string{"<strong>postern</strong>", `name="nonce" value="a nonce"`, `value="ada@example.com"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	granted, status := p.redeem(redemption(p.code()))
	if status != 200 || granted.ExpiresIn != 600 {
		t.Fatalf("answered %d: %+v", status, granted)
	}
	claims := p.claims(granted.IDToken)
	hash := sha256.Sum256([]byte(granted.AccessToken))
	for name, want := range map[string]any{
		"iss": p.issuer, "aud": "postern", "nonce": "a nonce", "name": "Grace Hopper", "email": "Grace@example.com", "email_verified": true,
		"sub": Person{Email: "grace@EXAMPLE.com"}.Subject(), "at_hash": base64.RawURLEncoding.EncodeToString(hash[:16]),
		"iat": float64(p.now.Load()), "exp": float64(p.now.Load() + 600),
	} {
		if claims[name] != want {
			t.Errorf("claim %s is %v, want %v", name, claims[name], want)
		}
	}
	_, info := p.get("/userinfo", "Authorization", "Bearer "+granted.AccessToken)
	if !strings.Contains(info, `"email":"Grace@example.com"`) || !strings.Contains(info, claims["sub"].(string)) {
		t.Errorf("userinfo says %s", info)
	}

	again, status := p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {granted.RefreshToken}, "client_id": {"postern"}, "client_secret": {"s&cret/="}})
	if status != 200 || p.claims(again.IDToken)["sub"] != claims["sub"] || p.claims(again.IDToken)["nonce"] != nil {
		t.Errorf("refreshed %d: %+v", status, again)
	}
	if _, status := p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {granted.RefreshToken}, "client_id": {"postern"}, "client_secret": {"s&cret/="}}); status != 400 {
		t.Errorf("a refresh token works twice: %d", status)
	}
	p.now.Add(601)
	if response, _ := p.get("/userinfo", "Authorization", "Bearer "+granted.AccessToken); response.StatusCode != 401 {
		t.Errorf("an expired access token gets %d", response.StatusCode)
	}
}

func TestTheClientMayAuthenticateByHeader(t *testing.T) {
	t.Parallel()
	p := start(t)
	form := redemption(p.code())
	form.Del("client_id")
	form.Del("client_secret")
	r := httptest.NewRequest(http.MethodPost, p.issuer+"/token", strings.NewReader(form.Encode()))
	r.RequestURI = ""
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("postern", url.QueryEscape("s&cret/="))
	if response, body := p.send(r); response.StatusCode != 200 {
		t.Errorf("answered %d: %s", response.StatusCode, body)
	}
}

// What is wrong with the client or where it wants the browser to go is told to the person, everything else to the client.
func TestAuthorizationRequestsAreChecked(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, c := range []struct{ name, value, want string }{
		{"client_id", "other", ""},
		{"redirect_uri", callback + "/", ""},
		{"redirect_uri", "https://evil.example/", ""},
		{"response_type", "token", "unsupported_response_type"},
		{"response_mode", "form_post", "invalid_request"},
		{"scope", "profile", "invalid_scope"},
		{"code_challenge", "", "invalid_request"},
		{"code_challenge_method", "plain", "invalid_request"},
		{"prompt", "none", "login_required"},
	} {
		changed := request()
		changed.Set(c.name, c.value)
		shown, _ := p.get("/authorize?" + changed.Encode())
		changed.Set("email", "ada@example.com")
		taken, _ := p.post("/authorize", changed)
		for _, response := range []*http.Response{shown, taken} {
			back, err := response.Location()
			switch {
			case c.want == "" && (response.StatusCode != 400 || err == nil):
				t.Errorf("%s=%s: answered %d, led to %v", c.name, c.value, response.StatusCode, back)
			case c.want != "" && (err != nil || back.Query().Get("error") != c.want || back.Query().Get("state") != "a state"):
				t.Errorf("%s=%s: answered %d, led to %v", c.name, c.value, response.StatusCode, back)
			}
		}
	}
	no := request()
	no.Set("answer", "deny")
	response, _ := p.post("/authorize", no)
	if back, err := response.Location(); err != nil || back.Query().Get("error") != "access_denied" {
		t.Errorf("no leads to %v", back)
	}
}

func TestD49CodesAreBoundToTheirClientAndWorkOnce(t *testing.T) {
	t.Parallel()
	p := start(t)
	for name, change := range map[string]func(form url.Values){
		"no code":          func(form url.Values) { form.Del("code") },
		"another code":     func(form url.Values) { form.Set("code", "x") },
		"another URI":      func(form url.Values) { form.Set("redirect_uri", "http://localhost:8080/") },
		"no verifier":      func(form url.Values) { form.Del("code_verifier") },
		"another verifier": func(form url.Values) { form.Set("code_verifier", verifier+"x") },
		"another secret":   func(form url.Values) { form.Set("client_secret", "x") },
		"no client":        func(form url.Values) { form.Del("client_id") },
		"another client":   func(form url.Values) { form.Set("client_id", "other") },
		"another grant":    func(form url.Values) { form.Set("grant_type", "password") },
		"too late":         func(url.Values) { p.now.Add(60) },
	} {
		form := redemption(p.code())
		change(form)
		if granted, status := p.redeem(form); status < 400 || granted.Error == "" || granted.AccessToken != "" {
			t.Errorf("%s: answered %d: %+v", name, status, granted)
		}
	}
	form := redemption(p.code())
	var redeemed atomic.Int64
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if _, status := p.redeem(form); status == 200 {
				redeemed.Add(1)
			}
		})
	}
	all.Wait()
	if redeemed.Load() != 1 {
		t.Errorf("a code was redeemed %d times", redeemed.Load())
	}
}

func TestSigningOutLeadsBackToTheClientOrThisMachineAlone(t *testing.T) {
	t.Parallel()
	p := start(t)
	for target, want := range map[string]string{
		"http://localhost:8080/bye?x=1": "http://localhost:8080/bye?state=s&x=1",
		"http://localhost:5173/":        "http://localhost:5173/?state=s",
		"http://127.0.0.1:5173/":        "http://127.0.0.1:5173/?state=s",
		"http://localhost.evil.example": "", "javascript://localhost/": "",
		"https://evil.example/": "", "//evil.example": "", "": "", "http://localhost:8080@evil.example/": "", "http://u@localhost:8080/": "",
	} {
		response, _ := p.get("/logout?state=s&post_logout_redirect_uri=" + url.QueryEscape(target))
		if got := response.Header.Get("Location"); got != want {
			t.Errorf("%q leads to %q", target, got)
		}
	}
}

func TestTheAnnouncedEndpointsAreThere(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, body := p.get("/.well-known/openid-configuration")
	var metadata map[string]any
	if err := json.Unmarshal([]byte(body), &metadata); err != nil {
		t.Fatal(err)
	}
	if metadata["issuer"] != p.issuer {
		t.Errorf("issuer is %v", metadata["issuer"])
	}
	for name, address := range metadata {
		if path, ok := strings.CutPrefix(stringOf(address), p.issuer); ok && path != "" && name != "token_endpoint" {
			if response, _ := p.get(path); response.StatusCode == http.StatusNotFound {
				t.Errorf("%s is not there", name)
			}
		}
	}
}

func stringOf(value any) string { s, _ := value.(string); return s }

func TestAProviderNeedsAClient(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{
		{Issuer: "http://localhost/idp/", ClientID: "x", ClientSecret: "x", RedirectURI: "x"},
		{Issuer: "/idp", ClientID: "x", ClientSecret: "x", RedirectURI: "x"},
		{Issuer: "http://localhost/idp"},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("made of %+v", cfg)
		}
	}
}
