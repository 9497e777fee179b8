package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/posternhq/postern/proxy"
)

func TestLoggedPathIsBounded(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"/tasks/42?q=1": "/tasks/42", "/" + strings.Repeat("x", 60000): "/" + strings.Repeat("x", maxLoggedPath-1)} {
		v := &visit{Context: t.Context()}
		observeProxy(httptest.NewRequest("GET", path, nil).WithContext(v), proxy.Outcome{})
		if v.info.path != want {
			t.Errorf("path %.60q of %d bytes, want %.60q", v.info.path, len(v.info.path), want)
		}
	}
}
