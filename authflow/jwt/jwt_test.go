package jwt_test

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"

	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

// said checks a token by the flow's key set and returns its claims.
func said(t *testing.T, flow *authflowtest.Flow, token string) map[string]any {
	t.Helper()
	var keys jose.JSONWebKeySet
	flow.Browser().Get("/jwks").Is(200).Decode(&keys)
	parsed, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatalf("%q: %v", token, err)
	}
	var claims map[string]any
	if err := parsed.Claims(keys, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestATokenSaysWhoTheCallerIs(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	answer := flow.SignedIn(user).Get("/token").Is(200)
	var body map[string]string
	if answer.Decode(&body); len(body) != 1 {
		t.Errorf("body %s", answer.Body)
	}
	now := flow.Clock.Now().Unix()
	want := map[string]any{
		"id": string(user.ID), "name": "Ada", "email": user.Email, "emailVerified": true, "image": nil,
		"createdAt": "2026-03-01T12:30:15.123Z", "updatedAt": "2026-03-01T12:30:15.123Z",
		"sub": string(user.ID), "iss": flow.BaseURL, "aud": flow.BaseURL, "iat": float64(now), "exp": float64(now + 900),
	}
	if got := said(t, flow, body["token"]); !reflect.DeepEqual(got, want) {
		t.Errorf("claims %v\nwant   %v", got, want)
	}
	if answer.Header.Get("Cache-Control") != "no-store" {
		t.Error("a cache may keep the token")
	}
}

// What clients may set must not pass for what we say: not in iat, which we write, nor in nbf, which we do not.
func TestATokenHasTheAdditionalFieldsThatAreReturned(t *testing.T) {
	t.Parallel()
	note := storetest.Field("string")
	note.Returned = false
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.UserFields = sessionstore.FieldConfigs{
			"company": storetest.Field("string"), "age": storetest.Field("number"), "note": note,
			"sub": storetest.Field("string"), "iat": storetest.Field("number"), "nbf": storetest.Field("number"), "jti": storetest.Field("string"),
		}
	})
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	browser.Post("/update-user", authflowtest.Body{"company": "Engines", "age": 36, "note": "n", "sub": "somebody", "iat": 1, "nbf": 4e9, "jti": "x"}).Is(200)
	claims := said(t, flow, browser.Get("/token").Text("token"))
	for name, want := range map[string]any{
		"company": "Engines", "age": 36.0, "note": nil, "sub": string(user.ID), "iat": float64(flow.Clock.Now().Unix()), "nbf": nil, "jti": nil,
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if claims := said(t, flow, browser.Get("/get-session").Header.Get("Set-Auth-Jwt")); claims["company"] != "Engines" || claims["note"] != nil {
		t.Errorf("claims beside the session: %v", claims)
	}
}

func TestWithoutASessionThereIsNoToken(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	nobody := flow.Browser()
	nobody.Get("/token").Fails(401, "UNAUTHORIZED")
	nobody.With("Authorization", "Bearer unknown").Get("/token").Fails(401, "UNAUTHORIZED")
	nobody.Get("/get-session").Says(200, "null")
	if h := nobody.Get("/get-session").Header; h.Get("Set-Auth-Jwt") != "" || h.Get("Access-Control-Expose-Headers") != "" {
		t.Errorf("header of nobody's session: %v", h)
	}
	session := flow.Session(flow.User("Ada"))
	flow.Clock.Advance(8 * 24 * time.Hour)
	flow.Holding(session).Get("/token").Fails(401, "UNAUTHORIZED")
}

func TestABearerClientGetsAToken(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	session := flow.Session(user)
	answer := flow.Browser().With("Authorization", "Bearer "+string(session.Token)).Get("/token").Is(200)
	if got := said(t, flow, answer.Text("token"))["sub"]; got != string(user.ID) {
		t.Errorf("sub %v", got)
	}
}

func TestATokenIsNoSession(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	ada := flow.SignedIn(flow.User("Ada"))
	token := ada.Get("/token").Text("token")
	asBearer := flow.Browser().With("Authorization", "Bearer "+token)
	asBearer.Get("/get-session").Says(200, "null")
	asBearer.Get("/token").Fails(401, "UNAUTHORIZED")
	asBearer.Get("/me").Fails(401, "UNAUTHORIZED")
}

func TestTheKeySetIsForEverybody(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	answer := flow.Browser().With("Origin", "").Get("/jwks").Is(200)
	var set struct{ Keys []map[string]string }
	answer.Decode(&set)
	if len(set.Keys) != 1 {
		t.Fatalf("%s", answer.Body)
	}
	var members []string
	for name := range set.Keys[0] {
		members = append(members, name)
	}
	slices.Sort(members)
	if !slices.Equal(members, []string{"alg", "crv", "kid", "kty", "x"}) {
		t.Errorf("members %v", members)
	}
	if _, sent := answer.Header["Cache-Control"]; sent {
		t.Error("better-auth lets caches do as they like")
	}
	if again := flow.Browser().Get("/jwks"); again.Body != answer.Body {
		t.Errorf("first %s\nthen  %s", answer.Body, again.Body)
	}
	flow.Browser().Post("/jwks", authflowtest.Body{}).Is(404)
	flow.Browser().Post("/token", authflowtest.Body{}).Is(404)
}

func TestGetSessionCarriesAToken(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	ada := flow.SignedIn(user)
	answer := ada.Get("/get-session").Is(200)
	if got := said(t, flow, answer.Header.Get("Set-Auth-Jwt"))["sub"]; got != string(user.ID) {
		t.Errorf("sub %v", got)
	}
	if got := answer.Header.Get("Access-Control-Expose-Headers"); got != "set-auth-jwt" {
		t.Errorf("exposes %q", got)
	}
	flow.Clock.Advance(25 * time.Hour)
	renewed := ada.Get("/get-session").Is(200).Sets("session_token")
	if got := renewed.Header.Get("Access-Control-Expose-Headers"); got != "set-auth-token, set-auth-jwt" {
		t.Errorf("on renewal exposes %q", got)
	}
	for _, path := range []string{"/me", "/list-sessions"} {
		if ada.Get(path).Header.Get("Set-Auth-Jwt") != "" {
			t.Errorf("%s carries a token", path)
		}
	}
}

func TestADisabledRoomMountsNothing(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.JWT.Enabled = false })
	ada := flow.SignedIn(flow.User("Ada"))
	ada.Get("/token").Is(404)
	ada.Get("/jwks").Is(404)
	if h := ada.Get("/get-session").Is(200).Header; h.Get("Set-Auth-Jwt") != "" || h.Get("Access-Control-Expose-Headers") != "" {
		t.Errorf("get-session carries %v", h)
	}
}

// get-session must go on answering from the cache when there is no key to be had.
func TestGetSessionAnswersWithoutATokenWhenThereIsNoKey(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	ada := flow.SignedIn(flow.User("Ada"))
	ada.Get("/me").Is(http.StatusOK)
	flow.Store.Close()
	answer := ada.Get("/get-session").Is(200).Has("user.name", "Ada")
	if answer.Header.Get("Set-Auth-Jwt") != "" || !strings.Contains(flow.Log(), "session shown without a token") {
		t.Errorf("%v\n%s", answer.Header, flow.Log())
	}
}

var privateKeys = fstest.MapFS{"private.sql": {Data: []byte("-- name: PrivateKeys\nSELECT {jwks.privateKey} FROM {jwks};")}}

func TestNothingOfAPrivateKeyIsAnsweredOrLogged(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	ada := flow.SignedIn(flow.User("Ada"))
	var seen strings.Builder
	for _, path := range []string{"/token", "/jwks", "/get-session", "/me", "/sessions", "/error", "/ok"} {
		answer := ada.Get(path)
		seen.WriteString(answer.Body)
		for name, values := range answer.Header {
			seen.WriteString(name + strings.Join(values, " "))
		}
	}
	seen.WriteString(flow.Log())
	var rows int
	read, err := flow.Store.Statements(privateKeys)
	if err != nil {
		t.Fatal(err)
	}
	err = read.Query(t.Context(), flow.Store.Store, "PrivateKeys", nil, func(scan func(...any) error) error {
		var sealed string
		if err := scan(&sealed); err != nil {
			return err
		}
		rows++
		if strings.Contains(seen.String(), strings.Trim(sealed, `"`)) {
			t.Error("the sealed key was shown")
		}
		return nil
	})
	if err != nil || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
	if strings.Contains(seen.String(), `"d":`) || strings.Contains(seen.String(), authflowtest.Secret) {
		t.Error("a private key or the secret was shown")
	}
}
