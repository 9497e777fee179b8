package authflow_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
)

// What one request says of hosts must not get into the link of another.
func TestD30D31D32NoHostOfARequestGetsIntoALink(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t, func(s *authflowtest.Settings) { s.BaseURL = "https://app.example.test" })
	var all sync.WaitGroup
	for i := range 40 {
		user := flow.Unverified(fmt.Sprint("Ada", i))
		all.Go(func() {
			evil := fmt.Sprintf("evil%d.test", i)
			for _, path := range []string{"/request-password-reset", "/send-verification-email"} {
				flow.Browser().Send(authflowtest.Request{
					Method: http.MethodPost, Path: path, ContentType: "application/json", Body: `{"email":"` + user.Email + `"}`,
					Header: http.Header{"X-Forwarded-Host": {evil}, "Forwarded": {"host=" + evil}, "X-Forwarded-Proto": {"http"}, "X-Host": {evil}},
				}).Is(200)
			}
		})
	}
	all.Wait()
	letters := flow.Letters()
	if len(letters) != 80 {
		t.Fatalf("%d letters, want 80", len(letters))
	}
	for _, l := range letters {
		if strings.Contains(l.Text, "evil") || !strings.Contains(l.Text, "https://app.example.test/api/auth/") {
			t.Errorf("letter to %s:\n%s", l.To, l.Text)
		}
	}
}

// Look-ups that are under way at once share a query, but never an answer; crafted tokens are nobody's.
func TestD63LookUpsAtOnceGetTheirOwnAnswers(t *testing.T) {
	t.Parallel()
	one := authflowtest.Start(t)
	cold := authflowtest.Start(t, func(s *authflowtest.Settings) { s.Beside = one }) // has looked nobody up yet
	type holder struct{ id, token string }
	var holders []holder
	for i := range 30 {
		user := one.User(fmt.Sprint("Ada", i))
		holders = append(holders, holder{string(user.ID), string(one.Session(user).Token)})
	}
	var all sync.WaitGroup
	for i, h := range holders {
		other := holders[(i+1)%len(holders)].token
		for range 5 {
			all.Go(func() {
				cold.Browser().With("Authorization", "Bearer "+h.token).Get("/get-session").Has("user.id", h.id)
			})
		}
		for _, crafted := range []string{h.token + other, h.token + "," + other, h.token + " " + other, h.token + "-" + other, h.token + "_", strings.ToUpper(h.token) + "x"} {
			all.Go(func() {
				cold.Browser().With("Authorization", "Bearer "+crafted).Get("/get-session").Says(200, "null")
			})
		}
	}
	all.Wait()
}

// Nothing that opens something is made of numbers that can be guessed: math/rand is for waiting alone.
func TestD73NoSecretComesFromMathRand(t *testing.T) {
	t.Parallel()
	harmless := []string{ // what waits at random, and ids of requests, which open nothing
		"authflow/audit/sealer.go",
		"authflow/audit/stream.go",
		"authflow/outbox/run.go",
		"cmd/postern/cleanup.go",
		"cmd/postern/edge.go",
		"proxy/streams.go",
		"sessionstore/breaker.go",
		"sessionstore/listen.go",
		"sessionstore/open.go",
		"sessionstore/renewals.go",
	}
	imports := regexp.MustCompile(`(?m)^\s*(?:[a-z]+ )?"math/rand(?:/v2)?"$`)
	err := filepath.WalkDir("..", func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains([]string{"node_modules", "test", "examples", "python", "tools"}, entry.Name()) || strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if file := strings.TrimPrefix(filepath.ToSlash(path), "../"); imports.Match(text) && !slices.Contains(harmless, file) {
			t.Errorf("%s imports math/rand; secrets come from crypto/rand. If nothing that opens anything is made of it, add it to the list", file)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// 24 characters of 62 and 32 of 36 hold more than 128 bits.
func TestD73TokensHold128Bits(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	user := flow.User("Ada")
	if token := flow.Session(user).Token; len(token) < 22 {
		t.Errorf("a session token has %d characters", len(token))
	}
	flow.Browser().Post("/request-password-reset", authflowtest.Body{"email": user.Email}).Is(200)
	browser := flow.SignedIn(user)
	browser.Post("/delete-user", authflowtest.Body{}).Is(200)
	for kind, least := range map[string]int{"reset-password": 22, "delete-user": 25} {
		if token := tail(flow.Letter(kind, user.Email).Link()); len(token) < least {
			t.Errorf("the token of %s is %q", kind, token)
		}
	}
}

// The driver is one that counts message sizes right, and what could overflow them does not get as far.
func TestD84OversizedParametersDoNotReachTheDatabase(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`github\.com/jackc/pgx/v5 v5\.(\d+)\.`).FindSubmatch(module)
	if m == nil || len(m[1]) == 1 && m[1][0] < '9' {
		t.Errorf("pgx is %s; 5.9.0 or later is needed", m)
	}
	flow := authflowtest.Start(t)
	flow.DatabaseAway(true) // whatever asks it gets 503
	huge := strings.Repeat("a", 40_000)
	for _, body := range []authflowtest.Body{
		{"email": huge + "@people.test", "password": "x"},
		{"email": "ada@people.test", "password": huge},
	} {
		if answer := flow.Browser().Post("/sign-in/email", body); answer.Status != 400 {
			t.Errorf("answered %d", answer.Status)
		}
	}
	if answer := flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": strings.Repeat("a", 3<<20)}); answer.Status != 413 {
		t.Errorf("three megabytes are answered %d", answer.Status)
	}
}

// No endpoint takes a token that says where a list goes on.
func TestD85NoEndpointTakesAPageToken(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`(?i)cursor|page.?token|next.?token|continuation`)
	for _, route := range authflowtest.Start(t).API.AllRoutes() {
		for _, field := range slices.Concat(route.Query, route.Body, route.Params) {
			if forbidden.MatchString(field.Name) {
				t.Errorf("%s %s takes %s: it has to be authenticated, and this test to try forged ones", route.Method, route.Path, field.Name)
			}
		}
	}
}

// Patterns of the configuration become expressions that are matched in linear time, however many wildcards they have.
func TestD86ThousandWildcardsAreMatchedInLinearTime(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"https://" + strings.Repeat("*a", 1000) + ".test", "https://" + strings.Repeat("?", 5000) + "*.test", "(?=a)(a+)+*.test"} {
		origins, err := authflow.NewOrigins("https://app.test", []string{pattern})
		if err != nil {
			t.Errorf("%.40s: %v", pattern, err)
			continue
		}
		if origins.Trusted("https://" + strings.Repeat("a", 20_000) + "!") {
			t.Errorf("%.40s matches", pattern)
		}
	}
	// What looks like an expression is text.
	origins, err := authflow.NewOrigins("https://app.test", []string{"https://a.b*.test"})
	if err != nil || origins.Trusted("https://axb.test") {
		t.Errorf("a dot matches anything: %v", err)
	}
}
