package sessionstore

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a column of an additional field holds, whatever the database calls the type; text, boolean and timestamp as well.
const (
	number    kind = "number"
	bigNumber kind = "bigint"
	textList  kind = "string[]"
	numbers   kind = "number[]"
	document  kind = "json"
)

// kind is what the field's column holds.
func (a *AdditionalField) kind() kind {
	switch {
	case a.bigint:
		return bigNumber
	case a.Kind == FieldNumber:
		return number
	case a.Kind == FieldBoolean:
		return boolean
	case a.Kind == FieldDate:
		return timestamp
	case a.Kind == FieldStrings:
		return textList
	case a.Kind == FieldNumbers:
		return numbers
	case a.Kind == FieldJSON:
		return document
	}
	return text
}

// field is the additional field as inspection sees those of better-auth.
func (a *AdditionalField) field() field {
	return field{name: a.Name, kind: a.kind(), nullable: !a.Required, unique: a.Unique, additional: a}
}

// isNativeArray tells arrays of PostgreSQL's own, as Prisma and Drizzle make them, from the JSON that better-auth makes.
func isNativeArray(c column) bool { return strings.HasSuffix(c.kind, "[]") }

// reader is the SQL that reads a column in a form which a fieldScanner takes. SQLite's columns hold what they like in any case.
func (a *AdditionalField) reader(d dialect, sql string, c column) string {
	switch {
	case d == sqlite || a.Kind == FieldBoolean:
		return sql
	case a.Kind == FieldDate:
		return "CASE WHEN isfinite(" + sql + ") THEN " + sql + " END" // JSON knows no infinity
	case isNativeArray(c):
		return "CAST(to_jsonb(" + sql + ") AS text)"
	}
	return "CAST(" + sql + " AS text)" // may be an enum, a uuid, a number with more digits than any of Go's
}

// writer is the SQL that makes the column's type of a parameter, which is text in PostgreSQL whatever the type.
func (a *AdditionalField) writer(d dialect, parameter string, c column) string {
	if d == sqlite {
		return parameter
	}
	parameter = "CAST(" + parameter + " AS text)"
	if isNativeArray(c) {
		items := "ARRAY(SELECT jsonb_array_elements_text(CAST(" + parameter + " AS jsonb)))"
		return "CASE WHEN " + parameter + " IS NOT NULL THEN CAST(" + items + " AS " + c.kind + ") END"
	}
	return "CAST(" + parameter + " AS " + c.kind + ")"
}

// argument is the value as writer wants it. A number that the column can not hold is a *FieldError, and so is null where the column
// does not take it.
func (v FieldValue) argument(d dialect, c column) (any, error) {
	switch {
	case v.Value == nil && !c.nullable:
		return nil, &FieldError{Field: v.Field.Name, Expected: v.Field.expected(), Received: "null"}
	case v.Value == nil:
		return nil, nil
	case d == postgres && !fits(v.Value, c.kind):
		return nil, &FieldError{Field: v.Field.Name, Expected: "int", Received: "number"}
	case d == postgres:
		return v.Text(), nil
	}
	switch value := v.Value.(type) {
	case bool:
		if value {
			return int64(1), nil
		}
		return int64(0), nil
	case string, int64, float64, time.Time:
		return value, nil
	}
	return v.Text(), nil
}

// fits tells whether a column of PostgreSQL holds the number as it is.
func fits(value any, kind string) bool {
	n, whole := value.(int64)
	_, isFloat := value.(float64)
	switch kind {
	case "smallint":
		return !isFloat && (!whole || n == int64(int16(n)))
	case "integer":
		return !isFloat && (!whole || n == int64(int32(n)))
	case "bigint":
		return !isFloat
	case "real":
		f, ok := value.(float64)
		return !ok || math.Abs(f) <= math.MaxFloat32
	}
	return true
}

// fieldScanner takes what a database says of an additional field, of whatever type.
type fieldScanner struct{ to *FieldValue }

// Scan implements sql.Scanner.
func (s fieldScanner) Scan(value any) error {
	s.to.Value = s.to.Field.scanned(value)
	return nil
}

// scanned makes the field's value of a driver's. One of another type than was meant is told as it is.
func (a *AdditionalField) scanned(value any) any {
	if raw, ok := value.([]byte); ok {
		value = string(raw)
	}
	text, isText := value.(string)
	switch {
	case value == nil:
		return nil
	case a.Kind == FieldStrings || a.Kind == FieldNumbers || a.Kind == FieldJSON:
		if !isText {
			text = scalarText(value)
		}
		return a.read([]byte(text))
	case a.Kind == FieldDate:
		if t, err := parseTime(value); err == nil {
			return t
		}
	case a.Kind == FieldBoolean && !isText: // SQLite: 1 and nothing else is true, as better-auth reads it
		if n, ok := value.(int64); ok {
			return n == 1
		}
		return value
	case a.Kind == FieldString && isText:
		return text
	case text == "NaN" || strings.HasSuffix(text, "Infinity"):
		return nil // a number of PostgreSQL for which JSON has no word
	}
	if parsed, err := a.Parse(value); err == nil {
		return parsed
	}
	if isText {
		return text
	}
	return scalarText(value)
}

// fieldColumns are the destinations of the additional fields in {model.*}, which they fill.
func (db *database) fieldColumns(model string, into *Fields) []any {
	fields := db.additional[model]
	if len(fields) == 0 {
		return nil
	}
	*into = make(Fields, len(fields))
	columns := make([]any, len(fields))
	for i, field := range fields {
		(*into)[i].Field = field
		columns[i] = fieldScanner{&(*into)[i]}
	}
	return columns
}

// withFields fills the places {model.more …} of a statement in for the given fields, and adds their values to the arguments. A field
// that is not given is not named, so that a default of the column's own applies.
func (db *database) withFields(q statement, model string, given Fields, args []any) (statement, []any, error) {
	if len(given) == 0 {
		return q, args, nil
	}
	first := len(args) + 1
	for _, v := range given {
		c, exists := db.columns[model][v.Field.Name]
		if !exists {
			return q, nil, fmt.Errorf("%s has no field %s", model, v.Field.Name)
		}
		arg, err := v.argument(db.driver.dialect(), c)
		if err != nil {
			return q, nil, err
		}
		args = append(args, arg)
	}
	sql, err := fill(q.source, func(placeholder string) (string, error) {
		if form, ok := strings.CutPrefix(placeholder, model+".more "); ok {
			return db.more(model, form, given, first)
		}
		return db.identifier(placeholder)
	})
	return statement{sql: sql, reads: q.reads}, args, err
}

// more lists the given fields: their columns, the parameters for their values, or both as the assignments of an UPDATE.
func (db *database) more(model, form string, given Fields, first int) (string, error) {
	var list strings.Builder
	for i, v := range given {
		c := db.columns[model][v.Field.Name]
		value := v.Field.writer(db.driver.dialect(), "$"+strconv.Itoa(first+i), c)
		switch form {
		case "columns":
			list.WriteString(", " + quote(c.name))
		case "values":
			list.WriteString(", " + value)
		case "assignments":
			list.WriteString(", " + quote(c.name) + " = " + value)
		default:
			return "", fmt.Errorf("{%s.more %s}: expected columns, values or assignments", model, form)
		}
	}
	return list.String(), nil
}

// isMore recognises {model.more …}, which is empty unless withFields fills it in.
func isMore(placeholder string) bool {
	_, rest, _ := strings.Cut(placeholder, ".")
	return slices.Contains([]string{"more columns", "more values", "more assignments"}, rest)
}
