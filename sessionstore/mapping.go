package sessionstore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// kind is what a column holds, whatever the database calls the type.
type kind string

const (
	text      kind = "text"
	boolean   kind = "boolean"
	timestamp kind = "timestamp"
)

// field is one member of a model, under better-auth's name for it.
type field struct {
	name     string
	kind     kind
	nullable bool // Postern writes null here
	unique   bool
	optional bool // used where the column exists
	unread   bool // written where it exists, never read
	refs     bool // references user.id
	indexed  bool

	additional *AdditionalField // nil for a field of better-auth's own
}

// model is one of better-auth's tables. The order of its fields is the order of {model.*}.
type model struct {
	name   string
	fields []field
}

// models are better-auth's core tables. user.role and the bans come with its admin plugin. account.issuer was required by 1.7.0 and
// 1.7.1 alone; a database made by those may still have it.
var models = []model{
	{"user", []field{
		{name: "id", kind: text, unique: true},
		{name: "name", kind: text},
		{name: "email", kind: text, unique: true},
		{name: "emailVerified", kind: boolean},
		{name: "image", kind: text, nullable: true},
		{name: "createdAt", kind: timestamp},
		{name: "updatedAt", kind: timestamp},
		{name: "role", kind: text, optional: true},
		{name: "banned", kind: boolean, optional: true},
		{name: "banReason", kind: text, optional: true, unread: true},
		{name: "banExpires", kind: timestamp, optional: true},
	}},
	{"session", []field{
		{name: "id", kind: text, unique: true},
		{name: "userId", kind: text, refs: true, indexed: true},
		{name: "token", kind: text, unique: true},
		{name: "expiresAt", kind: timestamp},
		{name: "createdAt", kind: timestamp},
		{name: "updatedAt", kind: timestamp},
		{name: "ipAddress", kind: text, nullable: true},
		{name: "userAgent", kind: text, nullable: true},
	}},
	{"account", []field{
		{name: "id", kind: text, unique: true},
		{name: "userId", kind: text, refs: true, indexed: true},
		{name: "providerId", kind: text},
		{name: "accountId", kind: text},
		{name: "accessToken", kind: text, nullable: true},
		{name: "refreshToken", kind: text, nullable: true},
		{name: "idToken", kind: text, nullable: true},
		{name: "accessTokenExpiresAt", kind: timestamp, nullable: true},
		{name: "refreshTokenExpiresAt", kind: timestamp, nullable: true},
		{name: "scope", kind: text, nullable: true},
		{name: "password", kind: text, nullable: true},
		{name: "createdAt", kind: timestamp},
		{name: "updatedAt", kind: timestamp},
		{name: "issuer", kind: text, optional: true, unread: true},
	}},
	{"verification", []field{
		{name: "id", kind: text, unique: true},
		{name: "identifier", kind: text, indexed: true},
		{name: "value", kind: text},
		{name: "expiresAt", kind: timestamp},
		{name: "createdAt", kind: timestamp},
		{name: "updatedAt", kind: timestamp},
	}},
}

// pluginModels are tables of better-auth's plugins. Each is looked at, and made where it is missing, only when a MigrationSet asks
// for it. jwks.alg and jwks.crv came with 1.7.
var pluginModels = []model{
	{"jwks", []field{
		{name: "id", kind: text, unique: true},
		{name: "publicKey", kind: text},
		{name: "privateKey", kind: text},
		{name: "createdAt", kind: timestamp},
		{name: "expiresAt", kind: timestamp, nullable: true},
		{name: "alg", kind: text, nullable: true, optional: true},
		{name: "crv", kind: text, nullable: true, optional: true},
	}},
}

// knownModels is every model that has a name in the mapping.
func knownModels() []model { return slices.Concat(models, pluginModels) }

// Presets for Schema.
const (
	PresetBetterAuth  = "better-auth"
	PresetPrismaSnake = "prisma-snake"
)

// Schema says under which names the models are kept. The zero value is the preset better-auth.
type Schema struct {
	Preset string                // what Tables starts from; empty means better-auth
	Tables map[string]TableNames // by model: user, session, account, verification, jwks
}

// TableNames renames one model. What it leaves out keeps the preset's name.
type TableNames struct {
	Table   string
	Columns map[string]string // by better-auth's field name
}

// String names the preset, and says whether anything deviates from it.
func (s Schema) String() string {
	preset := s.Preset
	if preset == "" {
		preset = PresetBetterAuth
	}
	if len(s.Tables) > 0 {
		return preset + " with " + strings.Join(slices.Sorted(maps.Keys(s.Tables)), ", ") + " renamed"
	}
	return preset
}

// DecodeConfig reads the setting database.schema: a preset's name, or a map such as
//
//	{base: prisma-snake, user: {table: members, columns: {emailVerified: verified}}}
//
// Unknown models and fields are refused with the nearest known name.
func (s *Schema) DecodeConfig(v any) error {
	decoded := Schema{}
	switch v := v.(type) {
	case nil:
	case string:
		decoded.Preset = v
	case map[string]any:
		if err := decoded.decodeMap(v); err != nil {
			return err
		}
	default:
		return fmt.Errorf("is %T; write the name of a preset or a map of tables", v)
	}
	if _, err := decoded.resolve(); err != nil {
		return err
	}
	*s = decoded
	return nil
}

func (s *Schema) decodeMap(m map[string]any) error {
	var problems []error
	s.Tables = map[string]TableNames{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if key == "base" {
			base, ok := m[key].(string)
			if !ok {
				problems = append(problems, fmt.Errorf("base: is %T; write the name of a preset", m[key]))
			}
			s.Preset = base
			continue
		}
		names, err := decodeTable(m[key])
		if err != nil {
			problems = append(problems, fmt.Errorf("%s.%w", key, err))
			continue
		}
		s.Tables[key] = names
	}
	return errors.Join(problems...)
}

func decodeTable(v any) (TableNames, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return TableNames{}, fmt.Errorf("table: the model is %T; write {table: …, columns: {…}}", v)
	}
	names := TableNames{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch key {
		case "table":
			if names.Table, ok = m[key].(string); !ok {
				return TableNames{}, fmt.Errorf("table: is %T; write the table's name", m[key])
			}
		case "columns":
			columns, err := decodeColumns(m[key])
			if err != nil {
				return TableNames{}, err
			}
			names.Columns = columns
		default:
			return TableNames{}, fmt.Errorf("%s: is unknown; did you mean %q?", key, nearest(key, []string{"table", "columns"}))
		}
	}
	return names, nil
}

func decodeColumns(v any) (map[string]string, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("columns: is %T; write {field: column}", v)
	}
	columns := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		column, ok := m[key].(string)
		if !ok {
			return nil, fmt.Errorf("columns.%s: is %T; write the column's name", key, m[key])
		}
		columns[key] = column
	}
	return columns, nil
}

// mapping holds the physical names: every model, every field.
type mapping map[string]TableNames

// resolve spells every name out, and refuses what can not be.
func (s Schema) resolve() (mapping, error) {
	m, err := preset(s.Preset)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(s.Tables)) {
		base, known := m[name]
		if !known {
			problems = append(problems, fmt.Errorf("%s: is not a model; did you mean %q?", name, nearest(name, slices.Sorted(maps.Keys(m)))))
			continue
		}
		renamed := s.Tables[name]
		if renamed.Table != "" {
			base.Table = renamed.Table
		}
		for _, f := range slices.Sorted(maps.Keys(renamed.Columns)) {
			if _, known := base.Columns[f]; !known {
				problems = append(problems, fmt.Errorf("%s.columns.%s: is not a field; did you mean %q?", name, f, nearest(f, slices.Sorted(maps.Keys(base.Columns)))))
				continue
			}
			base.Columns[f] = renamed.Columns[f]
		}
		m[name] = base
	}
	problems = append(problems, m.problems()...)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return m, nil
}

func preset(name string) (mapping, error) {
	switch name {
	case "", PresetBetterAuth:
		return newMapping(func(s string) string { return s }, func(s string) string { return s }), nil
	case PresetPrismaSnake:
		tables := map[string]string{"user": "users", "session": "user_sessions", "account": "accounts", "verification": "verification_tokens", "jwks": "jwks"}
		return newMapping(func(s string) string { return tables[s] }, snake), nil
	}
	return nil, fmt.Errorf("%q is not a preset; did you mean %q?", name, nearest(name, []string{PresetBetterAuth, PresetPrismaSnake}))
}

func newMapping(table, column func(string) string) mapping {
	m := mapping{}
	for _, model := range knownModels() {
		names := TableNames{Table: table(model.name), Columns: map[string]string{}}
		for _, f := range model.fields {
			names.Columns[f.name] = column(f.name)
		}
		m[model.name] = names
	}
	return m
}

// column is the name that the preset gives to the column of a field.
func (s Schema) column(field string) string {
	if s.Preset == PresetPrismaSnake {
		return snake(field)
	}
	return field
}

// snake turns emailVerified into email_verified, as Prisma's @map does by convention.
func snake(camel string) string {
	var b strings.Builder
	for _, r := range camel {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// problems finds names that no database takes and names that are used twice.
func (m mapping) problems() []error {
	var problems []error
	tables := map[string]string{}
	for _, model := range slices.Sorted(maps.Keys(m)) {
		names := m[model]
		if err := validateIdentifier(names.Table); err != nil {
			problems = append(problems, fmt.Errorf("%s.table: %w", model, err))
		}
		// SQLite compares names without regard to case, so nobody may depend on it.
		folded := strings.ToLower(names.Table)
		if other, taken := tables[folded]; taken {
			problems = append(problems, fmt.Errorf("%s.table: %q is the table of %s already", model, names.Table, other))
		}
		tables[folded] = model
		problems = append(problems, columnProblems(model, names.Columns)...)
	}
	return problems
}

func columnProblems(model string, columns map[string]string) []error {
	var problems []error
	fields := map[string]string{}
	for _, f := range slices.Sorted(maps.Keys(columns)) {
		if err := validateIdentifier(columns[f]); err != nil {
			problems = append(problems, fmt.Errorf("%s.columns.%s: %w", model, f, err))
		}
		folded := strings.ToLower(columns[f])
		if other, taken := fields[folded]; taken {
			problems = append(problems, fmt.Errorf("%s.columns.%s: %q is the column of %s already", model, f, columns[f], other))
		}
		fields[folded] = f
	}
	return problems
}

// maxIdentifier is PostgreSQL's NAMEDATALEN less one. It cuts longer names silently, so they are refused here.
const maxIdentifier = 63

func validateIdentifier(name string) error {
	switch {
	case name == "":
		return errors.New("is empty; write a name")
	case len(name) > maxIdentifier:
		return fmt.Errorf("%q is longer than the %d bytes PostgreSQL keeps", name, maxIdentifier)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '�' }):
		return fmt.Errorf("%q holds a control character", name)
	case strings.Contains(name, "."):
		return fmt.Errorf("%q holds a dot; name the schema in database.tables_in", name)
	}
	return nil
}

// quote makes any name an SQL identifier, in both databases: SQL-92 §5.2 doubles the quotation mark inside.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// nearest finds the name with the fewest edits, for error messages.
func nearest(name string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int { return edits(name, a) - edits(name, b) })
}

// edits is the Levenshtein distance, letter case aside.
func edits(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
