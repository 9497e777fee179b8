package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Targets of memory in use.
const (
	cachedSessions = 100_000
	cachedTarget   = 150 << 20
	idleConns      = 10_000
	idleConnTarget = 250 << 20
)

// crowdedMemory measures what a server holds for many sessions in its cache, and for many connections that wait.
func (b *bench) crowdedMemory(ctx context.Context) (table, error) {
	if !b.measureMemory || b.postgres == "" {
		return nil, nil
	}
	many, err := b.gather(ctx, cachedSessions)
	if err != nil {
		return nil, err
	}
	in, p, err := b.servedFrom(ctx, "memory-crowd", many)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	b.tell("memory with %s sessions", thousands(cachedSessions))
	l := b.loadFrom(in.address, "/tasks/42", "#")
	l.requests, l.fill = cachedSessions, many.cookie
	if _, err := l.run(ctx, 10*time.Minute); err != nil {
		return nil, fmt.Errorf("fill the cache: %w", err)
	}
	sessions, err := b.held(ctx, p, fmt.Sprintf("memory with %s sessions cached, %s later", thousands(cachedSessions), b.idle), cachedTarget)
	if err != nil {
		return nil, err
	}
	other, q, err := b.servedFrom(ctx, "memory-connections", many)
	if err != nil {
		return nil, err
	}
	defer q.stop()
	b.tell("memory with %s connections", thousands(idleConns))
	for range idleConns {
		c, err := ask(ctx, other.address)
		if err != nil {
			return nil, fmt.Errorf("connection (is ulimit -n high enough?): %w", err)
		}
		defer c.Close()
		if status, err := c.status(get("/tasks/42", c.host, many.cookie(1))); err != nil || status != http.StatusOK {
			return nil, fmt.Errorf("answered %d, %w", status, err)
		}
	}
	connections, err := b.held(ctx, q, fmt.Sprintf("memory with %s idle connections, %s later", thousands(idleConns), b.idle), idleConnTarget)
	return table{sessions, connections}, err
}

// held is the row of a process's memory when it has settled.
func (b *bench) held(ctx context.Context, p *process, name string, target int64) (row, error) {
	if err := b.settle(ctx); err != nil {
		return row{}, err
	}
	held, err := p.resident()
	r := row{name: name, value: mebibytes(held)}
	r.judge(held <= target, "<= "+mebibytes(target))
	return r, err
}
