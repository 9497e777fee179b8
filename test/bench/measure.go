package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/posternhq/postern/test/postgres"
)

// bench is what all measurements share.
type bench struct {
	settings
	folder   string
	binary   string
	upstream string // address
	postgres string // URL of a database; empty without PostgreSQL
	tell     func(format string, args ...any)
}

// measure makes the whole table.
func measure(ctx context.Context, s settings, progress io.Writer) (_ table, err error) {
	began := time.Now()
	b := &bench{settings: s, tell: func(format string, args ...any) {
		fmt.Fprintf(progress, "%6s  %s\n", time.Since(began).Round(time.Second), fmt.Sprintf(format, args...))
	}}
	if b.folder, err = os.MkdirTemp("", "postern-bench-"); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.folder)) }()
	if b.binary = s.postern; b.binary == "" {
		b.tell("building postern")
		if b.binary, err = buildPostern(ctx, b.folder); err != nil {
			return nil, err
		}
	}
	upstream, address, err := startPeer(ctx, "upstream")
	if err != nil {
		return nil, err
	}
	defer upstream.stop()
	b.upstream = address
	if s.profile != "" {
		return b.record(ctx)
	}
	cluster, err := postgres.Start("")
	if err != nil {
		b.tell("no PostgreSQL, so its rows are left out: %v", err)
	} else {
		defer func() { err = errors.Join(err, cluster.Close()) }()
		b.postgres = cluster.URL("postgres")
	}
	return b.all(ctx)
}

// all measures one thing after another, so that none disturbs the next.
func (b *bench) all(ctx context.Context) (table, error) {
	var t table
	for _, part := range []func(context.Context) (table, error){b.requests, b.starting, b.memory} {
		rows, err := part(ctx)
		if err != nil {
			return nil, err
		}
		t = append(t, rows...)
	}
	return t, nil
}

// install gives an installation of its own, with a migrated database.
func (b *bench) install(ctx context.Context, name, database string) (*installation, error) {
	in, err := newInstallation(b.binary, filepath.Join(b.folder, name), database, "http://"+b.upstream)
	if err != nil {
		return nil, err
	}
	p, _, err := in.start(ctx)
	if err != nil {
		return nil, err
	}
	p.stop()
	return in, nil
}
