package ratelimit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
)

// limited is better-auth's default, and loose what leaves only the limit of accounts.
var (
	limited = authflow.RateLimitConfig{Enabled: true, Window: 10 * time.Second, Max: 100}
	loose   = authflow.RateLimitConfig{Enabled: true, Window: 10 * time.Second, Max: 100_000, Rules: []authflow.RateRule{{Path: "/**", Window: 10 * time.Second}}}
)

func start(t *testing.T, cfg authflow.RateLimitConfig, beside ...*authflowtest.Flow) *authflowtest.Flow {
	t.Helper()
	return authflowtest.Start(t, func(s *authflowtest.Settings) {
		s.RateLimit = cfg
		if len(beside) > 0 {
			s.Beside = beside[0]
		}
	})
}

// somewhere is an address nobody else has.
func somewhere() string { return fmt.Sprintf("2001:db8:%x:%x::1", rand.N(1<<16), rand.N(1<<16)) }

func guess(f *authflowtest.Flow, email string) *authflowtest.Answer {
	return f.Browser().At(somewhere()).Post("/sign-in/email", authflowtest.Body{"email": email, "password": "a wrong guess"})
}

const refusal = `{"message":"Too many requests. Please try again later."}`

func TestD72SignInIsLimitedByAddressOverReplicas(t *testing.T) {
	t.Parallel()
	one := start(t, limited)
	two := start(t, limited, one)
	user := one.User("Ada")
	body := authflowtest.Body{"email": user.Email, "password": authflowtest.Password}
	var codes []int
	for i := range 6 {
		flow := []*authflowtest.Flow{one, two}[i%2]
		path := []string{"/sign-in/email", "/signin"}[i/2%2]
		answer := flow.Browser().At("192.0.2.1").Post(path, body)
		codes = append(codes, answer.Status)
		if answer.Status == 429 {
			answer.Says(429, refusal).Sets()
			if answer.Header.Get("X-Retry-After") != "10" || answer.Header.Get("Retry-After") != "10" {
				t.Errorf("header %v", answer.Header)
			}
		}
	}
	if want := []int{200, 200, 200, 429, 429, 429}; !slices.Equal(codes, want) {
		t.Errorf("answers %v, want %v", codes, want)
	}
	two.Browser().At("192.0.2.2").Post("/sign-in/email", body).Is(200)
	two.Browser().At("192.0.2.1").Get("/get-session").Is(200)
	one.Clock.Advance(10 * time.Second)
	two.Browser().At("192.0.2.1").Post("/sign-in/email", body).Is(200)
	if !slices.ContainsFunc(one.Outcomes(), func(o authflow.Outcome) bool {
		return o.Reason == "rate_limited" && o.Route == "/api/auth/sign-in/email"
	}) {
		t.Error("nobody was told")
	}
}

// What is limited under one spelling is reached by no other.
func TestD13ALimitedPathHasOneSpelling(t *testing.T) {
	t.Parallel()
	flow := start(t, limited)
	user := flow.User("Ada")
	body := authflowtest.Body{"email": user.Email, "password": authflowtest.Password}
	signIn := func(path string) int { return flow.Browser().At("192.0.2.1").Post(path, body).Status }
	for range 3 {
		if status := signIn("/sign-in/email"); status != 200 {
			t.Fatalf("answered %d before the limit", status)
		}
	}
	if got := []int{signIn("/sign-in/email"), signIn("/signin"), signIn("/sign-in/email?x=1")}; !slices.Equal(got, []int{429, 429, 429}) {
		t.Errorf("the limited ones answered %v", got)
	}
	hashes := flow.Hashes()
	for _, path := range []string{
		"/sign-in/email/", "/sign-in//email", "//sign-in/email", "/sign-in%2Femail", "/sign-in%2femail", "/%73ign-in/email", "/sign-in/emai%6c", "/Sign-In/Email", "/SIGN-IN/EMAIL",
		"/sign-in/./email", "/x/../sign-in/email", "/sign-in/email%20", "/sign-in/email;x", "/sign-in/email%00", "/sign-in/email.", "/signin/", "/Signin", "/s%69gnin",
	} {
		if status := signIn(path); status != 404 && status != 429 {
			t.Errorf("%s answered %d", path, status)
		}
	}
	if flow.Hashes() != hashes {
		t.Error("a password was looked at")
	}
}

func TestD72FiftyGuessesAtOnceFromAsManyAddresses(t *testing.T) {
	t.Parallel()
	one := start(t, limited)
	flows := []*authflowtest.Flow{one, start(t, limited, one)}
	user := one.User("Ada")
	var judged atomic.Int64
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if guess(flows[i%2], user.Email).Status != 429 {
				judged.Add(1)
			}
		})
	}
	all.Wait()
	if got := judged.Load(); got != 10 {
		t.Errorf("%d guesses were judged, want 10", got)
	}
	if got := one.Hashes() + flows[1].Hashes(); got != 10 {
		t.Errorf("%d passwords compared, want 10", got)
	}
}

// D69: one count for one account, however it is spelled, and whether or not it exists.
func TestD69AnAccountIsGuessedAtTenTimesInTenMinutes(t *testing.T) {
	t.Parallel()
	flow := start(t, loose)
	user := flow.User("Ada")
	transcript := func(email string) (lines []string) {
		for i := range 12 {
			spelling := email
			if i%2 == 1 {
				spelling = strings.ToUpper(email)
			}
			answer := guess(flow, spelling)
			lines = append(lines, fmt.Sprint(answer.Status, answer.Body, answer.Header.Get("Retry-After"), answer.Header.Get("X-Retry-After")))
		}
		return lines
	}
	known, unknown := transcript(user.Email), transcript("nobody@people.test")
	if !slices.Equal(known, unknown) {
		t.Errorf("an account that exists is told apart:\n%v\n%v", known, unknown)
	}
	for i, line := range known {
		want := `401{"message":"Invalid email or password","code":"INVALID_EMAIL_OR_PASSWORD"}`
		if i >= 10 {
			want = "429" + refusal + "600600"
		}
		if strings.ReplaceAll(line, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("guess %d: %s", i, line)
		}
	}
	flow.Clock.Advance(10*time.Minute + time.Second)
	flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(200)
}

func TestALimitedAccountIsRecordedOnce(t *testing.T) {
	t.Parallel()
	flow := start(t, loose)
	for range 30 {
		guess(flow, "Nobody@people.test")
		flow.Browser().At(somewhere()).Post("/request-password-reset", authflowtest.Body{"email": "nobody@people.test"})
	}
	var reasons []string
	for _, e := range flow.Events() {
		if e.Name == authflow.EventAccountLimited {
			reasons = append(reasons, e.Reason)
			if e.Account != "nobody@people.test" || e.Outcome != authflow.OutcomeFailure || !e.ClientIP.IsValid() {
				t.Errorf("event %+v", e)
			}
		}
	}
	if slices.Sort(reasons); !slices.Equal(reasons, []string{"guesses", "letters"}) {
		t.Errorf("events for %v", reasons)
	}
}

func TestTheRightPasswordIsNoGuess(t *testing.T) {
	t.Parallel()
	flow := start(t, loose)
	user, unverified := flow.User("Ada"), flow.Unverified("Bob")
	for range 25 {
		flow.Browser().At(somewhere()).Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(200)
		flow.Browser().At(somewhere()).Post("/sign-in/email", authflowtest.Body{"email": unverified.Email, "password": authflowtest.Password}).Is(403)
		flow.Browser().At(somewhere()).Post("/sign-in/email", authflowtest.Body{"email": user.Email}).Is(400)
	}
	guess(flow, user.Email).Is(401)
}

func TestAnAttackDoesNotShutTheOwnerOut(t *testing.T) {
	t.Parallel()
	one := start(t, loose)
	two := start(t, loose, one)
	user := one.User("Ada")
	right := authflowtest.Body{"email": user.Email, "password": authflowtest.Password}
	one.Browser().At("192.0.2.7").Post("/sign-in/email", right).Is(200)
	for range 20 {
		guess(one, user.Email)
	}
	one.Browser().At("192.0.2.8").Post("/sign-in/email", right).Says(429, refusal)
	for _, flow := range []*authflowtest.Flow{one, two} {
		flow.Browser().At("192.0.2.7").Post("/sign-in/email", right).Is(200)
	}
	// Where the owner signs in somebody else may be, too, and has no more guesses than anywhere.
	judged := 0
	for range 30 {
		if two.Browser().At("192.0.2.7").Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": "a wrong guess"}).Status == 401 {
			judged++
		}
	}
	if judged != 10 {
		t.Errorf("%d guesses were judged, want 10", judged)
	}
}

func TestLettersToOneAccountAreLimited(t *testing.T) {
	t.Parallel()
	flow := start(t, loose)
	user, unverified := flow.User("Ada"), flow.Unverified("Bob")
	for _, tt := range []struct{ path, kind, email string }{
		{"/request-password-reset", "reset-password", user.Email},
		{"/send-verification-email", "verify-email", unverified.Email},
	} {
		var codes []int
		for range 12 {
			codes = append(codes, flow.Browser().At(somewhere()).Post(tt.path, authflowtest.Body{"email": tt.email}).Status)
		}
		if want := append(slices.Repeat([]int{200}, 10), 429, 429); !slices.Equal(codes, want) {
			t.Errorf("%s: %v", tt.path, codes)
		}
		if got := flow.LettersTo(tt.kind, tt.email); got != 10 {
			t.Errorf("%s: %d letters, want 10", tt.path, got)
		}
	}
}

func TestNothingThatIsKeptNamesAnAccount(t *testing.T) {
	t.Parallel()
	flow := start(t, limited)
	user := flow.User("Ada")
	flow.Browser().At("192.0.2.1").Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(200)
	if keys := keysOf(t, flow); len(keys) != 3 || strings.Contains(strings.Join(keys, " "), "@") {
		t.Errorf("keys %q", keys)
	}
}

func keysOf(t *testing.T, flow *authflowtest.Flow) (keys []string) {
	t.Helper()
	statements, err := flow.Store.Statements(fstest.MapFS{"test.sql": {Data: []byte("-- name: Keys\nSELECT key FROM {postern.rate_limit} ORDER BY key;")}})
	if err != nil {
		t.Fatal(err)
	}
	err = statements.Query(t.Context(), flow.Store.Store, "Keys", nil, func(scan func(...any) error) error {
		var key string
		err := scan(&key)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
