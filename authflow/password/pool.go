package password

import (
	"context"
	"errors"
	"runtime"
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

// Pool hashes a few passwords at once and lets the others wait. Those who wait are served in turns, one from each client
// after another, so that a client with a thousand requests delays itself and hardly anyone else.
type Pool struct {
	workers  int
	capacity int
	maxWait  time.Duration
	observe  PoolObserver

	mu      sync.Mutex
	wake    *sync.Cond
	clients map[string][]*job // waiting, by client, in order of arrival
	turns   []string          // clients that have someone waiting, the next first
	waiting int
	stopped bool
}

type job struct {
	do      func()
	done    chan struct{}
	expired bool // nobody wants the result any more
}

// NewPool returns a pool that works once Run is called.
func NewPool(c Config, o PoolObserver) *Pool {
	workers := c.HashWorkers
	if workers == 0 {
		// One core stays for everything else: hashing is all computation and would take every core it is given.
		workers = max(1, runtime.GOMAXPROCS(0)-1)
	}
	p := &Pool{workers: workers, capacity: c.HashQueue, maxWait: c.HashMaxWait, observe: o, clients: map[string][]*job{}}
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

// Do runs one computation for a client and returns when it is done, or authflow.ErrTooManySignIns when there is no room for it.
func (p *Pool) Do(ctx context.Context, client string, compute func()) error {
	j := &job{do: compute, done: make(chan struct{})}
	if err := p.enqueue(client, j); err != nil {
		return p.reject(err)
	}
	timeout := time.NewTimer(p.maxWait)
	defer timeout.Stop()
	select {
	case <-j.done:
		return p.verdict(j)
	case <-timeout.C:
		return p.abandon(client, j, errors.New("waited too long"))
	case <-ctx.Done():
		return p.abandon(client, j, ctx.Err())
	}
}

func (p *Pool) enqueue(client string, j *job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stopped:
		return errPoolStopped
	case p.waiting >= p.capacity:
		return errors.New("queue full")
	}
	if len(p.clients[client]) == 0 {
		p.turns = append(p.turns, client)
	}
	p.clients[client] = append(p.clients[client], j)
	p.changeWaiting(+1)
	p.wake.Signal()
	return nil
}

// abandon takes back a job nobody waits for. One that a worker has already begun is waited for: its closure writes to the
// caller's variables.
func (p *Pool) abandon(client string, j *job, why error) error {
	p.mu.Lock()
	taken := p.remove(client, j)
	p.mu.Unlock()
	if !taken {
		<-j.done
		return p.verdict(j)
	}
	if errors.Is(why, context.Canceled) {
		return why
	}
	return p.reject(why)
}

func (p *Pool) verdict(j *job) error {
	if j.expired {
		return p.reject(errPoolStopped)
	}
	return nil
}

func (p *Pool) reject(why error) error {
	if p.observe.Rejected != nil {
		p.observe.Rejected()
	}
	return authflow.ErrTooManySignIns.Because(why)
}

func (p *Pool) remove(client string, j *job) bool {
	queue := p.clients[client]
	for i := range queue {
		if queue[i] != j {
			continue
		}
		queue = append(queue[:i:i], queue[i+1:]...)
		p.changeWaiting(-1)
		if len(queue) > 0 {
			p.clients[client] = queue
			return true
		}
		delete(p.clients, client)
		for t, name := range p.turns {
			if name == client {
				p.turns = append(p.turns[:t:t], p.turns[t+1:]...)
				break
			}
		}
		return true
	}
	return false
}

func (p *Pool) work() {
	for {
		j := p.next()
		if j == nil {
			return
		}
		if !j.expired {
			began := time.Now()
			j.do()
			if p.observe.Hashed != nil {
				p.observe.Hashed(time.Since(began))
			}
		}
		close(j.done)
	}
}

// next waits for a job and takes the first of the client whose turn it is. After the pool has stopped it hands out what still
// waits, marked as expired, and then nil.
func (p *Pool) next() *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.waiting == 0 && !p.stopped {
		p.wake.Wait()
	}
	if p.waiting == 0 {
		return nil
	}
	client := p.turns[0]
	p.turns = p.turns[1:]
	queue := p.clients[client]
	j := queue[0]
	if len(queue) > 1 {
		p.clients[client] = queue[1:]
		p.turns = append(p.turns, client)
	} else {
		delete(p.clients, client)
	}
	p.changeWaiting(-1)
	j.expired = p.stopped
	return j
}

func (p *Pool) changeWaiting(by int) {
	p.waiting += by
	if p.observe.Depth != nil {
		p.observe.Depth(p.waiting)
	}
}
