package harness

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// OpenID is a real OpenID provider: test/openid/provider, a module of its own, in a process of its own. Its users are ada and grace, and edsger
// whose address is not verified; addresses are at people.test.
type OpenID struct {
	Issuer       string // with a slash at the end
	ClientID     string
	ClientSecret string

	port    int
	journal journal
}

// openIDProvider is the provider, built once.
var openIDProvider = sync.OnceValues(func() (string, error) {
	module, err := root()
	if err != nil {
		return "", err
	}
	if err := noteSources(module); err != nil {
		return "", fmt.Errorf("look at the source: %w", err)
	}
	dir, err := os.MkdirTemp("", "postern-openid-")
	if err != nil {
		return "", fmt.Errorf("make folder for the provider: %w", err)
	}
	built.Lock()
	built.dirs = append(built.dirs, dir)
	built.Unlock()
	file := filepath.Join(dir, "provider")
	build := exec.Command("go", "build", "-o", file, ".")
	build.Dir = filepath.Join(module, "test", "openid", "provider")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the OpenID provider: %w: %s", err, output)
	}
	return file, nil
})

// NewOpenID prepares a provider and starts nothing, so that its client can be told the issuer first.
func NewOpenID(t testing.TB) *OpenID {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return &OpenID{Issuer: fmt.Sprintf("http://127.0.0.1:%d/", port), ClientID: "postern", ClientSecret: "the-client-secret", port: port}
}

// StartOpenID is NewOpenID and Start.
func StartOpenID(t testing.TB, redirectURI string) *OpenID {
	t.Helper()
	p := NewOpenID(t)
	p.Start(t, redirectURI)
	return p
}

// Start serves until the test ends. redirectURI is the only one that the provider sends browsers to.
func (p *OpenID) Start(t testing.TB, redirectURI string) {
	t.Helper()
	file, err := openIDProvider()
	if err != nil {
		t.Fatal(err)
	}
	run, err := launch(&p.journal, &p.journal, t.TempDir(), []string{"TMPDIR=" + os.TempDir()}, file, "-port", strconv.Itoa(p.port), "-redirect", redirectURI)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.kill()
		p.journal.attach(t, "OpenID provider at "+p.Issuer)
	})
	if err := p.await(run); err != nil {
		t.Fatal(err)
	}
}

func (p *OpenID) await(run *process) error {
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(25 * time.Millisecond) {
		resp, err := http.Get(p.Issuer + ".well-known/openid-configuration")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		select {
		case <-run.exited:
			return fmt.Errorf("OpenID provider ended while starting: %w", errors.Join(run.err, errors.New("see its log")))
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("wait for the OpenID provider: %w", err)
		}
	}
}

var authRequestID = regexp.MustCompile(`authRequestID=([^&]+)`)

// SignIn is a user at the provider: opens the authorization URL, fills in the form, and returns where the browser is then sent.
func (p *OpenID) SignIn(t testing.TB, authorizationURL, user string) *url.URL {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	base, err := url.Parse(p.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	next := func(resp *http.Response, err error) *url.URL {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		location, err := resp.Location()
		if err != nil {
			t.Fatalf("the provider answers %s to %s", resp.Status, resp.Request.URL)
		}
		return location
	}
	form := next(browser.Get(authorizationURL))
	id := authRequestID.FindStringSubmatch(form.RawQuery)
	if id == nil {
		return form // refused, and sent back at once
	}
	done := next(browser.PostForm(base.JoinPath("/login/username").String(), url.Values{"id": {id[1]}, "username": {user}, "password": {"correct horse"}}))
	return next(browser.Get(done.String()))
}
