package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// Standby makes a copy of the cluster that follows it, and waits until the cluster acknowledges nothing that the copy does not have.
func (c *Cluster) Standby() (*Cluster, error) {
	s := &Cluster{bin: c.bin, remove: true}
	var err error
	if s.dir, err = os.MkdirTemp("", "postern-standby-"); err != nil {
		return nil, fmt.Errorf("make folder for PostgreSQL: %w", err)
	}
	if err := s.follow(c); err != nil {
		return nil, errors.Join(err, s.discard())
	}
	if err := s.Restart(); err != nil {
		return nil, errors.Join(err, s.discard())
	}
	if err := c.replicateSynchronously(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (c *Cluster) follow(primary *Cluster) error {
	owner, err := serverOwner()
	if err != nil {
		return err
	}
	if owner != nil {
		if err := os.Chown(c.dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return fmt.Errorf("give folder to PostgreSQL's user: %w", err)
		}
	}
	backup := c.command(filepath.Join(c.bin, "pg_basebackup"), "-d", primary.URL("postgres"), "-D", c.data(), "-R", "-X", "stream", "-c", "fast", "--no-sync")
	if output, err := backup.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_basebackup: %w: %s", err, output)
	}
	c.port, err = freePort()
	return err
}

func (c *Cluster) replicateSynchronously() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for _, sql := range []string{`ALTER SYSTEM SET synchronous_standby_names = '*'`, `SELECT pg_reload_conf()`} {
		if err := administer(ctx, c.URL("postgres"), sql); err != nil {
			return err
		}
	}
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for {
		var n int
		if err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'`).Scan(&n); err != nil || n > 0 {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Promote makes a standby a primary.
func (c *Cluster) Promote() error {
	return administer(context.Background(), c.URL("postgres"), `SELECT pg_promote()`)
}

// Address is where the cluster listens.
func (c *Cluster) Address() string { return fmt.Sprintf("127.0.0.1:%d", c.port) }
