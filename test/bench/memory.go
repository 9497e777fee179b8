package main

import (
	"context"
	"fmt"
	"time"
)

// idleTarget is the most memory that a server may hold when it has nothing to do, in bytes.
const idleTarget = 30 << 20

// burst is how many sign-ins come before the last look at the memory. One takes 32 MiB while it runs.
const burst = 40

// memory measures what a server holds at rest: after its start, after a while, and a while after a burst of sign-ins.
func (b *bench) memory(ctx context.Context) (table, error) {
	if !b.measureMemory {
		return nil, nil
	}
	var t table
	for _, database := range b.databases() {
		rows, err := b.memoryOn(ctx, database)
		if err != nil {
			return nil, err
		}
		t = append(t, rows...)
	}
	return t, nil
}

func (b *bench) memoryOn(ctx context.Context, on database) (table, error) {
	b.tell("memory on %s", on.name)
	in, err := b.install(ctx, "memory-"+on.name, on.url)
	if err != nil {
		return nil, err
	}
	p, _, err := in.start(ctx)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	var t table
	look := func(when string) error {
		held, err := p.resident()
		r := row{name: "memory, " + on.name + ", " + when, value: mebibytes(held)}
		r.judge(held <= idleTarget, "<= "+mebibytes(idleTarget))
		t = append(t, r)
		return err
	}
	if err := look("after start"); err != nil {
		return nil, err
	}
	if err := b.settle(ctx); err != nil {
		return nil, err
	}
	if err := look(fmt.Sprintf("after %s", b.idle)); err != nil {
		return nil, err
	}
	if _, err := in.signUp(ctx, benchUser); err != nil {
		return nil, err
	}
	if _, err := in.signInLoad(burst).run(ctx, time.Minute); err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	if err := b.settle(ctx); err != nil {
		return nil, err
	}
	if err := look(fmt.Sprintf("%s after %d sign-ins", b.idle, burst)); err != nil {
		return nil, err
	}
	return t, nil
}

func (b *bench) settle(ctx context.Context) error {
	select {
	case <-time.After(b.idle):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
