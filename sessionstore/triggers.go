package sessionstore

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// addTriggers reports whether the triggers of a set are there.
func (db *database) addTriggers(ctx context.Context, on *Store, set MigrationSet, report *Report) error {
	if len(set.Triggers) == 0 || db.driver.dialect() == sqlite {
		return nil
	}
	sql, err := fs.ReadFile(set.FS, "triggers/postgres.sql")
	if err != nil {
		return fmt.Errorf("triggers of %s: %w", set.Name, err)
	}
	missing, err := db.missingTriggers(ctx, on, set)
	if err != nil {
		return err
	}
	state := Present
	if len(missing) > 0 {
		state = Missing
	}
	tables := make([]string, 0, len(set.Triggers))
	for _, model := range slices.Sorted(maps.Keys(set.Triggers)) {
		tables = append(tables, db.mapping[model].Table)
	}
	report.Steps = append(report.Steps, Step{
		Name: fmt.Sprintf("triggers %s on %s", set.Name, strings.Join(tables, ", ")), State: state, set: set.Name, sql: string(sql),
	})
	return nil
}

// missingTriggers names those of a set that its tables lack. A table that was made anew has lost them.
func (db *database) missingTriggers(ctx context.Context, on *Store, set MigrationSet) ([]string, error) {
	var missing []string
	for _, model := range slices.Sorted(maps.Keys(set.Triggers)) {
		var there []string
		err := db.inspection.Query(ctx, on, "Triggers", []any{db.lookupName(model)}, func(scan scanFunc) error {
			var name string
			err := scan(&name)
			there = append(there, name)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, name := range set.Triggers[model] {
			if !slices.Contains(there, name) {
				missing = append(missing, name)
			}
		}
	}
	return missing, nil
}
