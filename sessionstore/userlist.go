package sessionstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Operator compares a field with what is looked for, in better-auth's words.
type Operator string

// The operators of better-auth's adapters.
const (
	Equal      Operator = "eq"
	NotEqual   Operator = "ne"
	Less       Operator = "lt"
	AtMost     Operator = "lte"
	Greater    Operator = "gt"
	AtLeast    Operator = "gte"
	In         Operator = "in"
	NotIn      Operator = "not_in"
	Contains   Operator = "contains"
	StartsWith Operator = "starts_with"
	EndsWith   Operator = "ends_with"
)

// Operators are all of them.
func Operators() []Operator {
	return []Operator{Equal, NotEqual, Less, AtMost, Greater, AtLeast, In, NotIn, Contains, StartsWith, EndsWith}
}

// UserCondition is one thing that is asked of users who are listed.
type UserCondition struct {
	Field    string // of better-auth's, or an additional one
	Operator Operator
	Values   []string // one, or of In and NotIn any number; read as what the field holds
}

// UserQuery says which users to list, and in which order.
type UserQuery struct {
	Where      []UserCondition // all of them hold
	SortBy     string          // empty: the oldest first
	Descending bool
	Limit      int
	Offset     int
}

// ListUsers returns the users that are meant, and how many there are without Limit and Offset. What is looked for by Contains, StartsWith and
// EndsWith is found in any letter case. A field that there is not, or a value that it can not hold, is an ErrInvalid.
func (s *Store) ListUsers(ctx context.Context, q UserQuery) (users []User, total int64, err error) {
	if q.Limit < 0 || q.Offset < 0 {
		return nil, 0, fmt.Errorf("%w: a negative limit or offset", ErrInvalid)
	}
	where, args, err := s.db.userConditions(q.Where)
	if err != nil {
		return nil, 0, err
	}
	order, err := s.db.userOrder(q)
	if err != nil {
		return nil, 0, err
	}
	count := func(scan scanFunc) error { return scan(&total) }
	if err := s.listed(ctx, "CountUsers", where, "", args, count); err != nil {
		return nil, 0, err
	}
	users = []User{}
	page := fmt.Sprintf("%s LIMIT $%d OFFSET $%d", order, len(args)+1, len(args)+2)
	err = s.listed(ctx, "ListUsers", where, page, append(args, q.Limit, q.Offset), func(scan scanFunc) error {
		var u User
		err := scan(s.userColumns(&u)...)
		users = append(users, u)
		return err
	})
	return users, total, err
}

// listed runs a statement whose {user.where} and {user.order} are filled in.
func (s *Store) listed(ctx context.Context, name, where, order string, args []any, each func(scan scanFunc) error) error {
	q, err := s.db.core.find(name)
	if err != nil {
		return err
	}
	sql, err := fill(q.source, func(placeholder string) (string, error) {
		switch placeholder {
		case "user.where":
			return where, nil
		case "user.order":
			return order, nil
		}
		return s.db.identifier(placeholder)
	})
	if err != nil {
		return err
	}
	return s.run(ctx, name, func(ctx context.Context, on querier) error {
		return on.query(ctx, statement{sql: sql, reads: true}, args, each)
	})
}

func (db *database) userOrder(q UserQuery) (string, error) {
	by := q.SortBy
	if by == "" {
		by = "createdAt"
	}
	f, err := db.listable(by)
	if err != nil {
		return "", err
	}
	direction := " ASC"
	if q.Descending {
		direction = " DESC"
	}
	names := db.mapping["user"].Columns
	return quote(names[f.name]) + direction + ", " + quote(names["id"]) + direction, nil
}

// listable finds a field of users by which they may be found. One that is never shown could be guessed by its order.
func (db *database) listable(name string) (field, error) {
	fields := db.model("user").fields
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name && f.additional != nil })
	if i < 0 {
		i = slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	}
	if i < 0 || !db.columns.has("user", name) || fields[i].additional != nil && !fields[i].additional.Returned {
		return field{}, fmt.Errorf("%w: there is no field %q to find users by", ErrInvalid, name)
	}
	return fields[i], nil
}

func (db *database) userConditions(conditions []UserCondition) (where string, args []any, err error) {
	sql := []string{"true"}
	if db.driver.dialect() == sqlite {
		sql[0] = "1"
	}
	for _, c := range conditions {
		f, err := db.listable(c.Field)
		if err != nil {
			return "", nil, err
		}
		one, values, err := db.userCondition(f, c, len(args)+1)
		if err != nil {
			return "", nil, fmt.Errorf("%w: %s %s", ErrInvalid, c.Field, c.Operator)
		}
		sql, args = append(sql, one), append(args, values...)
	}
	return strings.Join(sql, " AND "), args, nil
}

var comparisons = map[Operator]string{Equal: "=", NotEqual: "<>", Less: "<", AtMost: "<=", Greater: ">", AtLeast: ">="}

// userCondition is the SQL of one condition, whose first parameter has this number.
func (db *database) userCondition(f field, c UserCondition, first int) (string, []any, error) {
	column := quote(db.mapping["user"].Columns[f.name])
	if f.kind == text && (f.optional || f.additional != nil) {
		column = "CAST(" + column + " AS text)" // may be an enum
	}
	switch c.Operator {
	case In, NotIn:
		return db.membership(f, c, column, first)
	case Contains, StartsWith, EndsWith:
		if f.kind != text || len(c.Values) != 1 {
			return "", nil, ErrInvalid
		}
		return fmt.Sprintf(`LOWER(%s) LIKE LOWER($%d) ESCAPE '\'`, column, first), []any{pattern(c.Operator, c.Values[0])}, nil
	}
	comparison, known := comparisons[c.Operator]
	if !known || len(c.Values) != 1 {
		return "", nil, ErrInvalid
	}
	value, err := db.listedValue(f, c.Values[0])
	return column + " " + comparison + " " + db.listedPlace(f, first), []any{value}, err
}

func (db *database) membership(f field, c UserCondition, column string, first int) (string, []any, error) {
	var places []string
	var args []any
	for i, text := range c.Values {
		value, err := db.listedValue(f, text)
		if err != nil {
			return "", nil, err
		}
		places, args = append(places, db.listedPlace(f, first+i)), append(args, value)
	}
	if len(args) == 0 {
		return "", nil, ErrInvalid
	}
	operator := " IN ("
	if c.Operator == NotIn {
		operator = " NOT IN ("
	}
	return column + operator + strings.Join(places, ", ") + ")", args, nil
}

// pattern is what LIKE compares with: what is looked for is not one itself.
func pattern(o Operator, text string) string {
	text = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
	if o != StartsWith {
		text = "%" + text
	}
	if o != EndsWith {
		text += "%"
	}
	return text
}

// listedPlace is the parameter of a value. A number is sent as text, for the column may hold any kind of number.
func (db *database) listedPlace(f field, n int) string {
	place := fmt.Sprintf("$%d", n)
	if f.additional != nil && (f.kind == number || f.kind == bigNumber) {
		return f.additional.writer(db.driver.dialect(), place, db.columns["user"][f.name])
	}
	return place
}

func (db *database) flag(set bool) any {
	switch {
	case db.driver.dialect() == postgres:
		return set
	case set:
		return int64(1)
	}
	return int64(0)
}

// listedValue reads text as what the field holds.
func (db *database) listedValue(f field, value string) (any, error) {
	a := AdditionalField{Name: f.name, Kind: FieldString}
	switch f.kind {
	case boolean:
		return db.flag(value == "true"), nil // as better-auth
	case timestamp:
		a.Kind = FieldDate
	case number, bigNumber:
		a.Kind = FieldNumber
	case text:
	default:
		return nil, ErrInvalid
	}
	parsed, err := a.Parse(value)
	if err == nil && a.Kind == FieldNumber && db.driver.dialect() == postgres {
		return FieldValue{&a, parsed}.Text(), nil
	}
	return parsed, err
}
