package browser

import (
	"os"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// TestKitOnOneOrigin has Postern in front of both the page and the application.
func TestKitOnOneOrigin(t *testing.T) {
	startTogether(t).play(t, "signup", "signin", "gate", "settings", "sessions", "reset")
}

// TestKitOnAnotherOrigin has the page on a name beside Postern's. Its requests are of the same site, so cookies are sent as
// they are everywhere, and CORS lets the page read the answers.
func TestKitOnAnotherOrigin(t *testing.T) {
	startApart(t, anotherOrigin).play(t, "signup", "signin", "reset", "stranger")
}

// TestKitOnAnotherSite has the page on a domain that has nothing in common with Postern's.
func TestKitOnAnotherSite(t *testing.T) {
	startApart(t, anotherSite).play(t, "othersite")
}

// TestKitOnAnotherSiteWithPartitionedCookies is the same for browsers that refuse third-party cookies.
func TestKitOnAnotherSiteWithPartitionedCookies(t *testing.T) {
	startApart(t, partitioned).play(t, "partitioned")
}

// TestKitWithAProvider has people sign in with an account that they have elsewhere.
func TestKitWithAProvider(t *testing.T) {
	startApart(t, withProvider).play(t, "social")
}

func TestConsoleOfDev(t *testing.T) {
	postern := harness.StartDev(t, nil)
	stack{Page: postern.URL, Postern: postern.URL, Direct: postern.URL}.play(t, "console")
}

// TestReference has somebody try the API by the page that describes it.
func TestReference(t *testing.T) {
	postern := harness.StartDev(t, map[string]string{"auth.email_password.require_email_verification": "false", "rate_limit.enabled": "false"})
	stack{Page: postern.URL, Postern: postern.URL, Direct: postern.URL}.play(t, "reference")
}

// TestPages has people use the pages that come with Postern, with scripts and without.
func TestPages(t *testing.T) {
	postern := harness.StartDev(t, map[string]string{"rate_limit.enabled": "false"})
	stack{Page: postern.URL, Postern: postern.URL, Direct: postern.URL}.play(t, "pages")
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	defer page.remove()
	return harness.Main(m)
}
