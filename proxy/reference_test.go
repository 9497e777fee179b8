package proxy_test

import (
	"os"
	"testing"

	"github.com/posternhq/postern/proxy"
)

func TestHeadersReferenceIsFresh(t *testing.T) {
	t.Parallel()
	written, err := os.ReadFile("../docs/headers.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != proxy.HeadersReference() {
		t.Error("docs/headers.md is stale; run: make generate")
	}
}
