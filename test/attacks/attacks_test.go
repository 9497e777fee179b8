package main

import (
	"go/parser"
	"go/token"
	"os"
	"slices"
	"testing"

	"go/ast"
)

func scanned(t *testing.T) []named {
	t.Helper()
	tests, err := scan("../..")
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

func TestTheDocumentIsFresh(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile("../../docs/security-tests.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != document(scanned(t)) {
		t.Error("docs/security-tests.md is not what the names of tests say: run make generate")
	}
}

func TestEveryAttackIsTriedOrImpossible(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	for _, n := range scanned(t) {
		tried[n.id] = true
		if !slices.ContainsFunc(catalogue, func(a attack) bool { return a.id == n.id }) {
			t.Errorf("%s names %s, which is not in the catalogue", n.test, n.id)
		}
	}
	for _, a := range catalogue {
		switch {
		case a.never != "" && tried[a.id]:
			t.Errorf("%s is tried, though it cannot happen: %s", a.id, a.never)
		case a.never == "" && !tried[a.id]:
			t.Errorf("%s (%s) is neither tried nor impossible", a.id, a.class)
		}
	}
	if !slices.IsSortedFunc(catalogue, func(a, b attack) int { return int(a.id[1])*10 + int(a.id[2]) - int(b.id[1])*10 - int(b.id[2]) }) {
		t.Error("the catalogue is not in order")
	}
}

func TestIdsAreFoundInNamesOfTestsAndCases(t *testing.T) {
	t.Parallel()
	parsed, err := parser.ParseFile(token.NewFileSet(), "x_test.go", `package x
func TestD01D02SomeThing(t *testing.T) { t.Run("D90 after a forged one", nil); t.Run("not D91", nil); _ = "D92" }
func TestOther(t *testing.T) { table("D36 D37 both") }
func helperD05() {}`, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, declared := range parsed.Decls {
		for _, n := range namedBy(declared.(*ast.FuncDecl), "x_test.go") {
			found = append(found, n.id+" "+n.test)
		}
	}
	want := []string{
		"D01 TestD01D02SomeThing", "D02 TestD01D02SomeThing", "D90 TestD01D02SomeThing, case “after a forged one”", "D36 TestOther, case “both”", "D37 TestOther, case “both”",
	}
	if !slices.Equal(found, want) {
		t.Errorf("found %q", found)
	}
}
