package e2e

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// samplesVariable names how often each question is asked for an address that exists and for one that does not.
const samplesVariable = "E2E_SAMPLES"

// question is an endpoint that must not tell whether an address is registered.
type question struct {
	name, path string
	body       func(address string) map[string]any
	atOnce     int // more than one where the answer waits rather than computes
}

var questions = []question{
	{"sign-in", "/api/auth/sign-in/email", func(address string) map[string]any {
		return map[string]any{"email": address, "password": "not the password"}
	}, 1},
	{"sign-up", "/api/auth/sign-up/email", func(address string) map[string]any {
		return map[string]any{"name": "Somebody", "email": address, "password": "a long password"}
	}, 2},
	{"reset", "/api/auth/request-password-reset", func(address string) map[string]any {
		return map[string]any{"email": address, "redirectTo": "/reset"}
	}, 4},
	{"verification", "/api/auth/send-verification-email", func(address string) map[string]any {
		return map[string]any{"email": address, "callbackURL": "/welcome"}
	}, 16},
}

// TestD71AnswersDoNotTellWhetherAnAddressExists asks each question as often for addresses that exist as for others. It is not parallel, so
// that the times it takes are not those of other tests.
func TestD71AnswersDoNotTellWhetherAnAddressExists(t *testing.T) {
	samples := sampleCount(t)
	judge := judge
	if quiet, why := machineIsQuiet(); !quiet {
		t.Logf("TIMING IS NOT JUDGED: %s; status, headers and bodies are", why)
		judge = func(*testing.T, []observed, []observed) {}
	}
	s := newStackBefore(t, harness.PostgreSQL(t), startMirror(t).URL, nil)
	// Registered but not yet proved: a proved address has no use for a verification letter.
	registered := register(t, s, samples)
	for _, q := range questions {
		t.Run(q.name, func(t *testing.T) {
			existing, missing := ask(t, s, q, registered)
			for _, a := range slices.Concat(existing, missing) {
				if a.text != existing[0].text {
					t.Fatalf("two answers:\n%s\n\n%s", existing[0].text, a.text)
				}
			}
			t.Logf("%d samples each: %s for an address that exists, %s otherwise", samples, spread(existing), spread(missing))
			judge(t, existing, missing)
		})
	}
}

func sampleCount(t *testing.T) int {
	t.Helper()
	text := os.Getenv(samplesVariable)
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 10 {
		t.Fatalf("%s: %q is not a number of at least 10 samples", samplesVariable, text)
	}
	return n
}

// machineIsQuiet tells whether times mean anything: on a machine with more to do than cores they are those of the queue.
func machineIsQuiet() (quiet bool, why string) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return false, "this system does not tell its load average"
	}
	load, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
	if err != nil {
		return false, err.Error()
	}
	perCore := load / float64(runtime.NumCPU())
	return perCore <= 1.5, fmt.Sprintf("the load average is %.1f for each core, and 1.5 is the most at which times can be compared", perCore)
}

// register signs people up, several at once: most of the time they wait.
func register(t *testing.T, s *stack, n int) []string {
	t.Helper()
	addresses := make([]string, n)
	var all sync.WaitGroup
	turns := make(chan struct{}, 4)
	for i := range addresses {
		p := s.visitor()
		addresses[i] = p.email
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			body := map[string]any{"name": p.name, "email": p.email, "password": p.password, "callbackURL": "/welcome"}
			if r, err := p.Try(t.Context(), http.MethodPost, "/api/auth/sign-up/email", body); err != nil || r.Status != http.StatusOK {
				t.Errorf("sign-up: %+v, %v", r, err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return addresses
}

// observed is one answer without what is random in each, and how long it took.
type observed struct {
	text string
	took time.Duration
}

// ask alternates between addresses that exist and others, so that whatever else the machine does falls on both alike.
func ask(t *testing.T, s *stack, q question, registered []string) (existing, missing []observed) {
	t.Helper()
	existing, missing = make([]observed, len(registered)), make([]observed, len(registered))
	var wg sync.WaitGroup
	turns := make(chan struct{}, q.atOnce)
	for i, address := range registered {
		unknown := s.visitor().email
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			if i%2 == 0 {
				existing[i], missing[i] = observe(t, s, q, address), observe(t, s, q, unknown)
			} else {
				missing[i], existing[i] = observe(t, s, q, unknown), observe(t, s, q, address)
			}
		})
	}
	wg.Wait()
	return existing, missing
}

// random is what differs between any two answers: ids, dates, and what only names the request.
var random = regexp.MustCompile(`[A-Za-z0-9]{32}|\d{4}-\d\d-\d\dT[\d:.]+Z`)

func observe(t *testing.T, s *stack, q question, address string) observed {
	client := s.visitor().Client
	began := time.Now()
	r, err := client.Try(t.Context(), http.MethodPost, q.path, q.body(address))
	took := time.Since(began)
	if err != nil {
		return observed{err.Error(), took}
	}
	lines := []string{strconv.Itoa(r.Status)}
	for name, values := range r.Header {
		if name != "Date" && name != "X-Request-Id" {
			lines = append(lines, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(lines)
	body := random.ReplaceAllString(string(r.Body), "…")
	return observed{strings.Join(lines, "\n") + "\n" + strings.ReplaceAll(body, address, "the address"), took}
}

// judge wants medians that differ by no more than a fifth or three milliseconds, and times that overlap.
func judge(t *testing.T, existing, missing []observed) {
	t.Helper()
	a, b := median(existing), median(missing)
	tolerance := max(max(a, b)/5, 3*time.Millisecond)
	if difference := (a - b).Abs(); difference > tolerance {
		t.Errorf("the medians differ by %s, more than %s", difference, tolerance)
	}
	if percentile(existing, 0) > percentile(missing, 100) || percentile(missing, 0) > percentile(existing, 100) {
		t.Error("the times do not overlap")
	}
}

func median(all []observed) time.Duration { return percentile(all, 50) }

func percentile(all []observed, percent int) time.Duration {
	times := make([]time.Duration, len(all))
	for i, a := range all {
		times[i] = a.took
	}
	slices.Sort(times)
	return times[(len(times)-1)*percent/100]
}

func spread(all []observed) string {
	return fmt.Sprintf("median %s (%s to %s)", median(all).Round(10*time.Microsecond),
		percentile(all, 10).Round(10*time.Microsecond), percentile(all, 90).Round(10*time.Microsecond))
}
