package password

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posternhq/postern/authflow"
)

// poolBench is a pool of one worker that the test can hold up, in a bubble where time stands still unless all wait.
type poolBench struct {
	*Pool
	t        *testing.T
	ran      []string
	depth    int
	rejected atomic.Int64
	hold     chan struct{}
	stop     context.CancelFunc
	stopped  chan struct{}
	results  map[string]chan error
}

func newPoolBench(t *testing.T, c Config) *poolBench {
	t.Helper()
	c.HashWorkers = 1
	if c.HashQueue == 0 {
		c.HashQueue = 100
	}
	if c.HashMaxWait == 0 {
		c.HashMaxWait = time.Minute
	}
	b := &poolBench{t: t, hold: make(chan struct{}), stopped: make(chan struct{}), results: map[string]chan error{}}
	b.Pool = NewPool(c, PoolObserver{Depth: func(n int) { b.depth = n }, Rejected: func() { b.rejected.Add(1) }})
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	go func() {
		defer close(b.stopped)
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	return b
}

// whose turn a job takes by its name: "A1" is of the client A, "Ax1" also of the account x, "x1" of nobody but that account.
func whose(name string) (of turn) {
	for _, letter := range strings.TrimRight(name, "0123456789") {
		switch {
		case name == "held":
			of.client = name
		case 'A' <= letter && letter <= 'Z':
			of.client = string(letter)
		default:
			of.account = string(letter)
		}
	}
	return of
}

// do asks for a job called client, account and number, as "A1" or "Ax1".
func (b *poolBench) do(ctx context.Context, name string) {
	b.t.Helper()
	result := make(chan error, 1)
	b.results[name] = result
	go func() {
		result <- b.Do(ctx, whose(name), func() {
			if name == "held" {
				<-b.hold
			}
			b.ran = append(b.ran, name)
		})
	}()
	synctest.Wait()
}

func (b *poolBench) want(name string, want error) {
	b.t.Helper()
	synctest.Wait()
	select {
	case got := <-b.results[name]:
		if !errors.Is(got, want) {
			b.t.Errorf("%s ends with %v, want %v", name, got, want)
		}
	default:
		b.t.Errorf("%s still waits", name)
	}
}

func (b *poolBench) end(want ...string) {
	b.t.Helper()
	b.stop()
	<-b.stopped
	if !slices.Equal(b.ran, want) {
		b.t.Errorf("ran %v, want %v", b.ran, want)
	}
	if b.depth != 0 || b.waiting.len() != 0 || len(b.waiting.strangers.last) != 0 {
		b.t.Errorf("left over: depth %d, %+v", b.depth, b.waiting)
	}
}

func TestClientsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newPoolBench(t, Config{})
		b.do(t.Context(), "held")
		for _, name := range []string{"A1", "A2", "A3", "A4", "B1", "C1", "B2"} {
			b.do(t.Context(), name)
		}
		if b.depth != 7 {
			t.Errorf("depth %d", b.depth)
		}
		close(b.hold)
		for name := range b.results {
			b.want(name, nil)
		}
		b.end("held", "A1", "B1", "C1", "A2", "B2", "A3", "A4")
	})
}

func TestAFullQueueTurnsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newPoolBench(t, Config{HashQueue: 2})
		b.do(t.Context(), "held")
		for _, name := range []string{"A1", "B1", "C1"} {
			b.do(t.Context(), name)
		}
		b.want("C1", authflow.ErrTooManySignIns) // it would have come last
		var told *authflow.Error
		err := b.Do(t.Context(), turn{client: "A"}, func() { t.Error("ran") })
		if !errors.As(err, &told) || told.Status != 503 || told.RetryAfter <= 0 || told.Code == "" || told.Message == "" {
			t.Errorf("%+v", err)
		}
		if b.rejected.Load() != 2 {
			t.Errorf("%d rejected", b.rejected.Load())
		}
		close(b.hold)
		synctest.Wait()
		b.do(t.Context(), "C2") // there is room again
		b.want("C2", nil)
		b.end("held", "A1", "B1", "C2")
	})
}

// A client that has filled the queue makes room for others.
func TestWhoWouldComeLastGivesWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newPoolBench(t, Config{HashQueue: 4})
		b.do(t.Context(), "held")
		for _, name := range []string{"A1", "A2", "A3", "A4", "B1", "C1", "B2"} {
			b.do(t.Context(), name)
		}
		b.want("A4", authflow.ErrTooManySignIns)
		b.want("A3", authflow.ErrTooManySignIns)
		b.want("B2", authflow.ErrTooManySignIns)
		if b.rejected.Load() != 3 || b.depth != 4 {
			t.Errorf("%d rejected, depth %d", b.rejected.Load(), b.depth)
		}
		close(b.hold)
		synctest.Wait()
		b.end("held", "A1", "B1", "C1", "A2")
	})
}

// Guessing at one account from many addresses delays nobody else, and neither does one address that tries many accounts.
func TestAccountsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newPoolBench(t, Config{})
		b.do(t.Context(), "held")
		for _, name := range []string{"Ax1", "Bx1", "Cx1", "Dx1", "Ey1", "Fz1", "Ez1", "Gy1", "q1"} {
			b.do(t.Context(), name)
		}
		close(b.hold)
		synctest.Wait()
		b.end("held", "Ax1", "Ey1", "Fz1", "q1", "Bx1", "Ez1", "Gy1", "Cx1", "Dx1")
	})
}

func TestAHashThatIsStarvedIsFollowedByOthersInAHurry(t *testing.T) {
	t.Parallel()
	pool := NewPool(Config{}, PoolObserver{})
	for _, c := range []struct {
		took    time.Duration
		starved bool
	}{
		{100 * time.Millisecond, false}, {500 * time.Millisecond, false}, {501 * time.Millisecond, true},
		{80 * time.Millisecond, false}, {401 * time.Millisecond, true}, {400 * time.Millisecond, false},
	} {
		if got := pool.starved(c.took); got != c.starved {
			t.Errorf("%s: %v", c.took, got)
		}
	}
}

func TestWaitingHasAnEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newPoolBench(t, Config{HashMaxWait: time.Minute})
		b.do(t.Context(), "held")
		b.do(t.Context(), "A1")
		time.Sleep(30 * time.Second)
		b.do(t.Context(), "A2")
		b.do(t.Context(), "B1")
		time.Sleep(30 * time.Second)
		b.want("A1", authflow.ErrTooManySignIns)
		if b.rejected.Load() != 1 {
			t.Errorf("%d rejected", b.rejected.Load())
		}
		close(b.hold)
		for _, name := range []string{"held", "A2", "B1"} { // held was begun in time, and took its time
			b.want(name, nil)
		}
		b.end("held", "B1", "A2") // A has had a turn, and let it pass
	})
}

func TestWhoLeavesGivesTheTurnAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newPoolBench(t, Config{})
		leaving, leave := context.WithCancel(t.Context())
		b.do(leaving, "held")
		b.do(leaving, "A1")
		b.do(t.Context(), "B1")
		b.do(leaving, "B2")
		b.do(t.Context(), "B3")
		b.do(t.Context(), "C1")
		b.do(leaving, "C2")
		late, done := context.WithTimeout(t.Context(), time.Second)
		defer done()
		b.do(late, "D1")
		leave()
		for _, name := range []string{"A1", "B2", "C2"} {
			b.want(name, context.Canceled)
		}
		time.Sleep(time.Second)
		b.want("D1", authflow.ErrTooManySignIns) // nobody left: the time for the request was over
		if b.rejected.Load() != 1 {
			t.Errorf("%d rejected", b.rejected.Load())
		}
		close(b.hold)
		b.want("held", nil) // begun, so its result is there
		b.end("held", "B1", "C1", "B3")
	})
}

func TestStoppingFinishesWhatHasBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newPoolBench(t, Config{})
		b.do(t.Context(), "held")
		b.do(t.Context(), "A1")
		b.do(t.Context(), "B1")
		b.stop()
		synctest.Wait()
		b.do(t.Context(), "C1")
		b.want("C1", authflow.ErrTooManySignIns)
		select {
		case <-b.stopped:
			t.Error("stopped in the middle of a job")
		default:
		}
		close(b.hold)
		b.want("held", nil)
		b.want("A1", authflow.ErrTooManySignIns)
		b.want("B1", authflow.ErrTooManySignIns)
		b.end("held")
	})
}

func TestManyClientsComeAndGo(t *testing.T) {
	t.Parallel()
	var hashed, ran atomic.Int64
	pool := NewPool(Config{HashWorkers: 4, HashQueue: 10000, HashMaxWait: time.Minute}, PoolObserver{Hashed: func(time.Duration) { hashed.Add(1) }})
	ctx, stop := context.WithCancel(t.Context())
	var running, clients sync.WaitGroup
	running.Go(func() { _ = pool.Run(ctx) })
	var succeeded, gone atomic.Int64
	for i := range 600 {
		clients.Go(func() {
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			if i%7 == 0 {
				leave()
			}
			result := 0
			err := pool.Do(ctx, turn{fmt.Sprint(i % 20), fmt.Sprint(i % 30)}, func() {
				runtime.Gosched()
				result = i + 1
				ran.Add(1)
			})
			switch {
			case err == nil && result == i+1:
				succeeded.Add(1)
			case errors.Is(err, context.Canceled) && result == 0:
				gone.Add(1)
			default:
				t.Errorf("%v with result %d", err, result)
			}
		})
	}
	clients.Wait()
	stop()
	running.Wait()
	if succeeded.Load() != ran.Load() || hashed.Load() != ran.Load() || succeeded.Load()+gone.Load() != 600 {
		t.Errorf("%d succeeded, %d ran, %d hashed, %d left", succeeded.Load(), ran.Load(), hashed.Load(), gone.Load())
	}
	if pool.waiting.len() != 0 || len(pool.waiting.strangers.last) != 0 {
		t.Errorf("left over: %+v", pool.waiting)
	}
}

func TestOneCoreIsLeftForEverythingElse(t *testing.T) {
	t.Parallel()
	if got, want := NewPool(Config{}, PoolObserver{}).workers, max(1, runtime.GOMAXPROCS(0)-1); got != want {
		t.Errorf("%d workers, want %d", got, want)
	}
	for _, c := range []struct {
		cores  int
		memory int64
		want   int
	}{
		{1, math.MaxInt64, 1}, {2, math.MaxInt64, 1}, {8, math.MaxInt64, 7},
		{8, 64 << 20, 1}, {8, 256 << 20, 3}, {8, 1 << 30, 7},
	} {
		if got := workersFor(c.cores, c.memory); got != c.want {
			t.Errorf("%d cores and %d bytes: %d workers, want %d", c.cores, c.memory, got, c.want)
		}
	}
	if got := NewPool(Config{HashWorkers: 3}, PoolObserver{}).workers; got != 3 {
		t.Errorf("%d workers", got)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	good := Config{
		Enabled: true, MinPasswordLength: 8, MaxPasswordLength: 128, ResetTokenExpiresIn: time.Hour,
		Hash: "scrypt", HashQueue: 4096, HashMaxWait: 2 * time.Minute,
	}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Config){
		"min_password_length: 7":                  func(c *Config) { c.MinPasswordLength = 7 },
		"max_password_length: 63":                 func(c *Config) { c.MaxPasswordLength = 63 },
		"max_password_length: 100 is not between": func(c *Config) { c.MinPasswordLength, c.MaxPasswordLength = 101, 100 },
		"max_password_length: 5000":               func(c *Config) { c.MaxPasswordLength = 5000 },
		"reset_token_expires_in: 1s":              func(c *Config) { c.ResetTokenExpiresIn = time.Second },
		"reset_token_expires_in: 25h0m0s":         func(c *Config) { c.ResetTokenExpiresIn = 25 * time.Hour },
		"hash: \"md5\"":                           func(c *Config) { c.Hash = "md5" },
		"max_password_length: bcrypt looks at 72": func(c *Config) { c.Hash = "bcrypt" },
		"hash_workers: -1":                        func(c *Config) { c.HashWorkers = -1 },
		"hash_queue: 0":                           func(c *Config) { c.HashQueue = 0 },
		"hash_max_wait: 1ms is below one second":  func(c *Config) { c.HashMaxWait = time.Millisecond },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
