package jwt

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// sessionHeader carries the token of get-session's answer.
const sessionHeader = "set-auth-jwt"

// Deps is what this room stands on.
type Deps struct {
	Core  *authflow.Core
	Store *sessionstore.Store

	// Stale is how long a key signs before the database is asked whether it is still the one. Zero: asked for every token.
	Stale time.Duration
}

// Feature is the room.
type Feature struct {
	cfg       Config
	keys      *keyring
	announced *announced
	Deps
}

// New returns the room over a store whose migrations were run.
func New(cfg Config, deps Deps) (*Feature, error) {
	t, err := newTable(deps.Store)
	if err != nil {
		return nil, err
	}
	return &Feature{cfg: cfg, Deps: deps, announced: &announced{seed: maphash.MakeSeed()}, keys: &keyring{
		table: t, secrets: deps.Core.Keys, now: deps.Core.Now, logger: deps.Core.Logger,
		alg: Algorithm(cfg.Algorithm), rotation: cfg.RotationInterval, grace: cfg.GracePeriod, stale: deps.Stale,
	}}, nil
}

// Name is the folder's.
func (*Feature) Name() string { return "jwt" }

// Mount names the routes.
func (f *Feature) Mount(r *authflow.Router) {
	if !f.cfg.Enabled {
		return
	}
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/token",
		Summary:     "A short-lived signed token that says who the caller is",
		Session:     authflow.SessionRequired,
		OperationID: "getJSONWebToken",
		Answer:      tokenAnswer{},
		Handle:      f.token,
	})
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/jwks",
		Summary:     "The public keys that tokens are checked with",
		OperationID: "getJSONWebKeySet",
		Answer:      jwksAnswer{},
		Handle:      f.jwks,
	})
}

type tokenAnswer struct {
	Token string `json:"token"`
}

func (f *Feature) token(c *authflow.Call) error {
	token, err := f.sign(c.R.Context(), c.Identity().User)
	if err != nil {
		return err
	}
	return c.JSON(tokenAnswer{Token: token})
}

type jwksAnswer struct {
	Keys []publicKey `json:"keys"`
}

func (f *Feature) jwks(c *authflow.Call) error {
	keys, err := f.keys.public(c.R.Context())
	if err != nil {
		return err
	}
	// Public, and alike for everybody: as in better-auth, caches on the way may do with it what they do.
	c.W.Header().Del("Cache-Control")
	return c.JSON(jwksAnswer{Keys: keys})
}

// Announce puts a token into the header of an answer that shows the caller's session. Should there be none to be had, the answer
// is still right without it, so that is only logged: cached sessions go on being shown while the database is away.
//
// Differs from better-auth: it answers 500.
func (f *Feature) Announce(c *authflow.Call) {
	if !f.cfg.Enabled {
		return
	}
	token, err := f.announce(c.R.Context(), c.Identity())
	if err != nil {
		if c.R.Context().Err() == nil {
			f.Core.Logger.LogAttrs(c.R.Context(), slog.LevelWarn, "session shown without a token", slog.Any("err", err))
		}
		return
	}
	h := c.W.Header()
	h.Set(sessionHeader, token)
	exposed := sessionHeader
	if others := h.Get("Access-Control-Expose-Headers"); others != "" {
		exposed = others + ", " + sessionHeader
	}
	h.Set("Access-Control-Expose-Headers", exposed)
}

func (f *Feature) sign(ctx context.Context, u sessionstore.User) (string, error) {
	key, err := f.current(ctx)
	if err != nil {
		return "", err
	}
	return f.signWith(key, u)
}

func (f *Feature) current(ctx context.Context) (*signingKey, error) {
	key, err := f.keys.current(ctx)
	if err != nil {
		return nil, fmt.Errorf("find signing key: %w", err)
	}
	return key, nil
}

func (f *Feature) signWith(key *signingKey, u sessionstore.User) (string, error) {
	payload, err := f.claims(u)
	if err != nil {
		return "", err
	}
	signed, err := key.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return token, nil
}
