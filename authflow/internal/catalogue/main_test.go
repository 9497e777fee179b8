package main

import (
	"os"
	"strings"
	"testing"
)

func TestTheCatalogueIsFresh(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile("../../../docs/audit-events.md")
	if err != nil {
		t.Fatal(err)
	}
	made, err := document("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != made {
		t.Error("docs/audit-events.md is not what authflow/event.go says: run make generate")
	}
	if rows := strings.Count(made, "\n| `"); rows < 20 || !strings.Contains(made, "| `sign_in_failed` | ") {
		t.Errorf("%d events in\n%s", rows, made)
	}
}
