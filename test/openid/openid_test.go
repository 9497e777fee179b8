package openid

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/posternhq/postern/authflow/social/egress"
	"github.com/posternhq/postern/authflow/social/oidc"
	"github.com/posternhq/postern/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

const redirectURI = "http://127.0.0.1:1/callback"

// party is what a relying party needs, put together by discovery.
type party struct {
	*harness.OpenID
	oauth    *oauth2.Config
	verifier *oidc.Verifier
	ctx      context.Context // with the client that calls go by
}

func newParty(t *testing.T) *party {
	t.Helper()
	p := harness.StartOpenID(t, redirectURI)
	client := egress.New(egress.Config{AllowPrivateAddresses: true}).For("zitadel")
	m, err := oidc.Discover(t.Context(), client, p.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := oidc.NewVerifier(oidc.VerifierConfig{
		Issuers: []string{m.Issuer}, ClientID: p.ClientID, JWKSURL: m.JWKSURI, Algorithms: m.Algorithms(), MaxAge: time.Hour, MaxAuthAge: time.Hour, Client: client,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &party{OpenID: p, verifier: verifier, ctx: context.WithValue(t.Context(), oauth2.HTTPClient, client), oauth: &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: redirectURI, Scopes: []string{"openid", "email", "profile"},
		Endpoint: oauth2.Endpoint{AuthURL: m.AuthorizationEndpoint, TokenURL: m.TokenEndpoint},
	}}
}

// signIn goes through the code flow and returns what the token endpoint gave.
func (p *party) signIn(t *testing.T, user, nonce string) (*oauth2.Token, string) {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	back := p.SignIn(t, p.oauth.AuthCodeURL("the-state", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("nonce", nonce)), user)
	if !strings.HasPrefix(back.String(), redirectURI+"?") || back.Query().Get("state") != "the-state" {
		t.Fatalf("sent back to %s", back)
	}
	tokens, err := p.oauth.Exchange(p.ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	return tokens, raw
}

func TestTokensOfARealProviderAreVerified(t *testing.T) {
	t.Parallel()
	p := newParty(t)
	for _, user := range []string{"ada", "grace"} {
		tokens, raw := p.signIn(t, user, "nonce-of-"+user)
		claims, err := p.verifier.Verify(t.Context(), raw, "nonce-of-"+user)
		if err != nil {
			t.Fatal(err)
		}
		if claims.Subject != user || claims.Issuer != p.Issuer || claims.AuthTime.IsZero() || claims.AccessTokenHash == "" {
			t.Errorf("%+v", claims)
		}
		if err := claims.VerifyAccessToken(tokens.AccessToken); err != nil {
			t.Error(err)
		}
		if err := claims.VerifyAccessToken(tokens.AccessToken + "x"); err == nil {
			t.Error("another access token goes with it too")
		}
	}
}

func TestTokensOfARealProviderAreRefusedWhereTheyDoNotBelong(t *testing.T) {
	t.Parallel()
	p, other := newParty(t), newParty(t)
	_, raw := p.signIn(t, "ada", "the-nonce")
	for name, try := range map[string]func() error{
		"nonce": func() error { _, err := p.verifier.Verify(t.Context(), raw, "another"); return err },
		"iss":   func() error { _, err := other.verifier.Verify(t.Context(), raw, "the-nonce"); return err },
		"signature": func() error {
			_, theirs := other.signIn(t, "ada", "the-nonce")
			head, payload, _ := strings.Cut(raw, ".")
			payload, _, _ = strings.Cut(payload, ".")
			_, err := p.verifier.Verify(t.Context(), head+"."+payload+"."+theirs[strings.LastIndex(theirs, ".")+1:], "the-nonce")
			return err
		},
		"exp": func() error {
			late, err := oidc.NewVerifier(oidc.VerifierConfig{
				Issuers: []string{p.Issuer}, ClientID: p.ClientID, JWKSURL: p.Issuer + "keys",
				Client: egress.New(egress.Config{AllowPrivateAddresses: true}).For("zitadel"), Now: func() time.Time { return time.Now().Add(2 * time.Hour) },
			})
			if err != nil {
				return err
			}
			_, err = late.Verify(t.Context(), raw, "the-nonce")
			return err
		},
		"aud": func() error {
			somebody, err := oidc.NewVerifier(oidc.VerifierConfig{
				Issuers: []string{p.Issuer}, ClientID: "somebody", JWKSURL: p.Issuer + "keys",
				Client: egress.New(egress.Config{AllowPrivateAddresses: true}).For("zitadel"),
			})
			if err != nil {
				return err
			}
			_, err = somebody.Verify(t.Context(), raw, "the-nonce")
			return err
		},
	} {
		var refusal *oidc.Error
		if err := try(); !errors.As(err, &refusal) || refusal.Check != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}
