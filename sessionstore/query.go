package sessionstore

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
)

// Statements are named queries with all identifiers filled in.
//
// A file holds any number of them, each after a line "-- name: FindUserByEmail". A query that makes sense only where an
// optional column exists says so by "-- needs: account.issuer". Values are $1, $2 …, in both databases. In braces stand
// identifiers that users may rename, and tables of our own:
//
//	{user}              the table              {user.email}     the column
//	{u:user.email}      the column of alias u  {user.*} {u:user.*}  all columns, in the order of the model
//	{postern.mail}      "postern"."mail" in PostgreSQL, "postern_mail" in SQLite
//	{user.more columns} {user.more values} {user.more assignments}  additional fields, each after a comma: those that are written
//	{user.more definitions}  the additional fields' lines of a CREATE TABLE, each after a comma
//	{user.where} {user.order}  which users ListUsers finds, and in which order
//	{index user.email}  the name of the index over the column
//	{literal user.email} the name of the column, as text
//	{tables_in}         the schema named by database.tables_in
//
// What stands in quotes is left alone, the body of a function too, unless it is quoted as $fill$.
type Statements struct {
	byName map[string]statement
}

// statement is ready to be sent.
type statement struct {
	sql    string
	source string // before identifiers were filled in
	reads  bool   // begins with SELECT; SQLite sends everything else to its single writer
}

// Statements parses the *.sql files at the root of fsys. A query in the folder postgres or sqlite replaces the one of the
// same name in that database.
func (s *Store) Statements(fsys fs.FS) (*Statements, error) {
	return s.db.statements(fsys)
}

func (db *database) statements(fsys fs.FS) (*Statements, error) {
	st := &Statements{byName: map[string]statement{}}
	if err := st.add(fsys, ".", db); err != nil {
		return nil, err
	}
	variants := &Statements{byName: map[string]statement{}}
	if err := variants.add(fsys, string(db.driver.dialect()), db); err != nil {
		return nil, err
	}
	for name, variant := range variants.byName {
		st.byName[name] = variant
	}
	return st, nil
}

// add reads one folder. A query may stand in it once.
func (st *Statements) add(fsys fs.FS, folder string, db *database) error {
	files, err := fs.Glob(fsys, path.Join(folder, "*.sql"))
	if err != nil {
		return fmt.Errorf("list queries: %w", err)
	}
	for _, file := range files {
		source, err := fs.ReadFile(fsys, file)
		if err != nil {
			return fmt.Errorf("read queries: %w", err)
		}
		parsed, err := parseQueries(string(source))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, q := range parsed {
			if _, twice := st.byName[q.name]; twice {
				return fmt.Errorf("%s: query %s is there twice", file, q.name)
			}
			if !slices.ContainsFunc(q.needs, db.lacks) {
				filled, err := fill(q.sql, db.identifier)
				if err != nil {
					return fmt.Errorf("%s: query %s: %w", file, q.name, err)
				}
				st.byName[q.name] = statement{sql: filled, source: q.sql, reads: startsWithSelect(filled)}
			}
		}
	}
	return nil
}

// Exec runs a statement and says how many rows it touched. Run it on a Store bound to a transaction to make it part of that.
// Times are stored as UTC milliseconds. Errors are those of this package.
func (st *Statements) Exec(ctx context.Context, on *Store, name string, args ...any) (int64, error) {
	q, err := st.find(name)
	if err != nil {
		return 0, err
	}
	var touched int64
	err = on.run(ctx, name, func(ctx context.Context, on querier) (err error) {
		touched, err = on.exec(ctx, q, args)
		return err
	})
	return touched, err
}

// Query runs a statement and calls each for every row, with a function that copies the columns. An error from each ends it
// and is returned. The connection is busy meanwhile: do not use the same transaction within each. No row is no error.
func (st *Statements) Query(ctx context.Context, on *Store, name string, args []any, each func(scan func(dest ...any) error) error) error {
	q, err := st.find(name)
	if err != nil {
		return err
	}
	return on.run(ctx, name, func(ctx context.Context, on querier) error { return on.query(ctx, q, args, each) })
}

// Has tells whether the database has what the query of this name needs.
func (st *Statements) Has(name string) bool {
	_, ok := st.byName[name]
	return ok
}

func (st *Statements) find(name string) (statement, error) {
	q, ok := st.byName[name]
	if !ok {
		return statement{}, fmt.Errorf("there is no query %s", name)
	}
	return q, nil
}

// lacks tells whether the column "model.field" does not exist in this database.
func (db *database) lacks(column string) bool {
	model, field, _ := strings.Cut(column, ".")
	return !db.columns.has(model, field)
}

// query is one named query as it stands in the file.
type query struct {
	name  string
	needs []string
	sql   string
}

// parseQueries splits a file at its name lines.
func parseQueries(source string) ([]query, error) {
	var queries []query
	for number, line := range strings.Split(source, "\n") {
		trimmed := strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(trimmed, "-- name:"); ok {
			name = strings.TrimSpace(name)
			if !isWord(name) {
				return nil, fmt.Errorf("line %d: %q is not a name", number+1, name)
			}
			queries = append(queries, query{name: name})
			continue
		}
		comment := strings.HasPrefix(trimmed, "--")
		if len(queries) == 0 {
			if trimmed != "" && !comment {
				return nil, fmt.Errorf("line %d: stands before the first -- name: line", number+1)
			}
			continue
		}
		current := &queries[len(queries)-1]
		if needs, ok := strings.CutPrefix(trimmed, "-- needs:"); ok {
			current.needs = append(current.needs, strings.Fields(needs)...)
		} else if !comment {
			current.sql += line + "\n"
		}
	}
	for i := range queries {
		queries[i].sql = strings.TrimFunc(queries[i].sql, func(r rune) bool { return r == ';' || unicode.IsSpace(r) })
		if queries[i].sql == "" {
			return nil, fmt.Errorf("query %s is empty", queries[i].name)
		}
	}
	return queries, nil
}

// fill replaces what stands in braces, but not inside literals, quoted names and comments.
func fill(sql string, identifier func(placeholder string) (string, error)) (string, error) {
	var b strings.Builder
	for rest := sql; rest != ""; {
		verbatim := literalLength(rest)
		if verbatim == 0 && rest[0] != '{' {
			verbatim = 1
		}
		if verbatim > 0 {
			b.WriteString(rest[:verbatim])
			rest = rest[verbatim:]
			continue
		}
		placeholder, after, closed := strings.Cut(rest[1:], "}")
		if !closed {
			return "", fmt.Errorf("brace is not closed: %.40s", rest)
		}
		name, err := identifier(placeholder)
		if err != nil {
			return "", err
		}
		b.WriteString(name)
		rest = after
	}
	return b.String(), nil
}

// literalLength measures the literal, quoted name or comment at the start of sql. One that is not closed reaches to the end,
// where the database will say so.
func literalLength(sql string) int {
	for _, l := range []struct{ open, close string }{{"'", "'"}, {`"`, `"`}, {"--", "\n"}, {"/*", "*/"}, {"$$", "$$"}} {
		if body, ok := strings.CutPrefix(sql, l.open); ok {
			if end := strings.Index(body, l.close); end >= 0 {
				return len(l.open) + end + len(l.close)
			}
			return len(sql)
		}
	}
	return 0
}

// identifier resolves the inside of a pair of braces.
func (db *database) identifier(placeholder string) (string, error) {
	if column, ok := strings.CutPrefix(placeholder, "index "); ok {
		return db.indexName(column)
	}
	if column, ok := strings.CutPrefix(placeholder, "literal "); ok {
		return db.columnLiteral(column)
	}
	if placeholder == "tables_in" {
		return quote(db.tablesIn), nil
	}
	if isMore(placeholder) || placeholder == "user.where" || placeholder == "user.order" {
		return "", nil // what is written, or looked for, is known when the statement is run
	}
	alias, name, aliased := strings.Cut(placeholder, ":")
	if !aliased {
		alias, name = "", placeholder
	} else if !isWord(alias) {
		return "", fmt.Errorf("{%s}: %q is not an alias", placeholder, alias)
	}
	model, field, dotted := strings.Cut(name, ".")
	switch {
	case model == "postern" && dotted && !aliased && isWord(field):
		return ownTable(db.driver.dialect(), field), nil
	case db.mapping[model].Table == "":
		return "", fmt.Errorf("{%s}: %q is not a model", placeholder, model)
	case !dotted && !aliased:
		return db.table(model), nil
	case field == "more definitions":
		return db.definitions(model), nil
	case dotted && field == "*":
		return db.allColumns(alias, model), nil
	case db.mapping[model].Columns[field] == "":
		return "", fmt.Errorf("{%s}: %s has no field %q", placeholder, model, field)
	}
	return qualified(alias, db.mapping[model].Columns[field]), nil
}

// table is a model's table, in the schema of database.tables_in or else wherever the search_path finds it.
func (db *database) table(model string) string {
	return qualified(db.tablesIn, db.mapping[model].Table)
}

// ownTable is a table of Postern's own. The schema keeps it out of the way of the application's migration tools; SQLite
// has none, so a prefix must do.
func ownTable(d dialect, name string) string {
	if d == sqlite {
		return quote("postern_" + name)
	}
	return qualified("postern", name)
}

func qualified(qualifier, name string) string {
	if qualifier == "" {
		return quote(name)
	}
	return quote(qualifier) + "." + quote(name)
}

// columnLiteral is a column's name as a string constant, for JSON of whole rows.
func (db *database) columnLiteral(placeholder string) (string, error) {
	model, field, _ := strings.Cut(placeholder, ".")
	column := db.mapping[model].Columns[field]
	if column == "" {
		return "", fmt.Errorf("{literal %s}: there is no such field", placeholder)
	}
	return "'" + strings.ReplaceAll(column, "'", "''") + "'", nil
}

// indexName follows PostgreSQL's own habit, which is better-auth's too: table_column_idx.
func (db *database) indexName(placeholder string) (string, error) {
	model, field, _ := strings.Cut(placeholder, ".")
	names := db.mapping[model]
	if names.Columns[field] == "" {
		return "", fmt.Errorf("{index %s}: there is no such field", placeholder)
	}
	return quote(names.Table + "_" + names.Columns[field] + "_idx"), nil
}

// allColumns lists what the model's destinations expect. A column that may be null in this database though the model needs a
// value reads as the empty one: no name, not verified, expired.
func (db *database) allColumns(alias, name string) string {
	var list []string
	for _, f := range db.model(name).fields {
		if f.unread {
			continue
		}
		column, exists := db.columns[name][f.name]
		sql := qualified(alias, db.mapping[name].Columns[f.name])
		switch {
		case f.additional != nil:
			sql = f.additional.reader(db.driver.dialect(), sql, column)
		case f.optional && f.kind == boolean:
			sql = optionalFlag(sql, exists)
		case !exists && f.optional:
			sql = "CAST(NULL AS " + expectedType(db.driver.dialect(), f.kind) + ")"
		case f.optional && f.kind == text: // may be an enum
			sql = "CAST(" + sql + " AS text)"
		case f.optional: // null is null
		case column.nullable && !f.nullable:
			sql = "COALESCE(" + sql + ", " + emptyLiteral(db.driver.dialect(), f.kind) + ")"
		}
		list = append(list, sql)
	}
	return strings.Join(list, ", ")
}

// optionalFlag reads a flag that is null, or has no column, as false.
func optionalFlag(column string, exists bool) string {
	if !exists {
		return "false"
	}
	return "COALESCE(" + column + ", false)"
}

func emptyLiteral(d dialect, k kind) string {
	switch k {
	case boolean:
		return "false" // SQLite reads it as 0
	case timestamp:
		if d == sqlite {
			return "'1970-01-01T00:00:00.000Z'"
		}
		return "'epoch'"
	}
	return "''"
}

// model is the model with its additional fields.
func (db *database) model(name string) model {
	m := modelNamed(name)
	m.fields = slices.Clone(m.fields)
	for _, a := range db.additional[name] {
		m.fields = append(m.fields, a.field())
	}
	return m
}

func modelNamed(name string) model {
	known := knownModels()
	return known[slices.IndexFunc(known, func(m model) bool { return m.name == name })]
}

func startsWithSelect(sql string) bool {
	word, _, _ := strings.Cut(strings.Join(strings.Fields(sql), " "), " ")
	return strings.EqualFold(word, "SELECT")
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}
