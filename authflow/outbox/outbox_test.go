package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

// each runs a test over the table in every kind of database.
func each(t *testing.T, test func(t *testing.T, store *sessionstore.Store)) {
	t.Helper()
	storetest.Each(t, []sessionstore.MigrationSet{Migrations()}, test)
}

// service stands for the mail service, which is outside: it answers what the test wants and notes the keys it was sent.
type service struct {
	answer func(ctx context.Context, m mail.Message) error // nil: takes everything

	mu   sync.Mutex
	keys []string
	took chan mail.Message // every letter that was taken, for tests that wait
}

func newService(answer func(ctx context.Context, m mail.Message) error) *service {
	return &service{answer: answer, took: make(chan mail.Message, 1000)}
}

func (s *service) Send(ctx context.Context, m mail.Message) error {
	s.mu.Lock()
	s.keys = append(s.keys, m.Key)
	s.mu.Unlock()
	if s.answer != nil {
		if err := s.answer(ctx, m); err != nil {
			return err
		}
	}
	s.took <- m
	return nil
}

func (s *service) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}

func newOutbox(t *testing.T, store *sessionstore.Store, sender mail.Sender, o Options) *Outbox {
	t.Helper()
	box, err := New(store, sender, o)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func letter(key string) mail.Message {
	return mail.Message{Key: key, Kind: "verify-email", To: "ada@example.com", Subject: "Confirm", Text: "https://x.example/?token=t", HTML: "<p>hi</p>"}
}

func enqueue(t *testing.T, box *Outbox, messages ...mail.Message) {
	t.Helper()
	err := box.store.InTx(t.Context(), func(tx *sessionstore.Store) error {
		for _, m := range messages {
			if err := box.Enqueue(t.Context(), tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// round sends what is due and waits for it.
func round(t *testing.T, box *Outbox) {
	t.Helper()
	var inHand sync.WaitGroup
	box.sendDue(t.Context(), &inHand)
	inHand.Wait()
}

// run starts Run, and stops it when the test ends.
func run(t *testing.T, box *Outbox) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- box.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

type row struct {
	id, text, html, lastError string
	attempts                  int
	dead                      bool
}

// rows reads the table.
func rows(t *testing.T, store *sessionstore.Store) []row {
	t.Helper()
	statements, err := store.Statements(fstest.MapFS{"rows.sql": {Data: []byte(`-- name: Rows
SELECT id, body_text, body_html, COALESCE(last_error, ''), attempts, dead_at IS NOT NULL FROM {postern.mail} ORDER BY id`)}})
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	err = statements.Query(t.Context(), store, "Rows", nil, func(scan func(dest ...any) error) error {
		var r row
		defer func() { all = append(all, r) }()
		return scan(&r.id, &r.text, &r.html, &r.lastError, &r.attempts, &r.dead)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLetterExistsExactlyIfItsTransactionCommits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		sender := newService(nil)
		box := newOutbox(t, store, sender, Options{})
		changedMind := errors.New("changed my mind")
		err := store.InTx(t.Context(), func(tx *sessionstore.Store) error {
			if err := box.Enqueue(t.Context(), tx, letter("rolled-back")); err != nil {
				return err
			}
			return changedMind
		})
		if !errors.Is(err, changedMind) {
			t.Fatal(err)
		}
		round(t, box)
		enqueue(t, box, letter("committed"))
		round(t, box)
		if got := sender.asked(); !slices.Equal(got, []string{"committed"}) {
			t.Errorf("sent %q", got)
		}
		if left := rows(t, store); len(left) != 0 {
			t.Errorf("rows are left: %+v", left)
		}
	})
}

func TestLetterArrivesWhole(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		sender := newService(nil)
		box := newOutbox(t, store, sender, Options{})
		want := letter("")
		want.Text, want.HTML, want.Subject = "Grüße\n'; DROP TABLE mail; --\n\U0001f600", "<p>\"ü\"</p>", "Zoë's key"
		enqueue(t, box, want)
		round(t, box)
		got := <-sender.took
		if len(got.Key) < 20 {
			t.Errorf("key %q is not a fresh one", got.Key)
		}
		got.Key = ""
		if got != want {
			t.Errorf("arrived as %+v, want %+v", got, want)
		}
	})
}

func TestLetterThatCannotBeSentIsRefusedBeforeTheDatabase(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		box := newOutbox(t, store, newService(nil), Options{})
		bad := letter("bad")
		bad.To = "ada@example.com\r\nBcc: eve@example.com"
		err := store.InTx(t.Context(), func(tx *sessionstore.Store) error {
			if err := box.Enqueue(t.Context(), tx, bad); !errors.Is(err, mail.ErrPermanent) {
				t.Errorf("Enqueue = %v, want ErrPermanent", err)
			}
			return box.Enqueue(t.Context(), tx, letter("good")) // the transaction still works
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestOneKeyIsOneLetter(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		sender := newService(nil)
		box := newOutbox(t, store, sender, Options{})
		odd := letter("odd")
		odd.Text, odd.HTML = "NUL \x00 and \xff", ""
		enqueue(t, box, letter("once"), letter("once"), odd)
		enqueue(t, box, letter("once"))
		round(t, box)
		if got := sender.asked(); len(got) != 2 {
			t.Errorf("sent %q, want once and odd", got)
		}
	})
}

func TestLetterOfACrashedWorkerIsSentAgainAfterTheLease(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock, sender := storetest.NewClock(), newService(nil)
		crashed := newOutbox(t, store, sender, Options{Now: clock.Now})
		other := newOutbox(t, store, sender, Options{Now: clock.Now})
		enqueue(t, crashed, letter("k"))

		held, found, err := crashed.claim(t.Context()) // and nothing more is heard of it
		if err != nil || !found {
			t.Fatalf("claim: %v, %v", found, err)
		}
		clock.Advance(lease - time.Second)
		round(t, other)
		if got := sender.asked(); len(got) != 0 {
			t.Fatalf("sent %q during the lease", got)
		}
		clock.Advance(2 * time.Second)
		round(t, other)
		if got := sender.asked(); !slices.Equal(got, []string{"k"}) {
			t.Fatalf("sent %q after the lease, want k", got)
		}
		// The first one was only slow. What it has to say does not bring the letter back.
		if err := crashed.retry(t.Context(), held, clock.Now(), errors.New("slow")); err != nil {
			t.Fatal(err)
		}
		if left := rows(t, store); len(left) != 0 {
			t.Errorf("rows are left: %+v", left)
		}
	})
}

func TestCrashAfterSendingSendsAgainUnderTheSameKey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock, sender := storetest.NewClock(), newService(nil)
		box := newOutbox(t, store, sender, Options{Now: clock.Now})
		enqueue(t, box, letter("k"))
		held, _, err := box.claim(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := box.attempt(t.Context(), held); err != nil { // and then the power fails
			t.Fatal(err)
		}
		clock.Advance(lease)
		round(t, box)
		if got := sender.asked(); !slices.Equal(got, []string{"k", "k"}) {
			t.Errorf("sent %q, want k twice", got)
		}
	})
}

func TestLateVerdictOfALostClaimChangesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		box := newOutbox(t, store, newService(nil), Options{Now: clock.Now})
		enqueue(t, box, letter("k"))
		first, _, err := box.claim(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(lease)
		if _, found, err := box.claim(t.Context()); err != nil || !found {
			t.Fatalf("second claim: %v, %v", found, err)
		}
		late := errors.New("too late")
		if err := errors.Join(box.retry(t.Context(), first, clock.Now(), late), box.bury(t.Context(), first, late)); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, store); len(got) != 1 || got[0].dead || got[0].lastError != "" {
			t.Errorf("row is %+v", got)
		}
		if _, found, err := box.claim(t.Context()); err != nil || found {
			t.Errorf("third claim: %v, %v, want none during the second's lease", found, err)
		}
	})
}

func TestDeadMailServiceLosesNoLetter(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		down := true
		sender := newService(func(context.Context, mail.Message) error {
			if down {
				return errors.New("connection refused")
			}
			return nil
		})
		var mu sync.Mutex
		outcomes := map[Outcome]int{}
		box := newOutbox(t, store, sender, Options{Now: clock.Now, Observe: func(o Outcome) {
			mu.Lock()
			defer mu.Unlock()
			outcomes[o]++
		}})
		for i := range 10 {
			enqueue(t, box, letter(fmt.Sprint(i)))
		}
		for range 6 {
			round(t, box)
			clock.Advance(lastRetry)
		}
		if left := rows(t, store); len(left) != 10 || left[0].attempts != 6 || left[0].lastError != "connection refused" {
			t.Fatalf("after six hours: %+v", left)
		}
		down = false
		clock.Advance(2 * lastRetry)
		round(t, box)
		if got := len(sender.took); got != 10 {
			t.Errorf("%d letters arrived, want 10", got)
		}
		if outcomes[Retried] != 60 || outcomes[Sent] != 10 || outcomes[Dead] != 0 {
			t.Errorf("outcomes %v", outcomes)
		}
	})
}

func TestFailedLetterWaitsAsLongAsTheScheduleSays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		sender := newService(func(context.Context, mail.Message) error { return errors.New("no") })
		box := newOutbox(t, store, sender, Options{Now: clock.Now})
		enqueue(t, box, letter("k"))
		for attempt := 1; attempt <= 12; attempt++ {
			round(t, box)
			clock.Advance(backoff(attempt, 0) - time.Millisecond)
			round(t, box)
			if got := len(sender.asked()); got != attempt {
				t.Fatalf("%d attempts before the wait of attempt %d was over", got, attempt)
			}
			clock.Advance(backoff(attempt, 1) - backoff(attempt, 0) + 2*time.Millisecond)
		}
	})
}

func TestMailServiceThatAsksForPatienceGetsIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		requests := 0
		resend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests++
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		t.Cleanup(resend.Close)
		sender, err := mail.New(mail.Config{
			Transport: mail.TransportResend, From: "a@example.com", Timeout: 10 * time.Second,
			Resend: mail.ResendConfig{APIKey: "k", BaseURL: resend.URL},
		}, mail.Options{})
		if err != nil {
			t.Fatal(err)
		}
		clock := storetest.NewClock()
		box := newOutbox(t, store, sender, Options{Now: clock.Now})
		enqueue(t, box, letter("k"))
		round(t, box)
		clock.Advance(599 * time.Second)
		round(t, box)
		if requests != 1 {
			t.Errorf("asked %d times within ten minutes", requests)
		}
		clock.Advance(time.Second)
		round(t, box)
		if requests != 2 {
			t.Errorf("asked %d times after ten minutes, want 2", requests)
		}
	})
}

func TestRefusedLetterIsKeptForTheOperatorWithoutItsText(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		var log bytes.Buffer
		var outcomes []Outcome
		clock := storetest.NewClock()
		sender := newService(func(context.Context, mail.Message) error {
			return fmt.Errorf("550 no such user\x00%s: %w", strings.Repeat("ü", 1000), mail.ErrPermanent)
		})
		box := newOutbox(t, store, sender, Options{Now: clock.Now, Logger: slog.New(slog.NewJSONHandler(&log, nil)),
			Observe: func(o Outcome) { outcomes = append(outcomes, o) }})
		enqueue(t, box, letter("k"))
		round(t, box)
		clock.Advance(lastRetry)
		round(t, box)

		got := rows(t, store)
		if len(got) != 1 || !got[0].dead || got[0].text != "" || got[0].html != "" || !strings.HasPrefix(got[0].lastError, "550 no such user") || len(got[0].lastError) > 500 {
			t.Errorf("row is %+v, want a dead one without text", got)
		}
		if len(sender.asked()) != 1 || !slices.Equal(outcomes, []Outcome{Dead}) {
			t.Errorf("sent %q with outcomes %q", sender.asked(), outcomes)
		}
		if !strings.Contains(log.String(), `"level":"ERROR","msg":"letter given up"`) || strings.Contains(log.String(), "token=") {
			t.Errorf("log: %s", log.String())
		}
		for _, step := range []struct {
			wait time.Duration
			left int
		}{{keepDead - 2*lastRetry, 1}, {2 * lastRetry, 0}} {
			clock.Advance(step.wait)
			if err := box.sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := rows(t, store); len(got) != step.left {
				t.Errorf("after %v more: %d dead letters, want %d", step.wait, len(got), step.left)
			}
		}
	})
}

func TestLetterIsGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		sender := newService(func(context.Context, mail.Message) error { return errors.New("connection refused") })
		box := newOutbox(t, store, sender, Options{Now: clock.Now})
		enqueue(t, box, letter("k"))
		for range 24 {
			round(t, box)
			clock.Advance(lastRetry)
		}
		if got := rows(t, store); len(got) != 1 || got[0].dead {
			t.Fatalf("before the day is over: %+v", got)
		}
		clock.Advance(2 * lastRetry)
		before := len(sender.asked())
		round(t, box)
		if got := rows(t, store); len(got) != 1 || !got[0].dead || !strings.Contains(got[0].lastError, "connection refused") {
			t.Errorf("after the day: %+v, want dead with the last error", got)
		}
		if after := len(sender.asked()); after != before {
			t.Errorf("a letter with dead links was sent")
		}
	})
}

func TestWorkersShareLettersAndSendEachOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		const letters = 60
		sender := newService(nil)
		boxes := []*Outbox{newOutbox(t, store, sender, Options{}), newOutbox(t, store, sender, Options{}), newOutbox(t, store, sender, Options{})}
		for _, box := range boxes {
			run(t, box)
		}
		var clients sync.WaitGroup
		for i := range letters {
			clients.Go(func() {
				err := store.InTx(t.Context(), func(tx *sessionstore.Store) error {
					return boxes[i%len(boxes)].Enqueue(t.Context(), tx, letter(fmt.Sprint(i)))
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		clients.Wait()
		for range letters {
			<-sender.took
		}
		keys := sender.asked()
		slices.Sort(keys)
		if unique := len(slices.Compact(slices.Clone(keys))); len(keys) != letters || unique != letters {
			t.Errorf("%d attempts for %d letters, want %d", len(keys), unique, letters)
		}
	})
}

func TestSlowMailServiceDelaysNoRequest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		asked, release := make(chan struct{}, 100), make(chan struct{})
		sender := newService(func(context.Context, mail.Message) error {
			asked <- struct{}{}
			<-release
			return nil
		})
		box := newOutbox(t, store, sender, Options{Poll: 10 * time.Millisecond})
		run(t, box)
		enqueue(t, box, letter("first"), letter("second"))
		<-asked
		<-asked // both hands are full, and stay so
		for i := range 20 {
			enqueue(t, box, letter(fmt.Sprint(i)))
		}
		if got := len(sender.asked()); got != concurrency {
			t.Errorf("%d letters in hand, want %d", got, concurrency)
		}
		close(release)
		for range 22 {
			<-sender.took
		}
	})
}

// The poll is an hour here, so that only the nudge can be what wakes Run.
func TestRunIsWokenByALetter(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		sender := newService(nil)
		box := newOutbox(t, store, sender, Options{Poll: time.Hour})
		run(t, box)
		for _, key := range []string{"first", "second"} {
			enqueue(t, box, letter(key))
			if got := <-sender.took; got.Key != key {
				t.Errorf("took %q, want %q", got.Key, key)
			}
		}
	})
}

func TestRunFindsLettersOfOtherReplicas(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		sender := newService(nil)
		run(t, newOutbox(t, store, sender, Options{Poll: 10 * time.Millisecond}))
		enqueue(t, newOutbox(t, store, sender, Options{}), letter("k"))
		if got := <-sender.took; got.Key != "k" {
			t.Errorf("took %q", got.Key)
		}
	})
}

func TestStoppingFinishesTheLetterInHand(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, store *sessionstore.Store) {
		asked, release := make(chan struct{}), make(chan struct{})
		sender := newService(func(ctx context.Context, _ mail.Message) error {
			close(asked)
			<-release
			return ctx.Err() // nil: the letter's own context goes on
		})
		box := newOutbox(t, store, sender, Options{})
		enqueue(t, box, letter("k"))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- box.Run(ctx) }()
		<-asked
		stop()
		close(release)
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
		if left := rows(t, store); len(left) != 0 {
			t.Errorf("rows are left: %+v", left)
		}
	})
}

func TestSettlingIsRepeatedWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	calls := 0
	err := (&Outbox{}).insist(t.Context(), func(context.Context) error {
		if calls++; calls < 3 {
			return sessionstore.ErrUnavailable
		}
		return nil
	})
	if err != nil || calls != 3 {
		t.Errorf("insist = %v after %d calls, want nil after 3", err, calls)
	}
}

// waiters is a context that counts who waits for its end.
type waiters struct {
	context.Context
	done chan struct{}
	now  int
}

func (w *waiters) Done() <-chan struct{} { return w.done }

func (w *waiters) AfterFunc(func()) (stop func() bool) {
	w.now++
	return func() bool { w.now--; return true }
}

func TestALetterThatIsDoneIsForgotten(t *testing.T) {
	t.Parallel()
	ctx := &waiters{Context: context.Background(), done: make(chan struct{})}
	_, cancel := outlive(ctx, time.Minute)
	if ctx.now != 1 {
		t.Fatalf("%d wait for the end, want 1", ctx.now)
	}
	if cancel(); ctx.now != 0 {
		t.Errorf("%d still wait for the end of the process", ctx.now)
	}
}
