package social

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// microsoftConsumers is the tenant of all personal accounts.
// https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference
const microsoftConsumers = "9188040d-6c67-4c5b-b112-36a304b66dad"

// maxPhotoBytes bounds a picture that is kept in the user's row.
const maxPhotoBytes = 32 << 10

// microsoft is https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc. Its endpoints and its issuer hold the tenant:
// adjustMicrosoft puts them together.
func microsoft() Provider {
	return Provider{
		ID:        "microsoft",
		Name:      "Microsoft",
		Endpoints: Endpoints{PhotoURL: "https://graph.microsoft.com/v1.0/me/photos/48x48/$value"},
		Scopes:    []string{"openid", "profile", "email", "User.Read", "offline_access"},
		IDToken:   &IDTokenRules{MaxAge: time.Hour},
		Read:      readMicrosoft,
		Adjust:    adjustMicrosoft,
	}
}

var tenantGUID = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

func adjustMicrosoft(p *Provider, cfg ProviderConfig) error {
	tenant, authority := cmp.Or(cfg.TenantID, "common"), strings.TrimRight(cmp.Or(cfg.Authority, "https://login.microsoftonline.com"), "/")
	if !tenantGUID.MatchString(tenant) && !slices.Contains([]string{"common", "organizations", "consumers"}, tenant) {
		return fmt.Errorf("tenant_id: %q is not common, organizations, consumers or a tenant's id, which is 36 characters long; a domain name does not do, since ID tokens do not name it", tenant)
	}
	if !isWebAddress(authority) {
		return fmt.Errorf("authority: %q is not an https URL", authority)
	}
	p.AuthorizationURL = cmp.Or(p.AuthorizationURL, authority+"/"+tenant+"/oauth2/v2.0/authorize")
	p.TokenURL = cmp.Or(p.TokenURL, authority+"/"+tenant+"/oauth2/v2.0/token")
	p.JWKSURL = cmp.Or(p.JWKSURL, authority+"/"+tenant+"/discovery/v2.0/keys")
	if len(p.IDToken.Issuers) == 0 {
		// Whoever's tenant it is, the issuer must be that tenant's: keys are shared between them.
		p.IDToken.Issuers = []string{authority + "/{tenantid}/v2.0"}
	}
	p.IDToken.Check = func(c Claims) error { return checkTenant(tenant, c.Text("tid")) }
	if cfg.DisableProfilePhoto {
		p.PhotoURL = ""
	}
	return nil
}

// checkTenant keeps out accounts of the kinds that are not wanted.
func checkTenant(want, tid string) error {
	switch {
	case want == "common",
		want == "organizations" && tid != microsoftConsumers,
		want == "consumers" && tid == microsoftConsumers,
		strings.EqualFold(want, tid):
		return nil
	}
	return fmt.Errorf("tid is %.64q, and auth.social.microsoft.tenant_id asks for %s", tid, want)
}

// readMicrosoft takes oid for the subject, which is the same in every application; sub differs between them.
func readMicrosoft(ctx context.Context, p *Provider, g Grant, c Claims) (Profile, error) {
	profile := standardProfile(c)
	profile.Subject, _ = c["oid"].(string)
	if profile.Subject == "" {
		return Profile{}, errors.New("the ID token has no oid, which names the user; ask for the scope profile")
	}
	// An administrator may write any address into email, so it alone proves nothing (the "nOAuth" attack).
	if _, said := c["email_verified"]; !said {
		profile.EmailVerified = profile.Email != "" && (c.Holds("verified_primary_email", profile.Email) || c.Holds("verified_secondary_email", profile.Email))
	}
	if photo := microsoftPhoto(ctx, p, g); photo != "" {
		profile.Image = photo
		c["picture"] = photo // as better-auth shows it in account-info
	}
	return profile, nil
}

// microsoftPhoto is a data URL, as better-auth writes it, since Graph shows pictures to those with an access token only. There may be none,
// and none is worth failing a sign-in for.
func microsoftPhoto(ctx context.Context, p *Provider, g Grant) string {
	if p.PhotoURL == "" || g.AccessToken == "" {
		return ""
	}
	picture, mediaType, err := g.API.Bytes(ctx, p.PhotoURL)
	if err != nil || len(picture) == 0 || len(picture) > maxPhotoBytes || !strings.HasPrefix(mediaType, "image/") {
		return ""
	}
	return "data:image/jpeg;base64, " + base64.StdEncoding.EncodeToString(picture)
}
