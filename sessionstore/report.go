package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// State says how a table or a migration stands.
type State string

// The states of a Step. Created is Missing after Migrate; Newer was made by a newer Postern, which this one can work beside.
const (
	Present State = "present"
	Missing State = "missing"
	Created State = "created"
	Newer   State = "newer"
)

// breaking begins the name of a migration that an older Postern cannot work with, such as one that drops a column: 0007_breaking_name.sql. All
// others only add, so that two versions serve one database while one replaces the other, in either direction.
const breaking = "breaking_"

// Step is a table of better-auth, the column of an additional field in such a table, or one migration of a set.
type Step struct {
	Name  string // "table user", "column company (text) of table user", "migration outbox 1 mail"
	State State

	Uses   []string // of a table: columns that not every better-auth makes, those of additional fields included, and that are used here
	Leaves []string // of a table: columns of plugins and applications, which are never touched

	model  string           // of a table or column
	column *AdditionalField // of a column

	set     string // of a migration
	version int    // 0 for triggers, which are made whenever one is missing
	file    string
	sql     string
}

// Report is what Migrate did or Status found.
type Report struct {
	Database string // kind and name; never the URL, which holds a password
	Steps    []Step
	Problems []Problem
}

// ErrMigrationsPending says that the database lacks tables that Migrate would create.
var ErrMigrationsPending = errors.New("database is not migrated; run: postern migrate up")

// ErrNotUnderstood says that the database differs from what Postern can work with in a way that Migrate can not mend.
var ErrNotUnderstood = errors.New("database does not fit")

// Err is nil when the database is ready to be used.
func (r Report) Err() error {
	if len(r.Problems) > 0 {
		lines := make([]string, len(r.Problems))
		for i, p := range r.Problems {
			lines[i] = p.String()
		}
		return fmt.Errorf("%w: %s", ErrNotUnderstood, strings.Join(lines, "; "))
	}
	var missing []string
	for _, s := range r.Steps {
		if s.State == Missing {
			missing = append(missing, s.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w (missing: %s)", ErrMigrationsPending, strings.Join(missing, ", "))
	}
	return nil
}

// String is for people: a line for each step and each problem, and what to do.
func (r Report) String() string { return strings.Join(r.Lines(), "\n") + "\n" }

// Lines is String line by line.
func (r Report) Lines() []string {
	lines := []string{r.Database}
	counts := map[State]int{}
	for _, s := range r.Steps {
		lines = append(lines, fmt.Sprintf("  %-8s %s%s", s.State, s.Name, s.columns()))
		counts[s.State]++
	}
	for _, p := range r.Problems {
		lines = append(lines, "  problem  "+p.String())
	}
	switch {
	case len(r.Problems) > 0:
		lines = append(lines, "Postern can not use this database until the problems above are solved. Nothing was changed.")
	case counts[Missing] > 0:
		lines = append(lines, fmt.Sprintf("%d to create; run: postern migrate up", counts[Missing]))
	case counts[Created] > 0:
		lines = append(lines, fmt.Sprintf("%d created", counts[Created]))
	case counts[Newer] > 0:
		lines = append(lines, "up to date; a newer Postern has added to it, which this one does not mind")
	default:
		lines = append(lines, "up to date")
	}
	return lines
}

// columns tells in which way a table is not the plain one of better-auth.
func (s Step) columns() string {
	var notes []string
	if len(s.Uses) > 0 {
		notes = append(notes, "uses "+strings.Join(s.Uses, ", "))
	}
	if len(s.Leaves) > 0 {
		notes = append(notes, "leaves alone "+strings.Join(s.Leaves, ", "))
	}
	if len(notes) == 0 {
		return ""
	}
	return " (" + strings.Join(notes, "; ") + ")"
}

// isUnenforced recognises columns of better-auth's plugins that keep people out. Postern has no such plugin: whoever relies on one
// must hear of it before somebody signs in with the password alone.
func isUnenforced(column string) bool {
	switch strings.ToLower(strings.ReplaceAll(column, "_", "")) {
	case "twofactorenabled":
		return true
	}
	return false
}

// warn names columns that mean something for sign-in and on which nothing here acts, and what a newer Postern has added.
func (r Report) warn(ctx context.Context, log *slog.Logger) {
	for _, s := range r.Steps {
		if s.State == Newer {
			log.LogAttrs(ctx, slog.LevelWarn, "database was migrated by a newer postern", slog.String("step", s.Name))
		}
		for _, column := range append(s.Leaves[:len(s.Leaves):len(s.Leaves)], s.Uses...) {
			if isUnenforced(column) {
				log.LogAttrs(ctx, slog.LevelWarn, "column is not enforced: sign-in does not look at it",
					slog.String("in", s.Name), slog.String("column", column))
			}
		}
	}
}

func (r Report) created() []string {
	var names []string
	for _, s := range r.Steps {
		if s.State == Created {
			names = append(names, s.Name)
		}
	}
	return names
}

// add compares the steps of a set with those that were applied.
func (r *Report) add(set string, steps []Step, applied []string) {
	for i := range steps {
		steps[i].State = Missing
		if i < len(applied) {
			steps[i].State = Present
			if applied[i] != steps[i].file {
				r.Problems = append(r.Problems, Problem{
					Table: "migration", Expected: fmt.Sprintf("version %d of %s to be %s", i+1, set, steps[i].file), Found: applied[i],
				})
			}
		}
	}
	r.Steps = append(r.Steps, steps...)
	for i, name := range applied[min(len(steps), len(applied)):] {
		version := len(steps) + i + 1
		if strings.HasPrefix(name, breaking) {
			r.Problems = append(r.Problems, Problem{
				Table:    "migration",
				Expected: fmt.Sprintf("%s at version %d or older", set, version-1),
				Found:    fmt.Sprintf("version %d, made by a newer Postern; start that one", len(applied)),
			})
			return
		}
		r.Steps = append(r.Steps, Step{Name: fmt.Sprintf("migration %s %d %s", set, version, name), State: Newer, set: set, version: version, file: name})
	}
}
