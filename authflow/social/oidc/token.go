package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// Leeway is how far clocks may be apart: better-auth's 30 seconds.
	Leeway = 30 * time.Second

	// maxTokenBytes is more than any provider's tokens; those with hundreds of groups in them have some 20 KiB.
	maxTokenBytes = 64 << 10

	defaultAlgorithm = "RS256" // OpenID Connect Core 1.0 §3.1.3.7 item 7

	// tenantID stands in an issuer for the claim tid, as in Microsoft's metadata.
	tenantID = "{tenantid}"
)

// signatures are what may be accepted at all. All are asymmetric: with HS256 the key would be the client secret, or, mistaken, a
// public one; and none is no signature.
var signatures = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512, jose.PS256, jose.PS384, jose.PS512, jose.EdDSA,
}

func acceptable(algorithm string) bool {
	return slices.Contains(signatures, jose.SignatureAlgorithm(algorithm))
}

func acceptableNames() []string {
	names := make([]string, len(signatures))
	for i, s := range signatures {
		names[i] = string(s)
	}
	return names
}

// VerifierConfig says whose tokens are accepted, and which.
type VerifierConfig struct {
	// Issuers are the values of iss that are accepted. {tenantid} in one stands for the token's own claim tid.
	Issuers []string
	// ClientID is who tokens must be for.
	ClientID string
	// Audiences are further client ids that tokens may be for, those of native apps.
	Audiences []string
	// AnyAuthorizedParty accepts tokens for us that were handed to other clients, whoever they are (azp). Only for a provider whose
	// clients of one project may get tokens for one another.
	AnyAuthorizedParty bool
	// JWKSURL is where the keys are.
	JWKSURL string
	// Algorithms are what tokens may be signed with. Empty: RS256.
	Algorithms []string
	// MaxAge is how long ago an ID token may have been issued. Zero: as long as it is valid.
	MaxAge time.Duration
	// MaxAuthAge is how long ago the user may have proved to the provider who they are. Zero: however long.
	MaxAuthAge time.Duration
	// HashedNonce accepts the SHA-256 of the nonce in lower-case hex too, as Apple's libraries send it.
	HashedNonce bool

	Client *http.Client     // egress.Client.For(provider)
	Now    func() time.Time // nil: time.Now
}

// Verifier judges tokens of one provider for one client. It keeps the provider's keys, so there should be one.
type Verifier struct {
	cfg        VerifierConfig
	algorithms []jose.SignatureAlgorithm
	keys       *keySet
}

// NewVerifier returns a Verifier, or says what in the configuration would accept anybody.
func NewVerifier(cfg VerifierConfig) (*Verifier, error) {
	switch {
	case len(cfg.Issuers) == 0 || slices.Contains(cfg.Issuers, ""):
		return nil, errors.New("verify tokens: no issuer")
	case cfg.ClientID == "" || slices.Contains(cfg.Audiences, ""):
		return nil, errors.New("verify tokens: no client id")
	case cfg.JWKSURL == "":
		return nil, errors.New("verify tokens: no address of the keys")
	case cfg.Client == nil:
		return nil, errors.New("verify tokens: no HTTP client")
	}
	v := &Verifier{cfg: cfg}
	v.cfg.Now = clockOr(cfg.Now)
	if len(cfg.Algorithms) == 0 {
		v.algorithms = []jose.SignatureAlgorithm{defaultAlgorithm}
	}
	for _, a := range cfg.Algorithms {
		if !acceptable(a) {
			return nil, fmt.Errorf("verify tokens: algorithm %s is none of %s", quoted(a), shownList(acceptableNames()))
		}
		v.algorithms = append(v.algorithms, jose.SignatureAlgorithm(a))
	}
	v.keys = newKeySet(cfg.Client, cfg.JWKSURL, v.cfg.Now)
	return v, nil
}

// open checks what all tokens have in common, and returns the claims once the signature has been verified.
func (v *Verifier) open(ctx context.Context, raw string, types func(string) bool) (*claimSet, string, error) {
	if !isCompact(raw) {
		return nil, "", refusal("form", "RFC 7515 §7.1", "%d bytes are not three parts of base64url with dots between", len(raw))
	}
	jws, err := jose.ParseSignedCompact(raw, v.algorithms)
	if err != nil {
		return nil, "", v.malformed(err)
	}
	header := jws.Signatures[0].Protected
	if typ, ok := typeOf(header); !ok || !types(typ) {
		return nil, "", refusal("typ", "RFC 8725 §3.11", "%s is a token of another kind", quoted(typ))
	}
	claims, err := parseClaims(jws.UnsafePayloadWithoutVerification())
	if err != nil {
		return nil, "", refusal("payload", "RFC 7519 §7.2", "%v", err)
	}
	if err := v.checkIssuer(claims); err != nil {
		return nil, "", err
	}
	if err := v.verifySignature(ctx, jws, claims); err != nil {
		return nil, "", err
	}
	return claims, header.Algorithm, nil
}

// isCompact tells whether a token has the form of a JWS. A JWE has four dots; and counting comes before a parser that would make
// something of millions. go-jose passes over line breaks and over bits behind the last byte, RFC 7515 §2 and RFC 4648 §3.5 do not.
func isCompact(raw string) bool {
	if len(raw) > maxTokenBytes || strings.Count(raw, ".") != 2 || strings.ContainsAny(raw, "\r\n") {
		return false
	}
	for part := range strings.SplitSeq(raw, ".") {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return false
		}
	}
	return true
}

func (v *Verifier) malformed(err error) error {
	var algorithm *jose.ErrUnexpectedSignatureAlgorithm
	if errors.As(err, &algorithm) {
		return refusal("alg", core+"§3.1.3.7 item 7", "%s is not what the provider signs with (%v)", quoted(string(algorithm.Got)), v.algorithms)
	}
	return refusal("form", "RFC 7515 §7.1", "%v", shortened(err))
}

// checkIssuer comes before any key is looked for (item 2 of the list): whoever the token names as its issuer, only ours is asked.
func (v *Verifier) checkIssuer(c *claimSet) error {
	const section = core + "§3.1.3.7 item 2"
	if c.require("iss", section) {
		issuer := c.text("iss", section)
		if c.err == nil && !slices.ContainsFunc(v.cfg.Issuers, func(want string) bool { return c.issuedBy(want, issuer) }) {
			c.fail("iss", section, "%s is not %s", quoted(issuer), shownList(v.cfg.Issuers))
		}
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

// issuedBy compares an issuer with what is wanted, to the letter. A tenant is put in where it belongs, and must be a name that cannot
// be anything else in a URL.
func (c *claimSet) issuedBy(want, issuer string) bool {
	if !strings.Contains(want, tenantID) {
		return issuer == want
	}
	tenant, _ := c.all["tid"].(string)
	if tenant == "" || strings.ContainsFunc(tenant, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return false
	}
	return issuer == strings.ReplaceAll(want, tenantID, tenant)
}

// typeOf is the header typ as media types are compared (RFC 7515 §4.1.9); "" when there is none.
func typeOf(header jose.Header) (typ string, ok bool) {
	value, given := header.ExtraHeaders[jose.HeaderType]
	if !given {
		return "", true
	}
	typ, ok = value.(string)
	return strings.TrimPrefix(strings.ToLower(typ), "application/"), ok
}

// verifySignature tries the keys that come into question: one, but for a provider that uses a kid twice.
func (v *Verifier) verifySignature(ctx context.Context, jws *jose.JSONWebSignature, c *claimSet) error {
	header := jws.Signatures[0].Protected
	issuer, _ := c.all["iss"].(string)
	return v.keys.try(ctx, func(all []key) error {
		var fitting []key
		for _, k := range all {
			if (header.KeyID == "" || k.KeyID == header.KeyID) && k.fits(header.Algorithm) && (k.issuer == "" || c.issuedBy(k.issuer, issuer)) {
				fitting = append(fitting, k)
			}
		}
		if len(fitting) == 0 {
			return refusal("kid", core+"§10.1", "no key of the provider is named %s and fits %s", quoted(header.KeyID), header.Algorithm)
		}
		if header.KeyID == "" && len(fitting) > 1 {
			return refusal("kid", core+"§10.1", "is missing, and the provider has %d keys for %s", len(fitting), header.Algorithm)
		}
		var err error
		for _, k := range fitting {
			if _, err = jws.Verify(k.JSONWebKey); err == nil {
				return nil
			}
		}
		return refusal("signature", core+"§3.1.3.7 item 6", "does not hold (%v)", err)
	})
}
