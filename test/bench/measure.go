package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternhq/postern/test/postgres"
)

// bench is what all measurements share.
type bench struct {
	settings
	folder   string
	binary   string
	upstream string // address
	postgres string // URL of a database; empty without PostgreSQL
	small    *crowd // made when it is asked for
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
	switch {
	case s.profile != "":
		return b.record(ctx)
	case s.soak > 0:
		return b.soaked(ctx)
	case s.revision != "":
		return b.against(ctx)
	}
	cluster, err := postgres.Start("")
	if err != nil {
		b.tell("no PostgreSQL, so its rows are left out: %v", err)
	} else {
		defer func() { err = errors.Join(err, cluster.Close()) }()
		b.postgres = cluster.URL("postgres")
		if err := b.enlarge(ctx, cluster); err != nil {
			return nil, err
		}
	}
	return b.all(ctx)
}

// enlarge gives PostgreSQL the memory of one that serves a million users: its default of 128 MiB is meant for machines of the nineties.
func (b *bench) enlarge(ctx context.Context, cluster *postgres.Cluster) error {
	db, err := pgx.Connect(ctx, b.postgres)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	_, err = db.Exec(ctx, "ALTER SYSTEM SET shared_buffers = '1GB'")
	if err := errors.Join(err, db.Close(ctx)); err != nil {
		return fmt.Errorf("enlarge PostgreSQL: %w", err)
	}
	return cluster.Restart()
}

// part is a part of the table, by the name that -only knows.
type part struct {
	name    string
	measure func(context.Context) (table, error)
}

func (b *bench) parts() []part {
	return []part{
		{"requests", b.requests}, {"protocols", b.protocols}, {"others", b.others}, {"lookups", b.lookups}, {"lag", b.lag},
		{"start", b.starting}, {"memory", b.memory}, {"crowd", b.crowdedMemory},
	}
}

// all measures one thing after another, so that none disturbs the next.
func (b *bench) all(ctx context.Context) (table, error) {
	var t table
	for _, p := range b.parts() {
		if b.only != "" && !slices.Contains(strings.Split(b.only, ","), p.name) {
			continue
		}
		rows, err := p.measure(ctx)
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

// smallCrowd is the database that several parts share: ten thousand sessions.
func (b *bench) smallCrowd(ctx context.Context) (_ *crowd, err error) {
	if b.small == nil {
		b.small, err = b.gather(ctx, 10_000)
	}
	return b.small, err
}
