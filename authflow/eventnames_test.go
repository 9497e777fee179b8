package authflow_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/posternhq/postern/authflow"
)

func TestTheListOfEventsIsTheCatalogue(t *testing.T) {
	t.Parallel()
	catalogue, err := os.ReadFile("event.go")
	if err != nil {
		t.Fatal(err)
	}
	var written []authflow.EventName
	for _, match := range regexp.MustCompile(`EventName = "(\w+)"`).FindAllSubmatch(catalogue, -1) {
		written = append(written, authflow.EventName(match[1]))
	}
	if listed := authflow.EventNames(); len(written) < 20 || !slices.Equal(listed, written) {
		t.Errorf("listed %q, written %q", listed, written)
	}
}
