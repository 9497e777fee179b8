package browser

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

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

// TestPages has people use the pages that come with Postern, with scripts and without. Beside the demo there are a stream, a page for
// administrators, and an application that nobody runs; and this machine is in Munich.
func TestPages(t *testing.T) {
	postern := harness.StartDev(t, map[string]string{
		"rate_limit.enabled": "false",
		"geoip.file":         munich(t),
		"routes": fmt.Sprintf(`[
			{path: /stream, auth: required, upstream: %q},
			{path: /nobody, auth: public, upstream: "http://127.0.0.1:1"},
			{path: /staff, auth: required, roles: [admin]},
			{path: /sealed, auth: required, on_unauthenticated: 401},
			{path: /api/**, auth: required},
			{path: /**, auth: public},
		]`, serve(t, false, http.HandlerFunc(stream))),
	})
	stack{Page: postern.URL, Postern: postern.URL, Direct: postern.URL}.play(t, "pages")
}

// TestAdministration has somebody whose account was made at the command line look after the others by the pages for that.
func TestAdministration(t *testing.T) {
	settings := map[string]string{"database.path": filepath.Join(t.TempDir(), "postern.db"), "auth.admin.enabled": "true"}
	for _, who := range []string{"phone", "desk", "dark"} {
		if out, err := harness.RunPostern(t, t.TempDir(), settings, "user", "create", "--email", who+"@example.test", "--name", "Root", "--role", "admin", "--verified"); err != nil {
			t.Fatal(out, err)
		}
	}
	settings["rate_limit.enabled"] = "false"
	postern := harness.StartDev(t, settings)
	stack{Page: postern.URL, Postern: postern.URL, Direct: postern.URL}.play(t, "administration")
}

// stream goes on until it is cut off.
func stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		_, _ = io.WriteString(w, "data: still here\n\n")
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// munich is a database of places in which this machine is there.
func munich(t *testing.T) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-City", IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	names := func(de, en mmdbtype.String) mmdbtype.Map {
		return mmdbtype.Map{"names": mmdbtype.Map{"de": de, "en": en}}
	}
	loopback := &net.IPNet{IP: net.IPv4(127, 0, 0, 0), Mask: net.CIDRMask(8, 32)}
	if err := tree.Insert(loopback, mmdbtype.Map{"city": names("München", "Munich"), "country": names("Deutschland", "Germany")}); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "places.mmdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := tree.WriteTo(file); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	defer page.remove()
	return harness.Main(m)
}
