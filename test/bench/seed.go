package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// benchSecret signs cookies, Postern's and better-auth's alike.
const benchSecret = "m1tLbq0nPz4vYc7sXw2gKd9hRj5fTu8e"

// crowd is a database of its own with users who are signed in.
type crowd struct {
	url  string
	size int
}

// gather makes a database by Postern's own migrations and signs users in, one for four sessions. That many sign-ins would take days.
func (b *bench) gather(ctx context.Context, size int) (*crowd, error) {
	b.tell("signing in %d sessions", size)
	name := fmt.Sprintf("crowd_%d", size)
	admin, err := pgx.Connect(ctx, b.postgres)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer admin.Close(ctx)
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return nil, fmt.Errorf("create database: %w", err)
	}
	at, err := url.Parse(b.postgres)
	if err != nil {
		return nil, fmt.Errorf("parse URL: %w", err)
	}
	at.Path = "/" + name
	c := &crowd{url: at.String(), size: size}
	if _, err := b.install(ctx, name, c.url); err != nil {
		return nil, err
	}
	db, err := pgx.Connect(ctx, c.url)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer db.Close(ctx)
	for _, statement := range []string{
		"SET session_replication_role = replica", // no triggers: there is nobody yet to be told
		fmt.Sprintf(`INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
			SELECT 'user' || n, 'Bench', 'user' || n || '@example.com', true, now(), now() FROM generate_series(0, %d) n`, (size-1)/4),
		fmt.Sprintf(`INSERT INTO session (id, "expiresAt", token, "createdAt", "updatedAt", "ipAddress", "userAgent", "userId")
			SELECT 'session' || n, now() + interval '7 days', lpad(n::text, 32, 'S'), now(), now(), '127.0.0.1', 'bench', 'user' || n / 4
			FROM generate_series(0, %d) n`, size-1),
		"VACUUM ANALYZE",
		// Into PostgreSQL's memory, where a database that is in use has it.
		"SET max_parallel_workers_per_gather = 0",
		"SET enable_seqscan = off",
		`SELECT count("updatedAt") FROM (SELECT * FROM session ORDER BY token) s`,
		`SELECT count("updatedAt") FROM (SELECT * FROM "user" ORDER BY id) u`,
	} {
		if _, err := db.Exec(ctx, statement); err != nil {
			return nil, fmt.Errorf("sign in: %w", err)
		}
	}
	return c, nil
}

// token is that of the n-th session. Large numbers begin again, and neighbours lie far apart, so that no two look-ups share a page.
func (c *crowd) token(n int) string {
	const stride = 7_368_787 // a prime: every session has its turn
	at := fmt.Sprint(n * stride % c.size)
	return strings.Repeat("S", 32-len(at)) + at
}

// cookie is the session's as its browser sends it: better-auth's form, signed.
func (c *crowd) cookie(n int) string {
	token := c.token(n)
	mac := hmac.New(sha256.New, []byte(benchSecret))
	mac.Write([]byte(token))
	return "better-auth.session_token=" + url.QueryEscape(token+"."+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// servedFrom starts a Postern over a crowd.
func (b *bench) servedFrom(ctx context.Context, name string, c *crowd, extra ...string) (*installation, *process, error) {
	in, err := newInstallation(b.binary, filepath.Join(b.folder, name), c.url, "http://"+b.upstream)
	if err != nil {
		return nil, nil, err
	}
	in.extra = extra
	p, _, err := in.start(ctx)
	return in, p, err
}
