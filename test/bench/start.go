package main

import (
	"context"
	"fmt"
	"time"
)

// readyTarget is the most that a start may take.
const readyTarget = 150 * time.Millisecond

// starting measures how long a server takes from its start to readiness.
func (b *bench) starting(ctx context.Context) (table, error) {
	if b.starts == 0 {
		return nil, nil
	}
	var t table
	for _, database := range b.databases() {
		b.tell("starting %d times on %s", b.starts, database.name)
		in, err := b.install(ctx, "start-"+database.name, database.url)
		if err != nil {
			return nil, err
		}
		times := make([]time.Duration, b.starts)
		for i := range times {
			p, took, err := in.start(ctx)
			if err != nil {
				return nil, err
			}
			p.stop()
			times[i] = took
		}
		typical := median(times)
		r := row{name: "start to ready, " + database.name, value: milliseconds(typical)}
		r.judge(typical <= readyTarget, fmt.Sprintf("<= %d ms", readyTarget.Milliseconds()))
		t = append(t, r)
	}
	return t, nil
}

// database is where an installation keeps users.
type database struct{ name, url string }

func (b *bench) databases() []database {
	list := []database{{name: "SQLite"}}
	if b.postgres != "" {
		list = append(list, database{"PostgreSQL", b.postgres})
	}
	return list
}
