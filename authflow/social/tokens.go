package social

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// tokens are what a provider's token endpoint answered (RFC 6749 §5.1). An empty text and a nil time were not in the answer.
type tokens struct {
	access, refresh, id               string
	accessExpiresAt, refreshExpiresAt *time.Time
	scopes                            []string
}

// redeem exchanges a code (RFC 6749 §4.1.3), proving by the verifier that the flow was begun here (RFC 7636 §4.5).
func (l *live) redeem(ctx context.Context, code, verifier, redirectURI string) (tokens, error) {
	if verifier == "" && !l.NoPKCE {
		return tokens{}, errors.New("there is no code verifier, without which no code is redeemed (RFC 7636 §4.5)")
	}
	config, err := l.oauth2(redirectURI)
	if err != nil {
		return tokens{}, err
	}
	var options []oauth2.AuthCodeOption
	if !l.NoPKCE {
		options = append(options, oauth2.VerifierOption(verifier))
	}
	answer, err := config.Exchange(l.context(ctx), code, options...)
	if err != nil {
		return tokens{}, tokenError(err)
	}
	return l.read(answer), nil
}

// renew redeems a refresh token (RFC 6749 §6). Without a scope it asks for what was granted; an answer without a refresh token means that
// the old one goes on.
func (l *live) renew(ctx context.Context, refresh string) (tokens, error) {
	config, err := l.oauth2("")
	if err != nil {
		return tokens{}, err
	}
	answer, err := config.TokenSource(l.context(ctx), &oauth2.Token{RefreshToken: refresh}).Token()
	if err != nil {
		return tokens{}, tokenError(err)
	}
	return l.read(answer), nil
}

func (l *live) oauth2(redirectURI string) (*oauth2.Config, error) {
	secret := l.ClientSecret
	if l.MakeSecret != nil {
		made, err := l.MakeSecret(l.now())
		if err != nil {
			return nil, fmt.Errorf("make client secret: %w", err)
		}
		secret = made
	}
	style := oauth2.AuthStyleInParams // also of a public client, which sends its id alone
	if l.ClientAuth == ClientSecretBasic {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID: l.ClientID, ClientSecret: secret, RedirectURL: redirectURI,
		Endpoint: oauth2.Endpoint{TokenURL: l.TokenURL, AuthStyle: style},
	}, nil
}

// context makes the library use this provider's client. GitHub answers with a form unless asked for JSON.
func (l *live) context(ctx context.Context) context.Context {
	client := *l.client
	client.Transport = asking{next: client.Transport}
	return context.WithValue(ctx, oauth2.HTTPClient, &client)
}

// asking says what kind of answer is understood.
type asking struct{ next http.RoundTripper }

// RoundTrip sends the request with one more header.
func (a asking) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "application/json")
	return a.next.RoundTrip(r)
}

func (l *live) read(t *oauth2.Token) tokens {
	text := func(name string) string { s, _ := t.Extra(name).(string); return s }
	return tokens{
		access: t.AccessToken, refresh: t.RefreshToken, id: text("id_token"),
		accessExpiresAt:  l.after(t.Extra("expires_in")),
		refreshExpiresAt: l.after(t.Extra("refresh_token_expires_in")),
		scopes:           scopesOf(t.Extra("scope")),
	}
}

// maxTokenLife bounds what a provider may say of a token's life: beyond, the time could not be stored.
const maxTokenLife = 100 * 365 * 24 * time.Hour

// after is a life in seconds, which some providers send as text, as a time.
func (l *live) after(seconds any) *time.Time {
	var s float64
	switch v := seconds.(type) {
	case float64:
		s = v
	case int64: // from a form
		s = float64(v)
	case string:
		s, _ = strconv.ParseFloat(v, 64) // what is no number is no life
	}
	if !(s > 0) {
		return nil
	}
	at := l.now().Add(time.Duration(min(s, maxTokenLife.Seconds()) * float64(time.Second)))
	return &at
}

// scopesOf reads scope, which is separated by spaces (RFC 6749 §3.3), or a list with some providers.
func scopesOf(scope any) []string {
	switch v := scope.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		var list []string
		for _, item := range v {
			text, _ := item.(string)
			list = append(list, strings.Fields(text)...)
		}
		return list
	}
	return nil
}

// tokenError keeps what the endpoint answered out of the log, but for the error code of RFC 6749 §5.2.
func tokenError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return fmt.Errorf("ask token endpoint: %w", err)
	}
	if refused.ErrorCode != "" {
		return fmt.Errorf("token endpoint answered %s, error %.64q (RFC 6749 §5.2)", refused.Response.Status, refused.ErrorCode)
	}
	return fmt.Errorf("token endpoint answered %s and no error code", refused.Response.Status)
}

// change is what the tokens change of an account's row, encrypted if that is configured. The scopes are not among it: an answer may
// name fewer than were granted.
func (f *Feature) change(t tokens) (sessionstore.TokenChange, error) {
	access, err := f.seal(t.access)
	if err != nil {
		return sessionstore.TokenChange{}, err
	}
	refresh, err := f.seal(t.refresh)
	if err != nil {
		return sessionstore.TokenChange{}, err
	}
	return sessionstore.TokenChange{
		AccessToken: access, RefreshToken: refresh, IDToken: textOrNil(t.id),
		AccessTokenExpiresAt: t.accessExpiresAt, RefreshTokenExpiresAt: t.refreshExpiresAt,
	}, nil
}

// seal encrypts a token for the database if that is configured; nil stands for none. ID tokens are kept as they are, as in better-auth.
func (f *Feature) seal(token string) (*string, error) {
	if token == "" || !f.Account.EncryptOAuthTokens {
		return textOrNil(token), nil
	}
	sealed, err := f.Core.Keys.Seal([]byte(token))
	if err != nil {
		return nil, fmt.Errorf("encrypt token: %w", err)
	}
	return &sealed, nil
}

// unseal reads a token from the database, whether or not it was stored encrypted.
//
// Differs from better-auth: it hands out what is encrypted when its option is off by then, and fails on a plain token that is hex
// when it is on.
func (f *Feature) unseal(stored *string) (string, error) {
	if stored == nil || !authflow.LooksSealed(*stored) {
		return deref(stored), nil
	}
	plain, _, ok := f.Core.Keys.Unseal(*stored)
	if !ok {
		return "", errors.New("a provider token was not encrypted under auth.secret or one of auth.previous_secrets; add the secret it was encrypted with, or let the user sign in by the provider again")
	}
	return string(plain), nil
}

func textOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
