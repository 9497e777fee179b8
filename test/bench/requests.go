package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
)

// ballast is that of Postern (cmd/postern/heap.go). The bare proxy is measured with it, too, to tell what Postern owes to it.
const ballast = 16 << 20

// signInsAtOnce keeps the hashing pool busy without a queue to speak of.
const signInsAtOnce = 4

// requests measures CPU time, throughput and latency of requests.
func (b *bench) requests(ctx context.Context) (table, error) {
	b.tell("starting bare proxies and postern")
	bare, bareAddress, err := startPeer(ctx, "bare", "http://"+b.upstream, "0")
	if err != nil {
		return nil, err
	}
	defer bare.stop()
	ballasted, ballastedAddress, err := startPeer(ctx, "bare", "http://"+b.upstream, strconv.Itoa(ballast))
	if err != nil {
		return nil, err
	}
	defer ballasted.stop()
	in, postern, cookie, err := b.serving(ctx, "requests", installation{})
	if err != nil {
		return nil, err
	}
	defer postern.stop()
	to := func(address, path, cookie string) load {
		return load{address: address, request: get(path, address, cookie), status: http.StatusOK, connections: b.connections, requests: b.requestCount}
	}
	measure := &contender{name: "bare httputil.ReverseProxy", by: bare, load: to(bareAddress, "/tasks/42", cookie)}
	second := &contender{name: "the same with Postern's heap ballast", by: ballasted, load: to(ballastedAddress, "/tasks/42", cookie)}
	public := &contender{name: "postern, public route", by: postern, load: to(in.address, "/public/42", cookie)}
	hit := &contender{name: "postern, authenticated, cached", by: postern, load: to(in.address, "/tasks/42", cookie), target: 1.00}
	session := &contender{name: "postern, get-session, cached", by: postern, load: to(in.address, "/api/auth/get-session", cookie)}
	signed := &contender{name: "postern, authenticated, another path each time", by: postern, load: to(in.address, "/tasks/#", cookie)}
	all := []*contender{measure, second, public, hit, signed, session}
	routes, stop, err := b.routes(ctx, to)
	if err != nil {
		return nil, err
	}
	defer stop()
	all = append(all, routes...)
	if b.signIns > 0 {
		// A process of its own: the memory that hashing takes would make the others' garbage collection cheaper.
		in, hashing, _, err := b.serving(ctx, "sign-in", installation{})
		if err != nil {
			return nil, err
		}
		defer hashing.stop()
		all = append(all, &contender{name: "postern, sign-in", by: hashing, load: in.signInLoad(b.signIns)})
	}
	if err := compete(ctx, all, b.rounds, b.tell); err != nil {
		return nil, err
	}
	var t table
	for _, c := range all {
		t = append(t, c.row(measure))
		if c == hit {
			more := hit.ratio(public)
			r := row{name: "  the same over the public route", ratio: fmt.Sprintf("%.2f", more)}
			r.judge(more <= 1.05, "<= 1.05")
			t = append(t, r)
		}
	}
	settled, err := postern.resident()
	if err != nil {
		return nil, err
	}
	return append(t, row{name: "memory at the end of these", value: mebibytes(settled)}), nil
}

// routes compares one route with a thousand, and with one without assertions. Each has a process of its own, which does nothing else: how long a process has
// been idle shows, since it gives its memory back.
func (b *bench) routes(ctx context.Context, to func(address, path, cookie string) load) (_ []*contender, stop func(), err error) {
	var processes []*process
	stop = func() {
		for _, p := range processes {
			p.stop()
		}
	}
	var all []*contender
	for i, of := range []installation{{routes: 1}, {routes: 1000}, {routes: 1, plain: true}} {
		in, p, cookie, err := b.serving(ctx, fmt.Sprintf("alone-%d", i), of)
		if err != nil {
			stop()
			return nil, nil, err
		}
		processes = append(processes, p)
		all = append(all, &contender{by: p, load: to(in.address, "/tasks/42", cookie)})
	}
	all[0].name, all[1].name, all[2].name = "postern, the only route", "postern, the last of 1,000 routes", "postern, the only route, without assertions"
	all[2].beside = all[0]
	all[1].beside, all[1].target = all[0], 1.03
	return all, stop, nil
}

// serving starts a Postern on SQLite with one user and returns the cookie of the user's session.
func (b *bench) serving(ctx context.Context, name string, of installation) (*installation, *process, string, error) {
	in, err := b.install(ctx, name, "")
	if err != nil {
		return nil, nil, "", err
	}
	in.routes, in.plain, in.extra = of.routes, of.plain, of.extra
	p, _, err := in.start(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	cookie, err := in.signUp(ctx, benchUser)
	if err != nil {
		p.stop()
		return nil, nil, "", err
	}
	return in, p, cookie, nil
}

const benchUser = "bench@example.com"

func (in *installation) signInLoad(count int) load {
	return load{address: in.address, request: signIn(in.address, benchUser), status: http.StatusOK, connections: signInsAtOnce, requests: count}
}

// record loads one path while perf takes samples of Postern.
func (b *bench) record(ctx context.Context) (table, error) {
	in, postern, cookie, err := b.serving(ctx, "record", installation{})
	if err != nil {
		return nil, err
	}
	defer postern.stop()
	command := exec.CommandContext(ctx, "perf", "record", "--quiet", "-g", "-F", "999", "-o", b.profile,
		"-p", strconv.Itoa(postern.command.Process.Pid))
	command.Stderr = os.Stderr
	perf, err := start(command)
	if err != nil {
		return nil, fmt.Errorf("take samples: %w", err)
	}
	defer perf.stop()
	hit := &contender{name: "postern, " + b.profilePath, by: postern, load: load{
		address: in.address, request: get(b.profilePath, in.address, cookie), status: http.StatusOK, connections: b.connections, requests: b.requestCount,
	}}
	if err := compete(ctx, []*contender{hit}, b.rounds, b.tell); err != nil {
		return nil, err
	}
	return table{hit.row(nil)}, nil
}
