package social

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/authflow/social/egress"
)

// vendor plays a provider's API: each address, with its query, has one answer, for those who bring the right token.
type vendor struct {
	*httptest.Server
	t       *testing.T
	answers map[string]string // by request URI
	open    map[string]bool   // those that must be asked without a token

	mu    sync.Mutex
	asked []string
}

const accessToken = "the-access-token"

func startVendor(t *testing.T, answers map[string]string, open ...string) *vendor {
	t.Helper()
	v := &vendor{t: t, answers: answers, open: map[string]bool{}}
	for _, uri := range open {
		v.open[uri] = true
	}
	v.Server = httptest.NewServer(v)
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.asked = append(v.asked, r.URL.RequestURI())
	v.mu.Unlock()
	want := "Bearer " + accessToken
	if v.open[r.URL.RequestURI()] {
		want = ""
	}
	answer, ok := v.answers[r.URL.RequestURI()]
	switch {
	case r.Method != http.MethodGet || r.Header.Get("Authorization") != want:
		v.t.Errorf("%s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case answer == "broken":
		w.WriteHeader(http.StatusBadGateway)
	case strings.HasPrefix(answer, "JPEG"):
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = io.WriteString(w, answer)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}
}

// read is a profile as the provider's entry reads it from what its API answers.
func read(t *testing.T, p *Provider, idToken Claims, user string) (Profile, error) {
	t.Helper()
	client := egress.New(egress.Config{AllowPrivateAddresses: true}).For("vendor")
	g := Grant{AccessToken: accessToken, IDToken: idToken, API: api{client, accessToken}, App: api{client, ""}}
	if user != "" {
		claims, err := DecodeClaims([]byte(user))
		if err != nil {
			t.Fatal(err)
		}
		g.User = claims
	}
	claims := idToken
	if p.Source == FromUserInfo && claims == nil {
		if err := g.API.JSON(t.Context(), p.UserInfoURL, &claims); err != nil {
			return Profile{}, err
		}
	}
	if p.Read == nil {
		return standardProfile(claims), nil
	}
	return p.Read(t.Context(), p, g, claims)
}

func configured(t *testing.T, id string, cfg ProviderConfig) *Provider {
	t.Helper()
	cfg.ClientID, cfg.ClientSecret = "the-client", "the-secret"
	p, err := newProvider(id, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// is compares all of a profile but its claims.
func is(t *testing.T, name string, got Profile, err error, subject, who, email string, verified bool, image string) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	got.Claims = nil
	if want := (Profile{Subject: subject, Name: who, Email: email, EmailVerified: verified, Image: image}); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s\ngot  %+v\nwant %+v", name, got, want)
	}
}

func TestAppleTellsTheNameInTheFormAlone(t *testing.T) {
	t.Parallel()
	p := configured(t, "apple", ProviderConfig{})
	token := func() Claims {
		return Claims{"sub": "001234.abc.0001", "email": "x7@privaterelay.appleid.com", "email_verified": "true", "is_private_email": "true"}
	}
	for name, tt := range map[string]struct{ user, want string }{
		"the first time":   {`{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"somebody@evil.example"}`, "Ada Lovelace"},
		"half a name":      {`{"name":{"firstName":"Ada"}}`, "Ada"},
		"later":            {"", ""},
		"a name that is 7": {`{"name":7}`, ""},
	} {
		got, err := read(t, p, token(), tt.user)
		is(t, name, got, err, "001234.abc.0001", tt.want, "x7@privaterelay.appleid.com", true, "")
	}
	c := token()
	c["email_verified"] = "false"
	got, err := read(t, p, c, "")
	is(t, "not verified", got, err, "001234.abc.0001", "", "x7@privaterelay.appleid.com", false, "")
}

func TestMicrosoftVerifiesWhatItSaysIsVerified(t *testing.T) {
	t.Parallel()
	v := startVendor(t, map[string]string{"/photo": "JPEG picture"})
	p := configured(t, "microsoft", ProviderConfig{PhotoURL: v.URL + "/photo"})
	const photo = "data:image/jpeg;base64, SlBFRyBwaWN0dXJl"
	for name, tt := range map[string]struct {
		claims   Claims
		verified bool
	}{
		"not said":           {Claims{}, false},
		"said":               {Claims{"email_verified": true}, true},
		"said as text":       {Claims{"email_verified": "true"}, true},
		"said not":           {Claims{"email_verified": false, "verified_primary_email": []any{"ada@people.test"}}, false},
		"primary":            {Claims{"verified_primary_email": []any{"ada@people.test"}}, true},
		"secondary":          {Claims{"verified_secondary_email": []any{"x@people.test", "ada@people.test"}}, true},
		"another":            {Claims{"verified_primary_email": []any{"x@people.test"}}, false},
		"a part":             {Claims{"verified_primary_email": "xada@people.test"}, false},
		"number for a truth": {Claims{"email_verified": json.Number("1")}, false},
	} {
		tt.claims["oid"], tt.claims["sub"], tt.claims["name"], tt.claims["email"] = "the-oid", "the-sub", "Ada", "ada@people.test"
		got, err := read(t, p, tt.claims, "")
		is(t, name, got, err, "the-oid", "Ada", "ada@people.test", tt.verified, photo)
	}
	for _, oid := range []any{nil, "", json.Number("1")} {
		if _, err := read(t, p, Claims{"oid": oid, "sub": "the-sub", "email": "ada@people.test"}, ""); err == nil {
			t.Errorf("a token with oid %v was read", oid)
		}
	}

	// No picture is no reason to fail.
	v.answers = map[string]string{}
	got, err := read(t, p, Claims{"oid": "the-oid"}, "")
	is(t, "no picture", got, err, "the-oid", "", "", false, "")
	v.answers = map[string]string{"/photo": `{"error":"none"}`}
	got, err = read(t, p, Claims{"oid": "the-oid"}, "")
	is(t, "JSON for a picture", got, err, "the-oid", "", "", false, "")
	v.answers = map[string]string{"/photo": "JPEG" + strings.Repeat("x", maxPhotoBytes)}
	got, err = read(t, p, Claims{"oid": "the-oid"}, "")
	is(t, "a large picture", got, err, "the-oid", "", "", false, "")
	asked := len(v.asked)
	p = configured(t, "microsoft", ProviderConfig{PhotoURL: v.URL + "/photo", DisableProfilePhoto: true})
	if _, err := read(t, p, Claims{"oid": "the-oid"}, ""); err != nil || len(v.asked) != asked {
		t.Errorf("asked for a picture that is not wanted: %v", err)
	}
}

func TestDiscordsUser(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]struct {
		name, email string
		verified    bool
		image       string
	}{
		// https://discord.com/developers/docs/resources/user#user-object-example-user
		`{"id":"80351110224678912","username":"nelly","discriminator":"1337","global_name":null,"avatar":"8342729096ea3675442027381ff50dfe","verified":true,"email":"nelly@people.test"}`: {"nelly", "nelly@people.test", true, "https://cdn.discordapp.com/avatars/80351110224678912/8342729096ea3675442027381ff50dfe.png"},
		`{"id":"80351110224678912","username":"nelly","discriminator":"0","global_name":"Nelly","avatar":"a_834272","verified":false,"email":"nelly@people.test"}`:                        {"Nelly", "nelly@people.test", false, "https://cdn.discordapp.com/avatars/80351110224678912/a_834272.gif"},
		`{"id":"80351110224678912","username":"nelly","discriminator":"0","global_name":null,"avatar":null}`:                                                                              {"nelly", "", false, "https://cdn.discordapp.com/embed/avatars/5.png"},
		`{"id":"80351110224678912","username":"nelly","discriminator":"1337","avatar":null,"email":"nelly@people.test","verified":true}`:                                                  {"nelly", "nelly@people.test", true, "https://cdn.discordapp.com/embed/avatars/2.png"},
	} {
		v := startVendor(t, map[string]string{"/users/@me": answer})
		got, err := read(t, configured(t, "discord", ProviderConfig{UserInfoURL: v.URL + "/users/@me"}), nil, "")
		is(t, answer, got, err, "80351110224678912", want.name, want.email, want.verified, want.image)
	}
}

func TestGitLabsUser(t *testing.T) {
	t.Parallel()
	user := func(more string) string {
		return `{"id":123456789012345678,"username":"ada","name":"Ada Lovelace","avatar_url":"https://pictures.test/a.png","email":"ada@people.test","confirmed_at":"2012-05-23T09:05:22Z",` + more + `}`
	}
	for more, good := range map[string]bool{
		`"state":"active","locked":false`: true, `"state":"active"`: true, `"state":"blocked","locked":false`: false, `"state":"active","locked":true`: false, `"locked":false`: false, `"state":"deactivated"`: false,
	} {
		v := startVendor(t, map[string]string{"/api/v4/user": user(more)})
		got, err := read(t, configured(t, "gitlab", ProviderConfig{Issuer: v.URL + "/"}), nil, "")
		if !good {
			if err == nil {
				t.Errorf("%s was let in", more)
			}
			continue
		}
		is(t, more, got, err, "123456789012345678", "Ada Lovelace", "ada@people.test", false, "https://pictures.test/a.png")
	}
}

func TestFacebooksTokensAreInspected(t *testing.T) {
	t.Parallel()
	const me, inspect = "/me?fields=id,name,email,picture", "/debug_token?access_token=the-client%7Cthe-secret&input_token=" + accessToken
	const profile = `{"id":"10001","name":"Ada","email":"ada@people.test","picture":{"data":{"url":"https://pictures.test/a.png"}}}`
	for answer, good := range map[string]bool{
		`{"data":{"app_id":"the-client","is_valid":true,"user_id":"10001"}}`:   true,
		`{"data":{"app_id":"another-app","is_valid":true,"user_id":"10001"}}`:  false,
		`{"data":{"app_id":"the-client","is_valid":false,"user_id":"10001"}}`:  false,
		`{"data":{"app_id":"the-client","is_valid":"true","user_id":"10001"}}`: false,
		`{"data":{"app_id":"the-client","is_valid":true}}`:                     false,
		`{"data":{"app_id":"the-client","is_valid":true,"user_id":"20002"}}`:   false,
		`{"data":{}}`: false, `{}`: false, `[]`: false,
	} {
		v := startVendor(t, map[string]string{me: profile, inspect: answer}, inspect)
		p := configured(t, "facebook", ProviderConfig{UserInfoURL: v.URL + me, InspectionURL: v.URL + "/debug_token"})
		got, err := read(t, p, nil, "")
		if !good {
			if err == nil {
				t.Errorf("%s was believed", answer)
			} else if strings.Contains(err.Error(), "the-secret") || strings.Contains(err.Error(), accessToken) {
				t.Errorf("an error that tells secrets: %v", err)
			}
			continue
		}
		is(t, answer, got, err, "10001", "Ada", "ada@people.test", false, "https://pictures.test/a.png")
	}
	// Limited Login brings an ID token and asks nobody. Facebook does not say that an address is verified, whatever the token says.
	p := configured(t, "facebook", ProviderConfig{})
	got, err := read(t, p, Claims{"sub": "10001", "name": "Ada", "email": "ada@people.test", "email_verified": true, "picture": "https://pictures.test/a.png"}, "")
	is(t, "Limited Login", got, err, "10001", "Ada", "ada@people.test", false, "https://pictures.test/a.png")
	if p := configured(t, "facebook", ProviderConfig{ProfileFields: []string{"birthday", "hometown"}}); p.UserInfoURL != "https://graph.facebook.com/me?fields=id,name,email,picture,birthday,hometown" {
		t.Errorf("asks at %s", p.UserInfoURL)
	}
}

func TestLinkedInsUser(t *testing.T) {
	t.Parallel()
	// https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2#api-request-to-retreive-member-details
	for answer, verified := range map[string]bool{
		`{"sub":"782bbtaQ","name":"Ada Lovelace","given_name":"Ada","picture":"https://pictures.test/a.png","locale":"en-US","email":"ada@people.test","email_verified":true}`:   true,
		`{"sub":"782bbtaQ","name":"Ada Lovelace","given_name":"Ada","picture":"https://pictures.test/a.png","locale":"en-US","email":"ada@people.test","email_verified":"true"}`: true,
		`{"sub":"782bbtaQ","name":"Ada Lovelace","picture":"https://pictures.test/a.png","email":"ada@people.test"}`:                                                             false,
	} {
		v := startVendor(t, map[string]string{"/v2/userinfo": answer})
		got, err := read(t, configured(t, "linkedin", ProviderConfig{UserInfoURL: v.URL + "/v2/userinfo"}), nil, "")
		is(t, answer, got, err, "782bbtaQ", "Ada Lovelace", "ada@people.test", verified, "https://pictures.test/a.png")
	}
}

func TestSlacksUser(t *testing.T) {
	t.Parallel()
	// https://docs.slack.dev/reference/methods/openid.connect.userInfo
	const user = `"sub":"U0R7JM","https://slack.com/user_id":"U0R7JM","https://slack.com/team_id":"T0R7GR","name":"Ada","email":"ada@people.test","email_verified":true,"https://slack.com/user_image_512":"https://pictures.test/512.png"`
	for answer, image := range map[string]string{
		`{"ok":true,` + user + `}`: "https://pictures.test/512.png",
		`{"ok":true,` + user + `,"picture":"https://pictures.test/a.png"}`: "https://pictures.test/a.png",
		`{"ok":false,"error":"invalid_auth"}`:                              "-",
		`{"ok":"false",` + user + `}`:                                      "-",
	} {
		v := startVendor(t, map[string]string{"/userInfo": answer})
		got, err := read(t, configured(t, "slack", ProviderConfig{UserInfoURL: v.URL + "/userInfo"}), nil, "")
		if image == "-" {
			if err == nil {
				t.Errorf("%s was read", answer)
			}
			continue
		}
		is(t, answer, got, err, "U0R7JM", "Ada", "ada@people.test", true, image)
	}
}

func TestXsConfirmedAddress(t *testing.T) {
	t.Parallel()
	const me, email = "/2/users/me?user.fields=profile_image_url", "/2/users/me?user.fields=confirmed_email"
	const user = `{"data":{"id":"2244994945","name":"Ada","username":"ada","profile_image_url":"https://pictures.test/a.png"}}`
	for name, tt := range map[string]struct {
		answer   string
		email    string
		verified bool
	}{
		"confirmed":       {`{"data":{"id":"2244994945","name":"Ada","confirmed_email":"ada@people.test"}}`, "ada@people.test", true},
		"none":            {`{"data":{"id":"2244994945","name":"Ada"}}`, "2244994945@twitter.placeholder.invalid", false},
		"somebody else's": {`{"data":{"id":"1","confirmed_email":"ada@people.test"}}`, "2244994945@twitter.placeholder.invalid", false},
		"not allowed":     {"", "2244994945@twitter.placeholder.invalid", false},
	} {
		answers := map[string]string{me: user, email: tt.answer}
		if tt.answer == "" {
			delete(answers, email)
		}
		v := startVendor(t, answers)
		got, err := read(t, configured(t, "twitter", ProviderConfig{UserInfoURL: v.URL + me, EmailsURL: v.URL + email}), nil, "")
		is(t, name, got, err, "2244994945", "Ada", tt.email, tt.verified, "https://pictures.test/a.png")
	}
	v := startVendor(t, map[string]string{me: user, email: "broken"})
	if got, err := read(t, configured(t, "twitter", ProviderConfig{UserInfoURL: v.URL + me, EmailsURL: v.URL + email}), nil, ""); err == nil {
		t.Errorf("an address that could not be asked for is taken for none: %+v", got)
	}
	if p := configured(t, "twitter", ProviderConfig{}); p.ClientAuth != ClientSecretBasic {
		t.Errorf("X wants the secret in the header, not as %s", p.ClientAuth)
	}
}
