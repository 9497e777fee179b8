package sessionstore

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// Whoever moves here with the two-factor plugin must hear that nothing acts on its column.
func TestColumnsThatKeepPeopleOutAreWarnedOf(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	report := Report{Steps: []Step{
		{Name: "table user", Leaves: []string{"two_factor_enabled", "twoFactorEnabled", "nickname"}},
		{Name: "table session", Leaves: []string{"impersonatedBy"}, Uses: []string{"twofactorenabled", "theme"}},
	}}
	report.warn(t.Context(), slog.New(slog.NewTextHandler(&lines, nil)))
	for column, want := range map[string]int{"twofactorenabled": 1, "theme": 0, "two_factor_enabled": 1, "twoFactorEnabled": 1, "nickname": 0, "impersonatedBy": 0} {
		if got := strings.Count(lines.String(), "column="+column+"\n"); got != want {
			t.Errorf("%s is warned of %d times, want %d:\n%s", column, got, want, &lines)
		}
	}
}
