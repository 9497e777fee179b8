package sessionstore

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// FieldConfigs are the settings auth.user.additional_fields and auth.session.additional_fields, by the fields' names.
type FieldConfigs map[string]FieldConfig

// FieldConfig describes one additional field, as better-auth's user.additionalFields does. What there is a function (a default that
// is computed, a validator, a transformation, onUpdate) has no equivalent here.
type FieldConfig struct {
	Type     FieldType    `key:"type" example:"string" doc:"What the field holds: string, number, boolean, date, string[], number[], json, or a list of the texts that are allowed."`
	Required bool         `key:"required" default:"true" doc:"Whether every new row needs a value. A sign-up that leaves it out is refused, unless there is a default."`
	Default  FieldDefault `key:"default" example:"free" doc:"Value of a new row whose sign-up does not give one. It is written out; better-auth's functions have no equivalent. Changing it changes no row."`
	Input    bool         `key:"input" default:"true" doc:"Whether clients may set the field, when they sign up and afterwards. false: only the application does, in the database."`
	Returned bool         `key:"returned" default:"true" doc:"Whether clients and tokens are told the value. false: it never leaves the server."`
	Unique   bool         `key:"unique" default:"false" doc:"Whether no two rows may have the same value."`
	Bigint   bool         `key:"bigint" default:"false" doc:"Whether a number's column is made as bigint instead of integer. A column that exists is used as it is."`
	Column   string       `key:"column" example:"company_name" doc:"Name of the column. Empty: the field's name, in snake case under the preset prisma-snake."`

	// Initial is for fields that a feature brings, and no setting: see AdditionalField.
	Initial any
}

// FieldKind says what a field holds, in better-auth's words.
type FieldKind string

// The kinds of better-auth's core.
const (
	FieldString  FieldKind = "string"
	FieldNumber  FieldKind = "number"
	FieldBoolean FieldKind = "boolean"
	FieldDate    FieldKind = "date"
	FieldStrings FieldKind = "string[]"
	FieldNumbers FieldKind = "number[]"
	FieldJSON    FieldKind = "json"
)

var fieldKinds = []string{"string", "number", "boolean", "date", "string[]", "number[]", "json"}

// typesElsewhere are names that databases and languages have for the kinds.
var typesElsewhere = map[string]string{
	"text": "string", "varchar": "string", "uuid": "string", "enum": "string", "int": "number", "integer": "number", "bigint": "number",
	"float": "number", "bool": "boolean", "datetime": "date", "timestamp": "date", "time": "date", "array": "string[]", "list": "string[]",
	"object": "json", "jsonb": "json",
}

// FieldType is the setting type.
type FieldType struct {
	Kind  FieldKind
	OneOf []string // the only values, of a string that may not be any
}

// DecodeConfig reads the name of a kind, or a list of texts.
func (t *FieldType) DecodeConfig(v any) error {
	switch v := v.(type) {
	case string:
		if !slices.Contains(fieldKinds, v) {
			meant := cmp.Or(typesElsewhere[strings.ToLower(v)], nearest(v, fieldKinds))
			return fmt.Errorf("%q is not a type; did you mean %q? (%s, or a list of the texts that are allowed)", v, meant, strings.Join(fieldKinds, ", "))
		}
		*t = FieldType{Kind: FieldKind(v)}
		return nil
	case []any:
		texts := make([]string, len(v))
		for i := range v {
			text, ok := v[i].(string)
			if !ok {
				return fmt.Errorf("[%d]: expected text; put it in quotes", i)
			}
			if slices.Contains(texts[:i], text) {
				return fmt.Errorf("[%d]: %q is there twice", i, text)
			}
			texts[i] = text
		}
		if len(texts) == 0 {
			return errors.New("is an empty list, which allows nothing; name the texts that are allowed")
		}
		*t = FieldType{Kind: FieldString, OneOf: texts}
		return nil
	}
	return fmt.Errorf("is neither the name of a type (%s) nor a list of texts", strings.Join(fieldKinds, ", "))
}

// FieldDefault is the setting default, which is understood once the type is known.
type FieldDefault struct {
	given bool
	raw   any
}

// DecodeConfig takes anything.
func (d *FieldDefault) DecodeConfig(v any) error {
	*d = FieldDefault{given: true, raw: v}
	return nil
}

// DefaultOf is a default given in code, in the form that JSON decodes to.
func DefaultOf(v any) FieldDefault { return FieldDefault{given: true, raw: v} }

// Validate reports what can not work, whichever model has the field.
func (c FieldConfig) Validate() error { return errors.Join(c.Problems()...) }

// Problems are those of Validate, one by one.
func (c FieldConfig) Problems() []error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.Type.Kind == "" {
		report("type: is missing; write one of %s, or a list of the texts that are allowed", strings.Join(fieldKinds, ", "))
		return problems
	}
	if c.Default.given {
		field := AdditionalField{Kind: c.Type.Kind, OneOf: c.Type.OneOf}
		if value, err := field.Parse(c.Default.raw); err != nil || value == nil {
			report("default: expected %s", c.Type.inWords())
		}
	} else if c.Required && !c.Input {
		report("required: nobody could sign up, since clients may not set the field and it has no default; give it one, or set required to false")
	}
	if c.Bigint && c.Type.Kind != FieldNumber {
		report("bigint: is for numbers, and the type is %s", c.Type.Kind)
	}
	if c.Unique && (c.Type.Kind == FieldStrings || c.Type.Kind == FieldNumbers || c.Type.Kind == FieldJSON || c.Type.Kind == FieldBoolean) {
		report("unique: is for strings, numbers and dates, and the type is %s", c.Type.Kind)
	}
	if c.Unique && c.Default.given {
		report("unique: only one row could have the default; remove one of the two")
	}
	if err := validateIdentifier(c.Column); c.Column != "" && err != nil {
		report("column: %w", err)
	}
	return problems
}

// inWords completes the sentence "expected …".
func (t FieldType) inWords() string {
	if t.OneOf != nil {
		return "one of " + strings.Join(t.OneOf, ", ")
	}
	return map[FieldKind]string{
		FieldString: "text", FieldNumber: "a number", FieldBoolean: "true or false",
		FieldDate: "a date such as 2026-01-31 or 2026-01-31T12:00:00Z", FieldStrings: "a list of texts", FieldNumbers: "a list of numbers",
		FieldJSON: "a value other than null",
	}[t.Kind]
}

// fieldName is what every client can write as a member's name without quotes.
var fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// reservedFields are members of a sign-up that are no fields of the user.
var reservedFields = []string{"password", "callbackURL", "rememberMe"}

// problem is what can not work of a field of this model, beginning with what belongs behind the field's name; or empty. The field is
// taken to be valid in itself.
func (c FieldConfig) problem(model, name string) string {
	core := fieldOf(model, name)
	switch {
	case !fieldName.MatchString(name) || len(name) > maxIdentifier:
		return fmt.Sprintf(": is not a name; begin with a letter, and use at most %d letters, digits and underscores", maxIdentifier)
	case core != nil && (!core.optional || core.name != name):
		// In another letter case as well: who reads the JSON may not tell the two apart, as Go does not.
		return fmt.Sprintf(": is better-auth's own field %s of every %s; choose another name", core.name, model)
	case model == "user" && slices.Contains(reservedFields, name):
		return ": means something else in a sign-up; choose another name"
	case core != nil && c.Type.Kind != "" && (&AdditionalField{Kind: c.Type.Kind}).kind() != core.kind:
		return fmt.Sprintf(".type: the column is read as %s, since better-auth's plugins have it too; choose that, or another name", core.kind)
	case core != nil && c.Column != "":
		return fmt.Sprintf(".column: set database.schema.%s.columns.%s instead", model, name)
	case model == "session" && c.Required && !c.Default.given:
		return ".required: nobody could sign in, since a session begins without input; give the field a default, or set required to false"
	}
	return ""
}

// fieldOf finds a field of better-auth's own, in any letter case, or nil.
func fieldOf(model, name string) *field {
	fields := modelNamed(model).fields
	if i := slices.IndexFunc(fields, func(f field) bool { return strings.EqualFold(f.name, name) }); i >= 0 {
		return &fields[i]
	}
	return nil
}

// resolve puts the fields in order. Each FieldConfig must be valid.
func (c FieldConfigs) resolve() (AdditionalFields, error) {
	var list AdditionalFields
	for _, name := range slices.Sorted(maps.Keys(c)) {
		cfg := c[name]
		f := &AdditionalField{
			Name: name, Kind: cfg.Type.Kind, OneOf: cfg.Type.OneOf, Required: cfg.Required, Input: cfg.Input, Returned: cfg.Returned,
			Unique: cfg.Unique, bigint: cfg.Bigint, Initial: cfg.Initial,
		}
		if err := cfg.Validate(); err != nil {
			return nil, fmt.Errorf("%s.%w", name, err)
		}
		if cfg.Default.given {
			f.Default, _ = f.Parse(cfg.Default.raw)
		}
		list = append(list, f)
	}
	return list, nil
}

// ValidateFields reports what of the additional fields can not work: by itself, or together with the names of the columns.
// Each error begins with the name of the field that it is about.
func (c Config) ValidateFields(model string) error {
	fields := c.UserFields
	if model == "session" {
		fields = c.SessionFields
	}
	names, err := c.Schema.resolve()
	if err != nil {
		names = nil // which is reported elsewhere
	}
	taken := map[string]string{}
	for field, column := range names[model].Columns {
		taken[strings.ToLower(column)] = field
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if problem := fields[name].problem(model, name); problem != "" {
			problems = append(problems, errors.New(name+problem))
			continue
		}
		column := c.columnOf(names, model, name)
		folded := strings.ToLower(column)
		if other, ok := taken[folded]; ok && other != name {
			problems = append(problems, fmt.Errorf("%s.column: %q is the column of %s already", name, column, other))
		} else if err := validateIdentifier(column); err != nil {
			problems = append(problems, fmt.Errorf("%s.column: %w", name, err))
		}
		taken[folded] = name
	}
	return errors.Join(problems...)
}

// columnOf names the column of an additional field. One that better-auth's plugins have as well has theirs.
func (c Config) columnOf(names mapping, model, name string) string {
	fields := c.UserFields
	if model == "session" {
		fields = c.SessionFields
	}
	return cmp.Or(names[model].Columns[name], fields[name].Column, c.Schema.column(name))
}

// resolve spells out every name and every additional field, and refuses what can not be.
func (c Config) resolve() (mapping, map[string]AdditionalFields, error) {
	names, err := c.Schema.resolve()
	if err != nil {
		return nil, nil, err
	}
	additional := map[string]AdditionalFields{}
	for model, fields := range map[string]FieldConfigs{"user": c.UserFields, "session": c.SessionFields} {
		if err := c.ValidateFields(model); err != nil {
			return nil, nil, fmt.Errorf("additional fields of %s: %w", model, err)
		}
		if additional[model], err = fields.resolve(); err != nil {
			return nil, nil, fmt.Errorf("additional fields of %s: %w", model, err)
		}
		columns := maps.Clone(names[model].Columns)
		for name := range fields {
			columns[name] = c.columnOf(names, model, name)
		}
		names[model] = TableNames{Table: names[model].Table, Columns: columns}
	}
	return names, additional, nil
}
