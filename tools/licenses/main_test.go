package main

import (
	"strings"
	"testing"
)

func TestLicencesThatNobodyHasReadAreToldOf(t *testing.T) {
	t.Parallel()
	const bill = `{"components":[
		{"name":"good","evidence":{"licenses":[{"license":{"id":"MIT"}}]}},
		{"name":"std"},
		{"name":"viral","licenses":[{"license":{"id":"AGPL-3.0-only"}}]},
		{"name":"either","licenses":[{"license":{"id":"GPL-2.0-only"}},{"license":{"id":"MIT"}}]},
		{"name":"unknown"}]}`
	problems, modules, err := check(strings.NewReader(bill))
	if err != nil || modules != 5 || strings.Join(problems, "; ") != "viral: AGPL-3.0-only is not on the list; unknown: no licence is known" {
		t.Errorf("%q, %d, %v", problems, modules, err)
	}
	if _, _, err := check(strings.NewReader("no JSON")); err == nil {
		t.Error("what is no SBOM is taken for one")
	}
}
