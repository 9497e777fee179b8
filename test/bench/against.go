package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// regression is how much more CPU time than before a request may take. What is less cannot be told from the noise of a shared machine.
const regression = 1.10

// errRegression says that a row takes more than it did.
var errRegression = errors.New("requests cost more than before")

// against compares with the binary of another revision, both serving in turns. Unlike a missed target, being slower than before is an error.
func (b *bench) against(ctx context.Context) (table, error) {
	before, err := b.former(ctx)
	if err != nil {
		return nil, err
	}
	here, now, cookie, err := b.serving(ctx, "now", installation{})
	if err != nil {
		return nil, err
	}
	defer now.stop()
	b.binary, before = before, b.binary
	there, then, oldCookie, err := b.serving(ctx, "then", installation{})
	b.binary = before
	if err != nil {
		return nil, err
	}
	defer then.stop()
	var all, pairs []*contender
	for _, kind := range []struct{ name, path string }{
		{"public route", "/public/42"}, {"authenticated, cached", "/tasks/42"}, {"authenticated, another path each time", "/tasks/#"},
		{"get-session, cached", "/api/auth/get-session"},
	} {
		old := &contender{name: kind.name + ", " + b.revision, by: then, load: b.loadFrom(there.address, kind.path, oldCookie)}
		pairs = append(pairs, &contender{name: kind.name + ", now", by: now, load: b.loadFrom(here.address, kind.path, cookie), beside: old, target: regression})
		all = append(all, old, pairs[len(pairs)-1])
	}
	if err := compete(ctx, all, b.rounds, b.tell); err != nil {
		return nil, err
	}
	var t table
	for _, c := range all {
		t = append(t, c.row(nil))
	}
	for _, c := range pairs {
		if c.ratio(c.beside) > regression {
			return t, errRegression
		}
	}
	return t, nil
}

// former is the binary to compare with: the one that is named, or that of a revision.
func (b *bench) former(ctx context.Context) (string, error) {
	if info, err := os.Stat(b.revision); err == nil && info.Mode().IsRegular() {
		return b.revision, nil
	}
	b.tell("building postern of %s", b.revision)
	return buildRevision(ctx, b.revision, filepath.Join(b.folder, "revision"))
}

// buildRevision builds what a revision of the repository holds.
func buildRevision(ctx context.Context, revision, folder string) (string, error) {
	module, err := moduleFolder(ctx)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	archive := filepath.Join(folder, "source.tar")
	for _, command := range []*exec.Cmd{
		exec.CommandContext(ctx, "git", "-C", module, "archive", "--output", archive, revision, "--", "."),
		exec.CommandContext(ctx, "tar", "-C", folder, "-xf", archive),
	} {
		if output, err := command.CombinedOutput(); err != nil {
			return "", fmt.Errorf("take %s out of the repository: %w: %s", revision, err, output)
		}
	}
	return build(ctx, folder, filepath.Join(folder, "postern"))
}
