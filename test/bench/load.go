package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load is one request, sent again and again.
type load struct {
	address     string
	request     string             // the bytes of it; a # stands for a number that no other request has, where there is one
	fill        func(n int) string // what stands for the # instead of the number, made of it
	status      int                // of the answer that counts as right
	connections int
	requests    int
}

// answers are how a load went.
type answers struct {
	count     int
	took      time.Duration
	latencies []time.Duration // sorted
}

func (a answers) perSecond() float64 { return float64(a.count) / a.took.Seconds() }

// percentile is the latency below which p of the answers came.
func (a answers) percentile(p float64) time.Duration {
	return a.latencies[min(int(p*float64(len(a.latencies))), len(a.latencies)-1)]
}

// run sends the requests, each connection the next one as soon as it has the answer, until there are enough or the time is
// up. A wrong answer is an error: what is fast because it fails would be no measurement.
func (l load) run(ctx context.Context, limit time.Duration) (answers, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var left atomic.Int64
	left.Store(int64(l.requests))
	each := make([][]time.Duration, l.connections)
	failed := make([]error, l.connections)
	var running sync.WaitGroup
	started := time.Now()
	for i := range l.connections {
		running.Go(func() {
			each[i], failed[i] = l.connection(ctx, &left, started.Add(limit))
			if failed[i] != nil {
				cancel()
			}
		})
	}
	running.Wait()
	a := answers{took: time.Since(started), latencies: slices.Concat(each...)}
	for _, err := range failed {
		if err != nil {
			return a, err // one says it
		}
	}
	a.count = len(a.latencies)
	if a.count == 0 {
		return a, errors.New("no answer in time")
	}
	slices.Sort(a.latencies)
	return a, nil
}

// numbers are those that requests have had.
var numbers atomic.Int64

func (l load) connection(ctx context.Context, left *atomic.Int64, deadline time.Time) ([]time.Duration, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(deadline.Add(time.Minute)); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	before, after, numbered := strings.Cut(l.request, "#")
	request, reader := []byte(l.request), bufio.NewReaderSize(conn, 8<<10)
	latencies := make([]time.Duration, 0, 2*l.requests/l.connections)
	for left.Add(-1) >= 0 && ctx.Err() == nil {
		if numbered {
			request = append(append(append(request[:0], before...), l.filling(numbers.Add(1))...), after...)
		}
		sent := time.Now()
		if sent.After(deadline) {
			break
		}
		if _, err := conn.Write(request); err != nil {
			return nil, fmt.Errorf("send request: %w", err)
		}
		status, err := readAnswer(reader)
		if err != nil {
			return nil, fmt.Errorf("read answer: %w", err)
		}
		if status != l.status {
			return nil, fmt.Errorf("answer is %d instead of %d", status, l.status)
		}
		latencies = append(latencies, time.Since(sent))
	}
	return latencies, nil
}

func (l load) filling(n int64) string {
	if l.fill != nil {
		return l.fill(int(n))
	}
	return strconv.FormatInt(n, 10)
}

// readAnswer reads an HTTP/1.1 answer and returns its status. It knows no more of HTTP than the
// answers here need: the load shares the machine with what is measured.
func readAnswer(r *bufio.Reader) (status int, err error) {
	length, chunked := int64(-1), false
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		text := string(line[:max(0, len(line)-2)]) // stays on the stack
		switch {
		case first:
			if status, err = statusOf(text); err != nil {
				return 0, err
			}
		case text == "":
			switch {
			case chunked:
				return status, skipChunks(r)
			case length < 0 && status != http.StatusNoContent:
				return 0, errors.New("answer does not say where it ends")
			}
			_, err := r.Discard(int(max(0, length)))
			return status, err
		case strings.EqualFold(text, "transfer-encoding: chunked"):
			chunked = true
		case len(text) > 15 && strings.EqualFold(text[:15], "content-length:"):
			if length, err = strconv.ParseInt(strings.TrimSpace(text[15:]), 10, 64); err != nil {
				return 0, err
			}
		}
	}
}

// skipChunks reads a body in chunks, without trailers.
func skipChunks(r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 32)
		if err != nil {
			return fmt.Errorf("size of chunk: %w", err)
		}
		if _, err := r.Discard(int(size) + 2); err != nil || size == 0 {
			return err
		}
	}
}

func statusOf(line string) (int, error) {
	_, rest, _ := strings.Cut(line, " ")
	digits, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(digits)
	if err != nil {
		return 0, fmt.Errorf("%q is no status line", line)
	}
	return status, nil
}
