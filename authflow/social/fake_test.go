package social_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/social"
)

// person is somebody with an account at a provider.
type person struct {
	subject  string
	name     string
	email    string
	verified bool
	image    string
	claims   map[string]any // of the ID token, over what the rest says; nil removes one
}

func ada() person {
	return person{subject: "1234567890", name: "Ada Lovelace", email: "ada@people.test", verified: true, image: "https://pictures.test/ada.png"}
}

// fake is a provider, spoken to over HTTP. It checks every parameter, and what is wrong fails the test.
type fake struct {
	t        testing.TB
	id       string // google, github, or the name of a discovered one
	clock    func() time.Time
	flow     *authflowtest.Flow
	server   *httptest.Server
	clientID string
	secret   string
	basic    bool // the client authenticates by the header
	metadata map[string]any
	scopes   []string // that every request must ask for

	mu       sync.Mutex
	codes    map[string]*grant
	access   map[string]*grant
	refresh  map[string]*grant
	redeemed map[string]int              // how often each refresh token was
	requests map[string]int              // by path
	answer   map[string]http.HandlerFunc // instead of the right one, by path
	rotates  bool
	expires  time.Duration
	lenient  bool // a wrong parameter is refused, and no fault of the test
}

// browsers is not http.DefaultTransport: any httptest.Server that closes cuts off what that one is connecting to.
var browsers = &http.Transport{}

// grant is what one person agreed to.
type grant struct {
	person    person
	challenge string
	nonce     string
	scope     string
	used      bool
}

// fakes share a key: making one takes long.
var fakeKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// fakeProvider starts a provider. Its settings are for Start; bind it to the flow afterwards.
func fakeProvider(t testing.TB, id string) *fake {
	t.Helper()
	f := &fake{
		t: t, id: id, clock: time.Now, clientID: id + "-client", secret: "s3cret: %+&=" + id, expires: time.Hour,
		codes: map[string]*grant{}, access: map[string]*grant{}, refresh: map[string]*grant{}, redeemed: map[string]int{}, requests: map[string]int{},
		answer: map[string]http.HandlerFunc{},
		scopes: map[string][]string{"google": {"email", "profile", "openid"}, "github": {"read:user", "user:email"}}[id],
	}
	if f.scopes == nil {
		f.scopes = []string{"openid"}
	}
	mux := http.NewServeMux()
	for path, handle := range map[string]http.HandlerFunc{
		"/authorize": f.authorize, "/token": f.token, "/jwks": f.jwks, "/user": f.user, "/emails": f.emails, "/.well-known/openid-configuration": f.discovery,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			f.mu.Lock()
			f.requests[path]++
			instead := f.answer[path]
			f.mu.Unlock()
			if instead != nil {
				instead(w, r)
				return
			}
			handle(w, r)
		})
	}
	f.server = httptest.NewServer(mux)
	t.Cleanup(f.server.Close)
	return f
}

// settings are what a flow needs to use the provider.
func (f *fake) settings() social.ProviderConfig {
	cfg := social.ProviderConfig{Enabled: true, ClientID: f.clientID, ClientSecret: f.secret}
	at := func(path string) string { return f.server.URL + path }
	switch f.id {
	case "google":
		cfg.AuthorizationURL, cfg.TokenURL, cfg.JWKSURL = at("/authorize"), at("/token"), at("/jwks")
		cfg.IncludeGrantedScopes = true
	case "github":
		cfg.AuthorizationURL, cfg.TokenURL, cfg.UserInfoURL, cfg.EmailsURL = at("/authorize"), at("/token"), at("/user"), at("/emails")
	default:
		cfg.Issuer = f.server.URL
	}
	return cfg
}

// start runs a flow with the providers, each for the name it has.
func start(t testing.TB, providers []*fake, adjust ...func(*authflowtest.Settings)) *authflowtest.Flow {
	t.Helper()
	configure := func(s *authflowtest.Settings) {
		s.Social = social.Config{}
		for _, p := range providers {
			s.Social[p.id] = p.settings()
		}
	}
	flow := authflowtest.Start(t, append([]func(*authflowtest.Settings){configure}, adjust...)...)
	for _, p := range providers {
		p.flow, p.clock = flow, flow.Clock.Now
	}
	return flow
}

// adjustProvider changes the settings of one provider.
func adjustProvider(id string, change func(*social.ProviderConfig)) func(*authflowtest.Settings) {
	return func(s *authflowtest.Settings) {
		cfg := s.Social[id]
		change(&cfg)
		s.Social[id] = cfg
	}
}

// instead answers a path otherwise from now on.
func (f *fake) instead(path string, handle http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer[path] = handle
}

func (f *fake) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests[path]
}

// want fails the test, or the request.
func (f *fake) want(w http.ResponseWriter, good bool, format string, args ...any) bool {
	if good {
		return true
	}
	if !f.lenient {
		f.t.Errorf(f.id+": "+format, args...)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprint(w, `{"error":"invalid_request"}`)
	return false
}

// consent does what a browser does with the address of an authorization request: opens it, agrees as somebody, and is sent back. It
// returns the callback's path and query, below the base path.
func (f *fake) consent(address string, who person) string {
	f.t.Helper()
	data, err := json.Marshal(map[string]any{"subject": who.subject, "name": who.name, "email": who.email, "verified": who.verified, "image": who.image, "claims": who.claims})
	if err != nil {
		f.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("X-Person", string(data))
	response, err := browsers.RoundTrip(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	path, ok := strings.CutPrefix(response.Header.Get("Location"), f.flow.Core.APIURL)
	if response.StatusCode != http.StatusFound || !ok {
		f.t.Fatalf("%s: %s leads to %q", f.id, response.Status, response.Header.Get("Location"))
	}
	return path
}

func (f *fake) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for name, values := range q {
		if !f.want(w, len(values) == 1, "%s is given %d times", name, len(values)) {
			return
		}
	}
	asked := strings.Split(q.Get("scope"), " ")
	for _, scope := range f.scopes {
		if !f.want(w, slices.Contains(asked, scope), "scope %q lacks %s", q.Get("scope"), scope) {
			return
		}
	}
	good := f.want(w, q.Get("response_type") == "code", "response_type %q", q.Get("response_type")) &&
		f.want(w, q.Get("client_id") == f.clientID, "client_id %q", q.Get("client_id")) &&
		f.want(w, q.Get("redirect_uri") == f.redirectURI(), "redirect_uri %q", q.Get("redirect_uri")) &&
		f.want(w, len(q.Get("state")) == 32, "state %q", q.Get("state")) &&
		f.want(w, q.Get("code_challenge_method") == "S256", "code_challenge_method %q", q.Get("code_challenge_method")) &&
		f.want(w, len(q.Get("code_challenge")) == 43, "code_challenge %q", q.Get("code_challenge")) &&
		f.want(w, (q.Get("nonce") != "") == f.discovered(), "nonce %q", q.Get("nonce"))
	if !good {
		return
	}
	var who struct {
		Subject, Name, Email, Image string
		Verified                    bool
		Claims                      map[string]any
	}
	if json.Unmarshal([]byte(r.Header.Get("X-Person")), &who) != nil {
		f.t.Errorf("%s: nobody is there", f.id)
	}
	code := f.remember(f.codes, &grant{
		person:    person{who.Subject, who.Name, who.Email, who.Verified, who.Image, who.Claims},
		challenge: q.Get("code_challenge"), nonce: q.Get("nonce"), scope: q.Get("scope"),
	})
	back := url.Values{"code": {code}, "state": {q.Get("state")}}
	if f.metadata["authorization_response_iss_parameter_supported"] == true {
		back.Set("iss", f.server.URL)
	}
	w.Header().Set("Location", f.redirectURI()+"?"+back.Encode())
	w.WriteHeader(http.StatusFound)
}

func (f *fake) discovered() bool { return f.id != "google" && f.id != "github" }

func (f *fake) redirectURI() string { return f.flow.Core.APIURL + "/callback/" + f.id }

func (f *fake) remember(in map[string]*grant, g *grant) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := authflow.RandomString(24, authflow.AlphabetMixed)
	in[name] = g
	return name
}

// use returns the grant of a code, once.
func (f *fake) use(code string) *grant {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.codes[code]
	if g == nil || g.used {
		return nil
	}
	g.used = true
	return g
}

func (f *fake) token(w http.ResponseWriter, r *http.Request) {
	if !f.want(w, r.Method == http.MethodPost && r.Header.Get("Content-Type") == "application/x-www-form-urlencoded", "%s %s", r.Method, r.Header.Get("Content-Type")) ||
		!f.want(w, r.Header.Get("Accept") == "application/json", "accept %q", r.Header.Get("Accept")) ||
		!f.want(w, r.ParseForm() == nil && r.URL.RawQuery == "", "form in %q", r.URL) {
		return
	}
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if f.basic {
		if !f.want(w, id == "" && secret == "", "credentials in the body") {
			return
		}
		id, secret, _ = r.BasicAuth()
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	}
	if !f.want(w, id == f.clientID && secret == f.secret, "client %q with secret %q", id, secret) {
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		f.redeemCode(w, r.PostForm)
	case "refresh_token":
		f.redeemRefresh(w, r.PostForm)
	default:
		f.want(w, false, "grant_type %q", r.PostForm.Get("grant_type"))
	}
}

func (f *fake) redeemCode(w http.ResponseWriter, form url.Values) {
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	g := f.use(form.Get("code"))
	if g == nil {
		f.refuse(w, "invalid_grant")
		return
	}
	if !f.want(w, len(form.Get("code_verifier")) == 128 && base64.RawURLEncoding.EncodeToString(sum[:]) == g.challenge, "code_verifier %q", form.Get("code_verifier")) ||
		!f.want(w, form.Get("redirect_uri") == f.redirectURI(), "redirect_uri %q", form.Get("redirect_uri")) {
		return
	}
	f.grant(w, g, f.remember(f.refresh, g))
}

func (f *fake) redeemRefresh(w http.ResponseWriter, form url.Values) {
	token := form.Get("refresh_token")
	f.mu.Lock()
	g := f.refresh[token]
	f.redeemed[token]++
	again := f.redeemed[token] > 1
	f.mu.Unlock()
	switch {
	case g == nil || again && f.rotates:
		f.refuse(w, "invalid_grant")
	case f.rotates:
		f.grant(w, g, f.remember(f.refresh, g))
	default:
		f.grant(w, g, "")
	}
}

func (f *fake) refuse(w http.ResponseWriter, code string) {
	w.Header().Set("Content-Type", "application/json")
	if f.id != "github" { // GitHub's errors come with status 200
		w.WriteHeader(http.StatusBadRequest)
	}
	fmt.Fprintf(w, `{"error":%q,"error_description":"said by the provider"}`, code)
}

func (f *fake) grant(w http.ResponseWriter, g *grant, refresh string) {
	answer := map[string]any{"access_token": f.remember(f.access, g), "token_type": "Bearer", "scope": g.scope}
	if f.id == "github" {
		answer["scope"] = strings.ReplaceAll(g.scope, " ", ",")
	} else {
		answer["expires_in"] = int(f.expires.Seconds())
		answer["id_token"] = f.idToken(g)
		if refresh != "" {
			answer["refresh_token"] = refresh
		}
	}
	writeJSON(w, answer)
}

// idToken is that of a grant, as OIDC Core §2 has it.
func (f *fake) idToken(g *grant) string { return f.sign(f.claimsOf(g)) }

func (f *fake) claimsOf(g *grant) map[string]any {
	now := f.clock().Unix()
	claims := map[string]any{
		"iss": f.issuer(), "aud": f.clientID, "iat": now, "exp": now + 3600, "sub": g.person.subject,
		"name": g.person.name, "email": g.person.email, "email_verified": g.person.verified, "picture": g.person.image,
	}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	for name, value := range g.person.claims {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	return claims
}

func (f *fake) issuer() string {
	if f.id == "google" {
		return "https://accounts.google.com"
	}
	return f.server.URL
}

func (f *fake) sign(claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: fakeKey(), KeyID: "one"}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		f.t.Error(err)
		return ""
	}
	raw, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		f.t.Error(err)
	}
	return raw
}

func (f *fake) jwks(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: fakeKey().Public(), KeyID: "one", Algorithm: "RS256", Use: "sig"}}})
}

func (f *fake) discovery(w http.ResponseWriter, _ *http.Request) {
	at := func(path string) string { return f.server.URL + path }
	document := map[string]any{
		"issuer": f.server.URL, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"), "userinfo_endpoint": at("/user"), "jwks_uri": at("/jwks"),
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	}
	maps.Copy(document, f.metadata)
	writeJSON(w, document)
}

// asker is whose access token a request brings.
func (f *fake) asker(w http.ResponseWriter, r *http.Request) (person, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	f.mu.Lock()
	g := f.access[token]
	f.mu.Unlock()
	if !f.want(w, r.Method == http.MethodGet && ok && r.URL.RawQuery == "", "%s %s with %q", r.Method, r.URL, r.Header.Get("Authorization")) ||
		!f.want(w, strings.HasPrefix(r.Header.Get("User-Agent"), "Postern "), "user agent %q", r.Header.Get("User-Agent")) {
		return person{}, false
	}
	if g == nil {
		w.WriteHeader(http.StatusUnauthorized)
		return person{}, false
	}
	return g.person, true
}

func (f *fake) user(w http.ResponseWriter, r *http.Request) {
	who, ok := f.asker(w, r)
	if !ok {
		return
	}
	if f.id == "github" {
		id := json.Number(who.subject)
		writeJSON(w, map[string]any{"id": id, "login": "ada-l", "name": who.name, "avatar_url": who.image, "email": nil, "type": "User"})
		return
	}
	writeJSON(w, map[string]any{"sub": who.subject, "name": who.name, "email": who.email, "email_verified": who.verified, "picture": who.image})
}

func (f *fake) emails(w http.ResponseWriter, r *http.Request) {
	if who, ok := f.asker(w, r); ok {
		writeJSON(w, []map[string]any{
			{"email": "ada-l@users.noreply.github.test", "primary": false, "verified": true, "visibility": nil},
			{"email": who.email, "primary": true, "verified": who.verified, "visibility": "private"},
		})
	}
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // fails when the client is gone, which shows there
}
