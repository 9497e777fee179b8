package e2e

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// TestStolenPasswordsAreTriedFromManyAddresses has each of many addresses try a password at ten accounts, half of which exist, while people sign in whom their accounts know. None of these is
// refused, and no answer tells which accounts there are. STUFFING_LONG=1 makes it 10,000 attempts from 1,000 addresses; the times are told, not judged.
func TestStolenPasswordsAreTriedFromManyAddresses(t *testing.T) {
	t.Parallel()
	addresses, perAddress := 12, 10
	if os.Getenv("STUFFING_LONG") != "" {
		addresses = 1000
	}
	s := newStackBefore(t, harness.SQLite(t), startMirror(t).URL, map[string]string{
		"rate_limit.enabled": "true", "server.trusted_proxies": "127.0.0.1", "auth.email_password.require_email_verification": "false",
	})
	at := func(address string) harness.Edit { return harness.Header("X-Forwarded-For", address) }
	good := make([]*person, 5)
	for i := range good {
		good[i] = s.visitor()
		body := map[string]any{"name": good[i].name, "email": good[i].email, "password": good[i].password}
		good[i].Post(t, "/api/auth/sign-up/email", body, at(home(i))).Want(t, http.StatusOK)
	}
	signIn := func(i int) (time.Duration, *harness.Response, error) {
		began := time.Now()
		r, err := good[i].Try(t.Context(), http.MethodPost, "/api/auth/sign-in/email", map[string]any{"email": good[i].email, "password": good[i].password}, at(home(i)))
		return time.Since(began), r, err
	}

	var mu sync.Mutex
	said := map[string]map[string]int{"known": {}, "unknown": {}}
	attack := func(address int) {
		for n := range perAddress {
			kind, email := "unknown", fmt.Sprintf("nobody%d-%d@example.test", address, n)
			if n%2 == 0 {
				kind, email = "known", good[(address+n/2)%len(good)].email
			}
			r, err := harness.NewClient(s.URL).Try(t.Context(), http.MethodPost, "/api/auth/sign-in/email", map[string]any{"email": email, "password": "a stolen password"}, at(stranger(address)))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			said[kind][fmt.Sprint(r.Status, " ", string(r.Body), " ", r.Header["Set-Cookie"])]++
			mu.Unlock()
		}
	}
	var attackers sync.WaitGroup
	slots := make(chan struct{}, 100)
	for address := range addresses {
		attackers.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			attack(address)
		})
	}
	over := make(chan struct{})
	go func() { attackers.Wait(); close(over) }()

	var took []time.Duration
	for i := 0; ; i++ {
		took = append(took, expectIn(t, i%len(good), signIn))
		select {
		case <-over:
		case <-time.After(3 * time.Second / 2): // so that five people keep below three in ten seconds each
			continue
		}
		break
	}
	slices.Sort(took)
	t.Logf("%d attempts from %d addresses; %d people signed in meanwhile: median %s, 95 %% within %s", addresses*perAddress, addresses, len(took), quantile(took, .5), quantile(took, .95))
	for answer, n := range said["known"] {
		t.Logf("%d × %s", n, answer)
		if said["unknown"][answer] == 0 && n > addresses { // the limit of an account counts more often where there are few
			t.Errorf("only accounts that exist are answered %s", answer)
		}
	}
	for answer := range said["unknown"] {
		if said["known"][answer] == 0 {
			t.Errorf("only accounts that do not exist are answered %s", answer)
		}
	}
	if n := said["known"]["200"]; n > 0 {
		t.Error("a stolen password opened something")
	}
}

func expectIn(t *testing.T, i int, signIn func(int) (time.Duration, *harness.Response, error)) time.Duration {
	t.Helper()
	took, r, err := signIn(i)
	if err != nil || r.Status != http.StatusOK {
		t.Errorf("person %d, whom the account knows, is refused: %v %v", i, r, err)
	}
	return took
}

func home(i int) string     { return fmt.Sprintf("192.0.2.%d", i+1) }
func stranger(i int) string { return fmt.Sprintf("198.18.%d.%d", i/250, i%250+1) }
