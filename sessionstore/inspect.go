package sessionstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// column is what a database says about one of its columns.
type column struct {
	name       string
	kind       string // in the database's own words
	nullable   bool
	hasDefault bool
	enum       bool
	unique     bool
}

// presence holds the columns that exist, by model and field.
type presence map[string]map[string]column

func (p presence) has(model, field string) bool {
	_, ok := p[model][field]
	return ok
}

// Problem is one difference between the database and what Postern can work with.
type Problem struct {
	Table    string
	Column   string // empty when it concerns the whole table
	Expected string
	Found    string
}

// String is one line, such as: table "user", column "emailVerified": expected boolean, found text.
func (p Problem) String() string {
	where := fmt.Sprintf("table %q", p.Table)
	if p.Column != "" {
		where += fmt.Sprintf(", column %q", p.Column)
	}
	return fmt.Sprintf("%s: expected %s, found %s", where, p.Expected, p.Found)
}

// columnsOf lists the columns of a table. None: there is no such table.
func (db *database) columnsOf(ctx context.Context, on *Store, table string) ([]column, error) {
	var columns []column
	err := db.inspection.Query(ctx, on, "Columns", []any{table}, func(scan scanFunc) error {
		var c column
		if err := scan(&c.name, &c.kind, &c.nullable, &c.hasDefault, &c.enum, &c.unique); err != nil {
			return err
		}
		columns = append(columns, c)
		return nil
	})
	return columns, err
}

// lookupName is how Columns wants a table to be named: PostgreSQL resolves SQL text, SQLite compares the plain name.
func (db *database) lookupName(model string) string {
	if db.driver.dialect() == sqlite {
		return db.mapping[model].Table
	}
	return db.table(model)
}

// findings is what comparing a table with its model has shown.
type findings struct {
	present  map[string]column // by field; nil when there is no such table
	optional []string          // columns of optional and additional fields that exist
	missing  AdditionalFields  // that have no column yet
	foreign  []string          // columns that are no field of the model
	problems []Problem
}

// inspectModel compares one table with its model.
func (db *database) inspectModel(ctx context.Context, on *Store, m model) (findings, error) {
	columns, err := db.columnsOf(ctx, on, db.lookupName(m.name))
	if err != nil || len(columns) == 0 {
		return findings{}, err
	}
	names := db.mapping[m.name]
	found := findings{present: map[string]column{}}
	known := map[string]bool{}
	for _, f := range m.fields {
		name := names.Columns[f.name]
		known[name] = true
		written := slices.ContainsFunc(db.additional[m.name], func(a *AdditionalField) bool { return a.Name == f.name })
		i := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
		if i < 0 {
			if f.additional != nil {
				found.missing = append(found.missing, f.additional)
			} else if !f.optional {
				found.problems = append(found.problems, Problem{names.Table, name, expectedType(db.driver.dialect(), f.kind), "no such column"})
			}
			continue
		}
		found.present[f.name] = columns[i]
		if f.optional && !written || f.additional != nil {
			found.optional = append(found.optional, name)
		}
		found.problems = append(found.problems, fieldProblems(db.driver.dialect(), names.Table, f, columns[i], written)...)
	}
	for _, c := range columns {
		if known[c.name] {
			continue
		}
		found.foreign = append(found.foreign, c.name)
		if !c.nullable && !c.hasDefault {
			found.problems = append(found.problems, Problem{names.Table, c.name, "null to be allowed, or a default, since Postern does not know this column and writes nothing to it", c.kind + " not null without default"})
		}
	}
	return found, nil
}

func fieldProblems(d dialect, table string, f field, c column, written bool) []Problem {
	var problems []Problem
	if !accepts(d, f, c) {
		problems = append(problems, Problem{table, c.name, expectedType(d, f.kind), c.kind})
	}
	if f.nullable && !c.nullable && !(f.additional != nil && c.hasDefault) {
		problems = append(problems, Problem{table, c.name, "null to be allowed", "not null"})
	}
	if f.optional && !f.unread && !written && !c.nullable && !c.hasDefault {
		problems = append(problems, Problem{table, c.name, "null to be allowed, or a default, since Postern does not write this column", "not null without default"})
	}
	// Of two sign-ups with one address the database must refuse one.
	if f.unique && !c.unique {
		problems = append(problems, Problem{table, c.name, "a unique index over this column alone", "none"})
	}
	return problems
}

// accepts tells whether values of the field can be kept in the column without loss.
func accepts(d dialect, f field, c column) bool {
	if (f.optional || f.additional != nil) && f.kind == text && c.enum {
		return true // read as text
	}
	kind, _, _ := strings.Cut(c.kind, "(")
	kind = strings.TrimSpace(kind)
	return slices.Contains(acceptable(d, f.kind), kind) || f.additional != nil && slices.Contains(alsoAdditional(d, f.kind), kind)
}

// alsoAdditional lists further types, which better-auth and the tools around it make for additional fields only.
func alsoAdditional(d dialect, k kind) []string {
	switch {
	case d == sqlite:
		return nil
	case k == text:
		return []string{"uuid", "character", "citext"}
	case k == timestamp:
		return []string{"date"}
	}
	return nil
}

// acceptable lists types, the one to create first. SQLite takes the name of a type for a hint only; integers are
// refused for times, because integers and text do not compare.
func acceptable(d dialect, k kind) []string {
	switch {
	case k == number || k == bigNumber:
		return acceptableNumbers(d, k)
	case d == sqlite && (k == textList || k == numbers || k == document):
		return []string{"text", "json", "jsonb", "varchar"}
	case k == textList:
		return []string{"jsonb", "json", "text[]", "character varying[]"}
	case k == numbers:
		return []string{"jsonb", "json", "integer[]", "bigint[]", "smallint[]", "double precision[]", "real[]", "numeric[]"}
	case k == document:
		return []string{"jsonb", "json"}
	case d == sqlite && k == text:
		return []string{"text", "varchar", "char", "nvarchar", "character varying", "clob", "string"}
	case d == sqlite && k == boolean:
		return []string{"integer", "boolean", "int", "tinyint", "numeric"}
	case d == sqlite:
		return []string{"date", "datetime", "timestamp", "text"}
	case k == text:
		return []string{"text", "character varying"}
	case k == boolean:
		return []string{"boolean"}
	}
	return []string{"timestamp with time zone", "timestamp without time zone"}
}

func acceptableNumbers(d dialect, k kind) []string {
	first, second := "integer", "bigint"
	if k == bigNumber {
		first, second = second, first
	}
	if d == sqlite {
		return []string{first, second, "int", "smallint", "tinyint", "real", "double", "float", "numeric", "decimal", "double precision"}
	}
	return []string{first, second, "smallint", "numeric", "double precision", "real"}
}

func expectedType(d dialect, k kind) string { return acceptable(d, k)[0] }
