package status_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/status"
)

func TestTheAPIIsThere(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	flow.Browser().Get("/ok").Says(200, `{"ok":true}`)
	flow.Browser().Get("/health").Says(200, `{"status":"ok","timestamp":"2026-03-01T12:30:15.123Z","database":"ok"}`)
}

func TestHealthTellsThatTheDatabaseIsAwayAndNotWhy(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	var limit time.Duration
	api, err := authflow.New(flow.Core, status.New(flow.Core, func(ctx context.Context) error {
		deadline, _ := ctx.Deadline()
		limit = time.Until(deadline)
		return errors.New("dial tcp 10.0.0.5:5432: password=hunter2")
	}))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/auth/health", nil))
	var got struct{ Status, Database string }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 503 || got.Status != "unavailable" || got.Database != "unavailable" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "hunter2") || limit <= 0 || limit > 2*time.Second {
		t.Errorf("headers %v, body %s, waits %v", w.Header(), w.Body, limit)
	}
}

// D87: of what a stranger wrote only a code is shown.
func TestD87ErrorsLeadToTheStartPage(t *testing.T) {
	t.Parallel()
	flow := authflowtest.Start(t)
	for query, want := range map[string]string{
		"":                                      "/?error=UNKNOWN",
		"?error=":                               "/?error=UNKNOWN",
		"?error=account_not_linked":             "/?error=account_not_linked",
		"?error=it%27s":                         "/?error=it%27s",
		"?error=a-B_9":                          "/?error=a-B_9",
		"?error=%3Cscript%3E":                   "/?error=UNKNOWN",
		"?error=a%20b":                          "/?error=UNKNOWN",
		"?error=a%0d%0aSet-Cookie:x":            "/?error=UNKNOWN",
		"?error=a&error_description=hello+%3Cb": "/?error=a&error_description=hello+%3Cb",
		"?error=a&error_description=%0d%0ax%26": "/?error=a&error_description=%0D%0Ax%26",
	} {
		answer := flow.Browser().Get("/error" + query).RedirectsTo(want)
		if got, set := answer.Header["Content-Type"]; set || answer.Body != "" {
			t.Errorf("content type %q, body %q", got, answer.Body)
		}
	}
}
