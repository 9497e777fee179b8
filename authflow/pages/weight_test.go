package pages_test

import (
	"regexp"
	"testing"

	"github.com/posternhq/postern/authflow/authflowtest"
)

// shown are the pages, by who may see them.
var shown = []struct {
	path     string
	signedIn bool
}{
	{"/auth/sign-in", false}, {"/auth/sign-up", false}, {"/auth/forgot", false}, {"/auth/check-mail", false}, {"/auth/verify", false}, {"/auth/reset", false},
	{"/auth/not-me", false}, {"/auth/signed-out", false}, {"/auth/error", false}, {"/auth/account", true}, {"/auth/delete", true}, {"/auth/sign-out", true},
}

var loaded = regexp.MustCompile(`(?:src|href)="(/auth/[a-z]+\.[a-z]+\?v=[^"]*)"`)

// crowded is somebody with more devices and events than most.
func crowded(flow *authflowtest.Flow) *authflowtest.Browser {
	user := flow.User("Ada")
	ada := flow.SignedIn(user)
	for range 20 {
		flow.Session(user)
	}
	for range 20 {
		ada.Post("/update-user", authflowtest.Body{"name": "Ada"}).Is(200)
	}
	return ada
}

// All that a page loads counts, without compression.
func TestNoPageWeighsMoreThan100kB(t *testing.T) {
	t.Parallel()
	flow := start(t)
	ada, stranger := crowded(flow), flow.Browser()
	for _, page := range shown {
		browser := stranger
		if page.signedIn {
			browser = ada
		}
		answer := browser.Page(page.path)
		weight, parts := len(answer.Body), map[string]bool{}
		for _, part := range loaded.FindAllStringSubmatch(answer.Body, -1) {
			if !parts[part[1]] {
				weight += len(browser.Page(part[1]).Is(200).Body)
			}
			parts[part[1]] = true
		}
		if len(parts) < 3 || weight > 100_000 {
			t.Errorf("%s weighs %d bytes with %v", page.path, weight, parts)
		}
		t.Logf("%-18s %6d bytes", page.path, weight)
	}
}

// BenchmarkPages is how long the server takes for each page, the network of this machine included. At most 50 ms are asked for.
func BenchmarkPages(b *testing.B) {
	flow := authflowtest.Start(b, enable)
	ada, stranger := crowded(flow), flow.Browser()
	for _, page := range shown {
		b.Run(page.path[len("/auth/"):], func(b *testing.B) {
			browser := stranger
			if page.signedIn {
				browser = ada
			}
			for b.Loop() {
				if answer := browser.Page(page.path); answer.Body == "" {
					b.Fatalf("%s: %d, and no page", page.path, answer.Status)
				}
			}
		})
	}
}
