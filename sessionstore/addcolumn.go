package sessionstore

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// planColumns makes a step of every column that is to be added, and a problem of one that rows which exist could not have.
func (db *database) planColumns(ctx context.Context, on *Store, model string, missing AdditionalFields, report *Report) error {
	if len(missing) == 0 {
		return nil
	}
	filled := false
	has := func(scan scanFunc) error { return scan(&filled) }
	if err := db.inspection.Query(ctx, on, "HasRows_"+model, nil, has); err != nil {
		return err
	}
	names := db.mapping[model]
	for _, field := range missing {
		column := names.Columns[field.Name]
		report.Steps = append(report.Steps, Step{
			Name: fmt.Sprintf("column %s (%s) of table %s", column, expectedType(db.driver.dialect(), field.kind()), names.Table), State: Missing, model: model, column: field,
		})
		if filled && field.Required && field.Default == nil {
			report.Problems = append(report.Problems, Problem{
				Table: names.Table, Column: column,
				Expected: "to be there, since the rows of the table need a value and the field has no default; give it one, set required to false, or add and fill the column yourself",
				Found:    "no such column",
			})
		}
	}
	return nil
}

// addColumn adds the column of an additional field to a table that exists, as better-auth's own migration does. In PostgreSQL that
// takes a moment, whatever the number of rows, since the default is kept aside (from version 11 on); only the index of a unique
// column is built row by row, and nobody writes to the table meanwhile.
func (db *database) addColumn(ctx context.Context, tx *Store, model string, field *AdditionalField) error {
	d := db.driver.dialect()
	column := quote(db.mapping[model].Columns[field.Name])
	var sql strings.Builder
	fmt.Fprintf(&sql, "ALTER TABLE %s ADD COLUMN %s %s", db.table(model), column, expectedType(d, field.kind()))
	if field.Required {
		sql.WriteString(" NOT NULL")
	}
	if field.Default != nil {
		sql.WriteString(" DEFAULT " + literal(d, FieldValue{field, field.Default}))
	}
	sql.WriteString(";\n")
	if field.Unique {
		index := quote(db.mapping[model].Table + "_" + db.mapping[model].Columns[field.Name] + "_uidx")
		fmt.Fprintf(&sql, "CREATE UNIQUE INDEX %s ON %s (%s);\n", index, db.table(model), column)
	}
	return db.driver.script(ctx, tx.tx.transaction, sql.String())
}

// definitions are the additional fields' lines of a CREATE TABLE. As in better-auth a default is no default of the column's.
func (db *database) definitions(model string) string {
	var list strings.Builder
	for _, field := range db.additional[model] {
		fmt.Fprintf(&list, ",\n    %s %s", quote(db.mapping[model].Columns[field.Name]), expectedType(db.driver.dialect(), field.kind()))
		if field.Required {
			list.WriteString(" NOT NULL")
		}
		if field.Unique {
			list.WriteString(" UNIQUE")
		}
	}
	return list.String()
}

// literal is a value as SQL. Defaults come from the settings, never from a client.
func literal(d dialect, v FieldValue) string {
	switch value := v.Value.(type) {
	case int64, float64:
		return scalarText(value)
	case bool:
		if d == postgres {
			return scalarText(value)
		}
		if value {
			return "1"
		}
		return "0"
	case time.Time:
		return "'" + value.Format(isoMillis) + "'"
	}
	return "'" + strings.ReplaceAll(v.Text(), "'", "''") + "'"
}
