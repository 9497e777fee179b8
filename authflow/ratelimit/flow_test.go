package ratelimit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
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
	if got := judged.Load(); got != 5 {
		t.Errorf("%d guesses were judged, want 5", got)
	}
	if got := one.Hashes() + flows[1].Hashes(); got != 5 {
		t.Errorf("%d passwords compared, want 5", got)
	}
}

// D69: one count for one account, however it is spelled, and whether or not it exists; and each further wrong guess costs more waiting.
func TestD69GuessingAtAnAccountCostsEverMoreWaiting(t *testing.T) {
	t.Parallel()
	flow := start(t, loose)
	user := flow.User("Ada")
	transcript := func(email string) (lines []string) {
		for i := range 22 {
			spelling := email
			if i%2 == 1 {
				spelling = strings.ToUpper(email)
			}
			answer := guess(flow, spelling)
			lines = append(lines, strings.TrimSpace(fmt.Sprint(answer.Status, " ", answer.Body, " ", answer.Header.Get("Retry-After"))))
			if answer.Status == 429 {
				if answer.Header.Get("X-Retry-After") != answer.Header.Get("Retry-After") {
					t.Errorf("header %v", answer.Header)
				}
				seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
				if err != nil {
					t.Fatal(err)
				}
				flow.Clock.Advance(time.Duration(seconds) * time.Second)
			}
		}
		return lines
	}
	known, unknown := transcript(user.Email), transcript("nobody@people.test")
	if !slices.Equal(known, unknown) {
		t.Errorf("an account that exists is told apart:\n%v\n%v", known, unknown)
	}
	wrong := `401 {"message":"Invalid email or password","code":"INVALID_EMAIL_OR_PASSWORD"}`
	want := slices.Repeat([]string{wrong}, 5)
	for _, wait := range []int{5, 10, 20, 40, 80, 160, 320, 640} {
		want = append(want, fmt.Sprint("429 ", refusal, " ", wait), wrong)
	}
	if want = append(want, fmt.Sprint("429 ", refusal, " ", 1280)); !slices.Equal(known, want) {
		t.Errorf("answers\n%s\nwant\n%s", strings.Join(known, "\n"), strings.Join(want, "\n"))
	}
	flow.Clock.Advance(24*time.Hour + time.Second)
	flow.Browser().Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(200)
}

// Trying one password at many accounts is guessing, too.
func TestD72AnAddressThatGuessesAtManyAccountsHasToWait(t *testing.T) {
	t.Parallel()
	one := start(t, loose)
	flows := []*authflowtest.Flow{one, start(t, loose, one)}
	judged := 0
	for i := range 60 {
		answer := flows[i%2].Browser().At("2001:db8:7:7::"+strconv.FormatInt(int64(i+1), 16)).
			Post("/sign-in/email", authflowtest.Body{"email": fmt.Sprintf("person%d@people.test", i), "password": "Summer2026"})
		if answer.Status == 401 {
			judged++
		}
	}
	if judged != 25 {
		t.Errorf("%d guesses from one network were judged, want 25", judged)
	}
	user := one.User("Ada")
	right := authflowtest.Body{"email": user.Email, "password": authflowtest.Password}
	one.Browser().At("2001:db8:7:8::1").Post("/sign-in/email", right).Is(200)
	one.Browser().At("2001:db8:7:7::1").Post("/sign-in/email", right).Says(429, refusal)
}

func TestWhatWasCountedOutlivesARestart(t *testing.T) {
	t.Parallel()
	before := start(t, limited)
	user := before.User("Ada")
	for range 5 {
		guess(before, user.Email).Is(401)
	}
	after := start(t, limited, before) // nothing of the former process but its database
	guess(after, user.Email).Says(429, refusal)
}

func TestAStolenSessionDoesNotGuessAtItsPassword(t *testing.T) {
	t.Parallel()
	flow := start(t, loose)
	user := flow.User("Ada")
	thief := flow.Browser().At("192.0.2.66")
	thief.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Is(200)
	judged := 0
	for i := range 30 {
		var answer *authflowtest.Answer
		switch i % 3 {
		case 0:
			answer = thief.Post("/verify-password", authflowtest.Body{"password": "a wrong guess"})
		case 1:
			answer = thief.Post("/change-password", authflowtest.Body{"currentPassword": "a wrong guess", "newPassword": "mine from now on"})
		case 2:
			answer = thief.Post("/delete-user", authflowtest.Body{"password": "a wrong guess"})
		}
		if answer.Status == 400 {
			judged++
		}
	}
	// As a known browser, as a stranger, and from a known address.
	if judged != 15 {
		t.Errorf("%d guesses were judged, want 15", judged)
	}
	thief.Get("/get-session").Is(200)
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
	laptop := one.Browser().At("192.0.2.7")
	laptop.Post("/sign-in/email", right).Is(200).Sets("session_token", "device")
	laptop.Post("/sign-out", nil).Is(200)
	attack := func() {
		for range 20 {
			guess(one, user.Email)
		}
	}
	attack()
	one.Browser().At("192.0.2.8").Post("/sign-in/email", right).Says(429, refusal)
	// The browser is known wherever it is, and so is the address for clients without cookies; at every replica.
	laptop.At("198.51.100.9").Post("/sign-in/email", right).Is(200)
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
	if judged != 5 {
		t.Errorf("%d guesses were judged, want 5", judged)
	}
	// Nor has whoever copied the cookie: its count is closed, and then it is a stranger's.
	judged = 0
	for range 30 {
		if laptop.At(somewhere()).Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": "a wrong guess"}).Status == 401 {
			judged++
		}
	}
	if judged != 5 {
		t.Errorf("%d guesses by a known browser were judged, want 5", judged)
	}
}

// The way back in for an owner at a new device, while the attack goes on: the mail.
func TestWhoSetsANewPasswordByMailIsKnown(t *testing.T) {
	t.Parallel()
	flow := start(t, loose)
	user := flow.User("Ada")
	for range 8 {
		guess(flow, user.Email)
	}
	owner := flow.Browser().At("192.0.2.20")
	owner.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": authflowtest.Password}).Says(429, refusal)
	owner.Post("/request-password-reset", authflowtest.Body{"email": user.Email}).Is(200)
	owner.Post("/reset-password", authflowtest.Body{"newPassword": "a new and long one", "token": resetToken(t, flow, user.Email)}).Is(200)
	guess(flow, user.Email).Says(429, refusal)
	owner.Post("/sign-in/email", authflowtest.Body{"email": user.Email, "password": "a new and long one"}).Is(200)
}

// A cookie of one account is of no use at another, and neither are other signed values.
func TestADeviceIsKnownToItsAccountsAlone(t *testing.T) {
	t.Parallel()
	flow := start(t, loose)
	ada, grace := flow.User("Ada"), flow.User("Grace")
	browser := flow.Browser().At("192.0.2.7")
	browser.Post("/sign-in/email", authflowtest.Body{"email": ada.Email, "password": authflowtest.Password}).Is(200)
	for range 8 {
		guess(flow, grace.Email)
	}
	right := authflowtest.Body{"email": grace.Email, "password": authflowtest.Password}
	browser.Post("/sign-in/email", right).Says(429, refusal)
	flow.Clock.Advance(25 * time.Hour)
	browser.Post("/sign-in/email", right).Is(200)
	for range 8 {
		guess(flow, grace.Email)
		guess(flow, ada.Email)
	}
	elsewhere := browser.At("192.0.2.99")
	elsewhere.Post("/sign-in/email", right).Is(200)
	elsewhere.Post("/sign-in/email", authflowtest.Body{"email": ada.Email, "password": authflowtest.Password}).Is(200)
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
	// The request, the known address, and the guess with its address, taken back.
	if keys := keysOf(t, flow); len(keys) != 4 || strings.Contains(strings.Join(keys, " "), "@") {
		t.Errorf("keys %q", keys)
	}
}

func resetToken(t *testing.T, flow *authflowtest.Flow, email string) string {
	t.Helper()
	link := flow.Letter("reset-password", email).Link()
	_, rest, _ := strings.Cut(link, "/reset-password/")
	token, _, _ := strings.Cut(rest, "?")
	return token
}

func keysOf(t *testing.T, flow *authflowtest.Flow) (keys []string) {
	t.Helper()
	statements, err := flow.Store.Statements(fstest.MapFS{"test.sql": {Data: []byte("-- name: Keys\nSELECT key FROM {postern.rate_limit} UNION SELECT key FROM {postern.lockout} ORDER BY key;")}})
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
