package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// growth is how much more a server may hold in the last three tenths of a soak than in the first three.
const growth = 1.10

// errGrowth says that a server holds more and more.
var errGrowth = errors.New("the server holds more and more")

// holding is what a server holds.
type holding struct {
	memory      int64 // resident, in bytes
	goroutines  int
	descriptors int // open files, connections among them
}

func (h holding) most(other holding) holding {
	return holding{max(h.memory, other.memory), max(h.goroutines, other.goroutines), max(h.descriptors, other.descriptors)}
}

// soaked loads a server for a long time with all that costs something: cached sessions, sessions that are not, assertions that are signed anew,
// get-session, sign-ins, and connections that come and go. It fails if the server then holds more than it did in the beginning.
func (b *bench) soaked(ctx context.Context) (table, error) {
	in, p, cookie, err := b.serving(ctx, "soak", installation{extra: []string{"POSTERN_SESSION_CACHE_TTL=1s"}})
	if err != nil {
		return nil, err
	}
	defer p.stop()
	loading, enough := context.WithCancel(ctx)
	defer enough()
	var running sync.WaitGroup
	failed := make(chan error, 8)
	for _, l := range []load{
		b.loadFrom(in.address, "/tasks/42", cookie), b.loadFrom(in.address, "/tasks/#", cookie), b.loadFrom(in.address, "/public/42", ""),
		b.loadFrom(in.address, "/api/auth/get-session", cookie), in.signInLoad(20),
	} {
		l.connections = min(l.connections, 16)
		running.Go(func() {
			for loading.Err() == nil { // each time over new connections
				if _, err := l.run(loading, roundTime); err != nil && loading.Err() == nil {
					failed <- err
					return
				}
			}
		})
	}
	b.tell("soaking for %s", b.soak)
	var first, last holding
	for tenth := range 10 {
		select {
		case <-time.After(b.soak / 10):
		case err := <-failed:
			return nil, fmt.Errorf("soak: %w", err)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		now, err := in.holds(ctx, p)
		if err != nil {
			return nil, err
		}
		switch {
		case tenth < 3:
			first = first.most(now)
		case tenth > 6:
			last = last.most(now)
		}
		b.tell("%d tenths: %s, %d goroutines, %d files", tenth+1, mebibytes(now.memory), now.goroutines, now.descriptors)
	}
	enough()
	running.Wait()
	t := table{
		compared("memory", mebibytes(first.memory), mebibytes(last.memory), float64(last.memory)/float64(first.memory)),
		compared("goroutines", fmt.Sprint(first.goroutines), fmt.Sprint(last.goroutines), float64(last.goroutines)/float64(first.goroutines)),
		compared("open files", fmt.Sprint(first.descriptors), fmt.Sprint(last.descriptors), float64(last.descriptors)/float64(first.descriptors)),
	}
	for _, r := range t {
		if r.verdict != "met" {
			return t, errGrowth
		}
	}
	return t, nil
}

func compared(what, first, last string, ratio float64) row {
	r := row{name: what + " at most, first and last three tenths", value: first + ", " + last, ratio: fmt.Sprintf("%.2f", ratio)}
	r.judge(ratio <= growth, fmt.Sprintf("<= %.2f", growth))
	return r
}

// holds asks the operating system, and the server's metrics for its goroutines.
func (in *installation) holds(ctx context.Context, p *process) (h holding, err error) {
	if h.memory, err = p.resident(); err != nil {
		return h, err
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.command.Process.Pid))
	if err != nil {
		return h, fmt.Errorf("count files: %w", err)
	}
	h.descriptors = len(files)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+in.admin+"/metrics", http.NoBody)
	if err != nil {
		return h, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return h, fmt.Errorf("read metrics: %w", err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if count, ok := strings.CutPrefix(lines.Text(), "go_goroutines "); ok {
			h.goroutines, err = strconv.Atoi(count)
			return h, err
		}
	}
	return h, errors.New("read metrics: there is no go_goroutines")
}
