package kubernetes

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// described are the metrics of the program's source: what has a name there is exported, seen once or not.
func described(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, "cmd/postern/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile(`"(postern_[a-z_]+)", ?(?:Help: )?"`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllSubmatch(text, -1) {
			names = append(names, string(m[1]))
		}
	}
	if len(names) < 30 {
		t.Fatalf("only %d metrics: %v", len(names), names)
	}
	return append(names, "process_resident_memory_bytes", "process_cpu_seconds_total") // of client_golang
}

// metric is a name in a query, and what histograms add to theirs.
var (
	metric = regexp.MustCompile(`\b(?:postern|process|go)_[a-z_]+\b`)
	suffix = regexp.MustCompile(`_(bucket|count|sum)$`)
)

func checkQueries(t *testing.T, where string, queries []string) {
	t.Helper()
	known := described(t)
	if len(queries) == 0 {
		t.Fatalf("%s asks for nothing", where)
	}
	for _, query := range queries {
		found := metric.FindAllString(query, -1)
		if len(found) == 0 && !strings.Contains(query, "postern:") {
			t.Errorf("%s: %q asks for nothing of Postern's", where, query)
		}
		for _, name := range found {
			if !slices.Contains(known, name) && !slices.Contains(known, suffix.ReplaceAllString(name, "")) {
				t.Errorf("%s: %s is not exported", where, name)
			}
		}
	}
}

func TestTheDashboardAsksForWhatIsExported(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(repository, "deploy/grafana/postern.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&board); err != nil {
		t.Fatal(err)
	}
	var queries []string
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			queries = append(queries, target.Expr)
		}
	}
	for _, v := range board.Templating.List {
		if v.Definition != "" {
			queries = append(queries, v.Definition)
		}
	}
	checkQueries(t, "dashboard", queries)
}

func TestAlertsAskForWhatIsExportedAndSayWhatToDo(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(repository, "deploy/prometheus/alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	runbook, err := os.ReadFile(filepath.Join(repository, "docs/operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	var queries []string
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			queries = append(queries, r.Expr)
			if r.Alert == "" {
				continue
			}
			_, anchor, _ := strings.Cut(r.Annotations["runbook_url"], "docs/operations.md#")
			if anchor != "alert-"+strings.ToLower(r.Alert) || !strings.Contains(string(runbook), "\n### Alert "+r.Alert+"\n") {
				t.Errorf("%s: %q is no place in docs/operations.md", r.Alert, r.Annotations["runbook_url"])
			}
		}
	}
	checkQueries(t, "alerts", queries)
}

// What the injector's metrics are called is looked up where they are exported.
func TestTheInjectorsMetricsAreThere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"postern_injector_reviews_total", "postern_injector_review_seconds", "postern_injector_malformed_reviews_total", "postern_injector_certificate_expiry_timestamp_seconds", "postern_http_requests_in_flight"} {
		if !slices.Contains(described(t), name) {
			t.Errorf("%s is not described", name)
		}
	}
}
