package config

import (
	"errors"
	"testing"
)

func TestProblemsPrintInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	file := Origin{source: fromFile, Name: "c.yaml"}
	var ps problems
	ps.add("z", Origin{source: fromEnvironment, Name: "POSTERN_Z"}, "third")
	ps.add("b", file.at(9), "second")
	ps.add("a", file.at(2), "first")
	ps.add("a", file.at(2), "first")
	want := "c.yaml:2: a: first\nc.yaml:9: b: second\nenv POSTERN_Z: z: third"
	if err := ps.err(); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestJoinedErrorsOfAPackageBecomeProblemsWithFullKeys(t *testing.T) {
	t.Parallel()
	var ps problems
	ps.addPackage(errors.Join(errors.New("ttl: too long"), errors.Join(errors.New("items[2].path: is empty"), errors.New("Nothing: like a key"))), "cache")
	want := []Problem{
		{Key: "cache.ttl", Message: "too long"}, {Key: "cache.items[2].path", Message: "is empty"}, {Key: "cache", Message: "Nothing: like a key"},
	}
	for i, p := range ps {
		if p != want[i] {
			t.Errorf("got %+v, want %+v", p, want[i])
		}
	}
	if len(ps) != len(want) {
		t.Errorf("%d problems", len(ps))
	}
}

func TestNoProblemsAreNoError(t *testing.T) {
	t.Parallel()
	if err := (problems{}).err(); err != nil {
		t.Errorf("got %v", err)
	}
}
