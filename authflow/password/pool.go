package password

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/posternhq/postern/authflow"
)

var errPoolStopped = errors.New("hashing pool stopped")

// PoolObserver hears what the pool does. Fields may be nil.
type PoolObserver struct {
	Hashed   func(took time.Duration) // one hash, waiting excluded
	Depth    func(waiting int)        // after each change
	Rejected func()                   // one request that got 503
}

// Pool hashes a few passwords at once and lets the others wait, in the order of turns.go. When there is no room for one more, whoever would be
// served last gives way. Threads that hash stand back for all others, so that proxied requests do not notice.
type Pool struct {
	workers  int
	capacity int
	maxWait  time.Duration
	observe  PoolObserver

	mu      sync.Mutex
	wake    *sync.Cond
	waiting *lanes
	stopped bool
	fastest time.Duration // of all hashes so far
}

type job struct {
	do      func()
	done    chan struct{}
	refused error // it was not done; set before done is closed
	turn    turn
	known   bool // the account knows who asks

	place, arrival uint64
	index          int // in the line, or -1
}

// hashMemory is what one hash takes of the configured kind, and a little more.
const hashMemory = 40 << 20

// workersFor leaves one core for everything else: hashing is all computation and would take every core it is given. And it leaves
// half of the memory, where there is a limit (GOMEMLIMIT, or debug.SetMemoryLimit).
func workersFor(cores int, memoryLimit int64) int {
	return int(max(1, min(int64(cores-1), memoryLimit/2/hashMemory)))
}

// NewPool returns a pool that works once Run is called.
func NewPool(c Config, o PoolObserver) *Pool {
	workers := c.HashWorkers
	if workers == 0 {
		workers = workersFor(runtime.GOMAXPROCS(0), debug.SetMemoryLimit(-1))
	}
	p := &Pool{workers: workers, capacity: c.HashQueue, maxWait: c.HashMaxWait, observe: o, waiting: newLanes()}
	p.wake = sync.NewCond(&p.mu)
	return p
}

// Run works until ctx ends, and then lets what has begun finish. Who still waits then gets 503.
func (p *Pool) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range p.workers {
		workers.Go(p.work)
	}
	<-ctx.Done()
	p.mu.Lock()
	p.stopped = true
	p.wake.Broadcast()
	p.mu.Unlock()
	workers.Wait()
	return nil
}

// Do runs one computation and returns when it is done, or authflow.ErrTooManySignIns when there is no room for it.
func (p *Pool) Do(ctx context.Context, whose turn, compute func()) error {
	return p.run(ctx, &job{do: compute, done: make(chan struct{}), turn: whose, index: -1})
}

// DoKnown is Do for somebody whom the account knows.
func (p *Pool) DoKnown(ctx context.Context, whose turn, compute func()) error {
	return p.run(ctx, &job{do: compute, done: make(chan struct{}), turn: whose, known: true, index: -1})
}

func (p *Pool) run(ctx context.Context, j *job) error {
	if err := p.enqueue(j); err != nil {
		return p.reject(err)
	}
	timeout := time.NewTimer(p.maxWait)
	defer timeout.Stop()
	select {
	case <-j.done:
		return p.verdict(j)
	case <-timeout.C:
		return p.abandon(j, errors.New("waited too long"))
	case <-ctx.Done():
		return p.abandon(j, ctx.Err())
	}
}

var errQueueFull = errors.New("queue full")

func (p *Pool) enqueue(j *job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return errPoolStopped
	}
	if p.waiting.len() >= p.capacity {
		last := p.waiting.giveWay(j)
		if last == nil {
			return errQueueFull
		}
		p.waiting.remove(last)
		last.refused = errQueueFull
		close(last.done)
	}
	p.waiting.add(j)
	p.depthChanged()
	p.wake.Signal()
	return nil
}

// abandon takes back a job nobody waits for. One that a worker has already begun is waited for: its closure writes to the
// caller's variables.
func (p *Pool) abandon(j *job, why error) error {
	p.mu.Lock()
	removed := p.waiting.remove(j)
	if removed {
		p.depthChanged()
	}
	p.mu.Unlock()
	if !removed {
		<-j.done
		return p.verdict(j)
	}
	if errors.Is(why, context.Canceled) {
		return why
	}
	return p.reject(why)
}

func (p *Pool) verdict(j *job) error {
	if j.refused != nil {
		return p.reject(j.refused)
	}
	return nil
}

func (p *Pool) reject(why error) error {
	if p.observe.Rejected != nil {
		p.observe.Rejected()
	}
	return authflow.ErrTooManySignIns.Because(why)
}

func (p *Pool) work() {
	quiet := newQuiet()
	defer quiet.stop()
	hurry := 0
	for {
		j := p.next()
		if j == nil {
			return
		}
		if j.refused == nil {
			began := time.Now()
			if hurry > 0 {
				hurry--
				j.do()
			} else {
				quiet.do(j.do)
			}
			took := time.Since(began)
			if p.starved(took) && hurry == 0 {
				hurry = hurriedHashes
			}
			if p.observe.Hashed != nil {
				p.observe.Hashed(took)
			}
		}
		close(j.done)
	}
}

// A machine that is busy with other things may leave a thread of low priority next to nothing, and people wait to sign in. A hash that took so many
// times as long as the fastest is followed by some at normal priority.
const (
	starvedTimes  = 5
	hurriedHashes = 4
)

// starved tells whether a hash took so long that something else must have had the processor.
func (p *Pool) starved(took time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fastest == 0 || took < p.fastest {
		p.fastest = took
	}
	return took > starvedTimes*p.fastest
}

// quiet computes in a thread of low priority. A thread can not get its priority back, so others compute the rest.
type quiet struct {
	work chan func()
	done chan struct{}
}

func newQuiet() *quiet {
	q := &quiet{work: make(chan func()), done: make(chan struct{})}
	go func() {
		standBack()
		for compute := range q.work {
			compute()
			q.done <- struct{}{}
		}
		close(q.done)
	}()
	return q
}

func (q *quiet) do(compute func()) {
	q.work <- compute
	<-q.done
}

func (q *quiet) stop() {
	close(q.work)
	<-q.done
}

// next waits for a job and takes the first. After the pool has stopped it hands out what still waits, refused, and then nil.
func (p *Pool) next() *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.waiting.len() == 0 && !p.stopped {
		p.wake.Wait()
	}
	if p.waiting.len() == 0 {
		return nil
	}
	j := p.waiting.take()
	p.depthChanged()
	if p.stopped {
		j.refused = errPoolStopped
	}
	return j
}

func (p *Pool) depthChanged() {
	if p.observe.Depth != nil {
		p.observe.Depth(p.waiting.len())
	}
}
