package chaos

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

const (
	kills = 12
	// workers sign up and in at the same time, on one core's worth of hashing.
	workers = 4
)

func TestPosternIsKilledAtRandomMomentsOnPostgreSQL(t *testing.T) {
	t.Parallel()
	killAtRandom(t, harness.PostgreSQL(t))
}

func TestPosternIsKilledAtRandomMomentsOnEmbeddedSQLite(t *testing.T) {
	t.Parallel()
	killAtRandom(t, harness.SQLite(t))
}

// promises is what clients were told.
type promises struct {
	heard chan struct{} // one for each acknowledgement

	mu       sync.Mutex
	signedUp []*person // answered 200
	signedIn []*person // answered 200; the browser holds the session
	signOuts []*person // answered 200; the browser's cookie was kept all the same
	unheard  int       // requests that ended without an answer
}

func (k *promises) note(list *[]*person, p *person) {
	k.mu.Lock()
	defer k.mu.Unlock()
	*list = append(*list, p)
	select {
	case k.heard <- struct{}{}:
	default: // nobody counts so far
	}
}

// await waits for some acknowledgements, and then until any moment of what comes next.
func (k *promises) await(t *testing.T) {
	t.Helper()
	for range 2 + rand.N(8) {
		select {
		case <-k.heard:
		case <-time.After(time.Minute):
			t.Fatal("nothing is acknowledged any more")
		}
	}
	time.Sleep(rand.N(150 * time.Millisecond))
}

// killAtRandom kills Postern while people sign up and in. What was acknowledged is there afterwards: users, their letters, and
// their sessions.
func killAtRandom(t *testing.T, db *harness.Database) {
	mail := harness.StartResend(t)
	mail.Slow(30 * time.Millisecond) // so that letters are in hand when the process is killed
	p := harness.StartPostern(t, settings(db, mail, startMirror(t)))
	verified := user(t, p.URL, mail)
	told := promises{heard: make(chan struct{}, 16)}
	for range kills {
		ctx, stop := context.WithCancel(t.Context())
		var working sync.WaitGroup
		for range workers {
			working.Go(func() { told.work(ctx, p.URL, verified) })
		}
		told.await(t)
		p.Kill()
		stop()
		working.Wait()
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills: %d sign-ups, %d sign-ins and %d sign-outs acknowledged, %d requests unheard",
		kills, len(told.signedUp), len(told.signedIn), len(told.signOuts), told.unheard)
	told.checkSessions(t)
	told.checkUsers(t, db)
	endLeases(t, p, db)
	told.checkLetters(t, db, mail)
}

// work signs up and in until Postern is gone.
func (k *promises) work(ctx context.Context, base string, verified *person) {
	for ctx.Err() == nil {
		var err error
		if rand.N(2) == 0 {
			err = k.signUp(ctx, newcomer(base))
		} else {
			err = k.signInAndOut(ctx, verified.elsewhere(), rand.N(2) == 0)
		}
		if err != nil { // the connection broke: whether anything happened is open
			k.mu.Lock()
			k.unheard++
			k.mu.Unlock()
			return
		}
	}
}

func (k *promises) signUp(ctx context.Context, p *person) error {
	r, err := p.Try(ctx, http.MethodPost, "/api/auth/sign-up/email", p.registration())
	if err == nil && r.Status == http.StatusOK {
		k.note(&k.signedUp, p)
	}
	return err
}

func (k *promises) signInAndOut(ctx context.Context, p *person, out bool) error {
	r, err := p.Try(ctx, http.MethodPost, "/api/auth/sign-in/email", p.credentials())
	if err != nil || r.Status != http.StatusOK {
		return err
	}
	if !out {
		k.note(&k.signedIn, p)
		return nil
	}
	// A second browser with the same cookie, since the answer to the sign-out takes it away.
	thief := &person{Client: p.Client, email: p.email, password: p.password}
	cookie := harness.Header("Cookie", harness.SessionCookie+"="+p.Cookie(harness.SessionCookie))
	r, err = harness.NewClient(p.Base).Try(ctx, http.MethodPost, "/api/auth/sign-out", nil, cookie, harness.Header("Origin", p.Base))
	if err == nil && r.Status == http.StatusOK {
		k.note(&k.signOuts, thief)
	}
	return err
}

func (k *promises) checkSessions(t *testing.T) {
	t.Helper()
	for _, p := range k.signedIn {
		if r := p.Get(t, "/private"); !p.greeted(r) {
			t.Errorf("a session that was acknowledged: %d %s", r.Status, r.Body)
		}
	}
	for _, p := range k.signOuts {
		if r := p.Get(t, "/private"); r.Status != http.StatusUnauthorized {
			t.Errorf("a session that was ended: %d %s", r.Status, r.Body)
		}
	}
}

func (k *promises) checkUsers(t *testing.T, db *harness.Database) {
	t.Helper()
	complete := map[string]bool{}
	for _, email := range harness.Values[string](t, db, `SELECT u.email FROM "user" u JOIN account a ON a."userId" = u.id WHERE a.password IS NOT NULL`) {
		complete[email] = true
	}
	for _, p := range k.signedUp {
		if !complete[p.email] {
			t.Errorf("user %s was acknowledged and is not there", p.email)
		}
	}
	if n := harness.Value[int](t, db, `SELECT count(*) FROM "user"`); n != len(complete) {
		t.Errorf("%d users, %d of them with an account: a sign-up was done by halves", n, len(complete))
	}
}

// endLeases lets the letters that a killed process had in hand be sent now. Their lease ends by itself after two minutes, for
// which the test does not wait.
func endLeases(t *testing.T, p *harness.Postern, db *harness.Database) {
	t.Helper()
	p.Kill()
	db.Exec(t, `UPDATE `+db.Own("mail")+` SET due_at = $1`, time.Now().Add(-time.Second))
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
}

// checkLetters compares the users that exist with the letters that arrived: one each, acknowledged or not.
func (k *promises) checkLetters(t *testing.T, db *harness.Database, mail *harness.Resend) {
	t.Helper()
	harness.Eventually(t, "all letters to be sent", func() bool {
		return harness.Value[int](t, db, `SELECT count(*) FROM `+db.Own("mail")) == 0
	})
	arrived := map[string]int{}
	for _, letter := range mail.Delivered() {
		arrived[letter.To]++
	}
	for _, p := range k.signedUp {
		if arrived[p.email] == 0 {
			t.Errorf("the letter to %s is lost", p.email)
		}
	}
	for _, email := range harness.Values[string](t, db, `SELECT email FROM "user"`) {
		if arrived[email] != 1 {
			t.Errorf("%d letters to %s", arrived[email], email)
		}
		delete(arrived, email)
	}
	for email, n := range arrived {
		t.Errorf("%d letters to %s, who does not exist", n, email)
	}
}
