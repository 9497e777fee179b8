package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	metric  = regexp.MustCompile(`\bpostern_[a-z_]+\b`)
	suffix  = regexp.MustCompile(`_(bucket|sum|count)$`)
	alert   = regexp.MustCompile(`(?m)alert: (\w+)$`)
	ofTable = map[string]bool{ // SQLite's names of tables, and the Python package
		"postern_mail": true, "postern_provider_session": true, "postern_audit_event": true, "postern_fastapi": true, "postern_rate_limit": true,
	}
)

// TestMetricsAndAlertsAreDocumented compares the metrics that the command registers with those that pages name, both ways, and has each alert
// lead to what operations.md says of it.
func TestMetricsAndAlertsAreDocumented(t *testing.T) {
	t.Parallel()
	registered := map[string]bool{}
	sources, err := filepath.Glob(filepath.Join(root, "cmd", "postern", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		for _, found := range regexp.MustCompile(`"(postern_[a-z_]+)"`).FindAllStringSubmatch(text(t, name), -1) {
			registered[found[1]] = !strings.HasSuffix(name, "_test.go") || registered[found[1]]
		}
	}
	named := map[string]string{"rules": text(t, filepath.Join(root, "deploy", "prometheus", "alerts.yaml"))}
	var operations string
	var headings map[string]bool
	for _, p := range pages(t) {
		named[p.path] = p.prose
		if p.path == "docs/operations.md" {
			operations, headings = p.prose, p.anchors()
		}
	}
	documented := map[string]bool{}
	for path, text := range named {
		for _, name := range metric.FindAllString(text, -1) {
			documented[name] = true
			if !registered[name] && !registered[suffix.ReplaceAllString(name, "")] && !ofTable[name] && !strings.HasSuffix(name, "_") {
				t.Errorf("%s: there is no metric %s", path, name)
			}
		}
	}
	for name, isMetric := range registered {
		shortened := regexp.MustCompile("`" + regexp.QuoteMeta(name[strings.LastIndex(name, "_"):]) + `\b`) // after the first of a family
		if isMetric && !documented[name] && !shortened.MatchString(operations) && !strings.Contains(operations, "`"+strings.TrimPrefix(name, "postern_password")) {
			t.Errorf("no page says what %s is for", name)
		}
	}
	for _, found := range alert.FindAllStringSubmatch(named["rules"], -1) {
		if anchor := "alert-" + strings.ToLower(found[1]); !headings[anchor] || !strings.Contains(named["rules"], "docs/operations.md#"+anchor+`"`) {
			t.Errorf("alert %s has no runbook_url that leads to a heading of docs/operations.md", found[1])
		}
	}
}

func text(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
