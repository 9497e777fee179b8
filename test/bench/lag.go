package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Targets of the time from the answer to a sign-out to the first refusal by another replica.
const (
	listenTarget = 100 * time.Millisecond
	pollTarget   = time.Second
)

// lag measures how long a replica goes on serving a session that was ended at another, with notifications and by polling alone, while it is
// under load.
func (b *bench) lag(ctx context.Context) (table, error) {
	if b.postgres == "" || b.revocations == 0 {
		return nil, nil
	}
	small, err := b.smallCrowd(ctx)
	if err != nil {
		return nil, err
	}
	var t table
	for i, way := range []struct {
		name, listen string
		target       time.Duration
	}{{"with notifications", "true", listenTarget}, {"by polling alone", "false", pollTarget}} {
		b.tell("measuring revocation lag %s", way.name)
		lags, err := b.lagOf(ctx, small, 1000*(i+1), way.listen)
		if err != nil {
			return nil, fmt.Errorf("revocation lag %s: %w", way.name, err)
		}
		r := row{
			name: fmt.Sprintf("revocation lag %s, %d revocations", way.name, len(lags.latencies)), value: milliseconds(lags.percentile(1)) + " at most",
			p50: milliseconds(lags.percentile(.50)), p99: milliseconds(lags.percentile(.99)),
		}
		r.judge(lags.percentile(.999) <= way.target, "<= "+milliseconds(way.target))
		t = append(t, r)
	}
	return t, nil
}

// revokersAtOnce wait for the replica at the same time.
const revokersAtOnce = 16

func (b *bench) lagOf(ctx context.Context, c *crowd, first int, listen string) (answers, error) {
	setting := "POSTERN_SESSION_CACHE_COHERENCE_LISTEN=" + listen
	here, one, err := b.servedFrom(ctx, "lag-here-"+listen, c, setting)
	if err != nil {
		return answers{}, err
	}
	defer one.stop()
	there, other, err := b.servedFrom(ctx, "lag-there-"+listen, c, setting)
	if err != nil {
		return answers{}, err
	}
	defer other.stop()

	loading, enough := context.WithCancel(ctx)
	var load sync.WaitGroup
	load.Go(func() {
		l := b.loadFrom(there.address, "/tasks/42", c.cookie(1))
		l.connections, l.requests = 8, 1<<30
		_, _ = l.run(loading, time.Hour) // it is there to be in the way
	})
	defer load.Wait()
	defer enough()

	var next atomic.Int64
	each, failed := make([][]time.Duration, revokersAtOnce), make([]error, revokersAtOnce)
	var revoking sync.WaitGroup
	for i := range revokersAtOnce {
		revoking.Go(func() {
			for n := next.Add(1); n <= int64(b.revocations) && failed[i] == nil; n = next.Add(1) {
				var took time.Duration
				took, failed[i] = revoke(ctx, here.address, there.address, c.cookie(first+int(n)))
				each[i] = append(each[i], took)
			}
		})
	}
	revoking.Wait()
	a := answers{latencies: slices.Concat(each...)}
	slices.Sort(a.latencies)
	return a, errors.Join(failed...)
}

func (b *bench) loadFrom(address, path, cookie string) load {
	return load{address: address, request: get(path, address, cookie), status: http.StatusOK, connections: b.connections, requests: b.requestCount}
}

// revoke signs a session out at one replica, once both know it, and asks the other until it refuses it.
func revoke(ctx context.Context, here, there, cookie string) (time.Duration, error) {
	known, err := ask(ctx, here)
	if err != nil {
		return 0, err
	}
	defer known.Close()
	asked, err := ask(ctx, there)
	if err != nil {
		return 0, err
	}
	defer asked.Close()
	for _, c := range []*asker{known, asked} {
		if status, err := c.status(get("/tasks/42", c.host, cookie)); err != nil || status != http.StatusOK {
			return 0, fmt.Errorf("before the revocation: answered %d, %w", status, err)
		}
	}
	signOut := "POST /api/auth/sign-out HTTP/1.1\r\nHost: " + here + "\r\nOrigin: http://" + here +
		"\r\nContent-Type: application/json\r\nContent-Length: 2\r\nCookie: " + cookie + "\r\n\r\n{}"
	if status, err := known.status(signOut); err != nil || status != http.StatusOK {
		return 0, fmt.Errorf("sign out: answered %d, %w", status, err)
	}
	for ended := time.Now(); ; {
		status, err := asked.status(get("/tasks/42", there, cookie))
		took := time.Since(ended)
		switch {
		case err != nil:
			return 0, err
		case status == http.StatusUnauthorized:
			return took, nil
		case status != http.StatusOK || took > time.Minute:
			return 0, fmt.Errorf("%s after the revocation: answered %d", took, status)
		}
	}
}

// asker is a connection on which one request follows another.
type asker struct {
	net.Conn
	host   string
	reader *bufio.Reader
}

func ask(ctx context.Context, address string) (*asker, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &asker{conn, address, bufio.NewReader(conn)}, nil
}

func (a *asker) status(request string) (int, error) {
	if _, err := a.Write([]byte(request)); err != nil {
		return 0, fmt.Errorf("send request: %w", err)
	}
	return readAnswer(a.reader)
}
