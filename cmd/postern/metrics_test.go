package main

import (
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// TestOverheadIsWhatTheApplicationDidNotTake: the rest of the time, of requests that the application was asked for alone.
func TestOverheadIsWhatTheApplicationDidNotTake(t *testing.T) {
	t.Parallel()
	m, r := newMetrics(), httptest.NewRequest(http.MethodGet, "/tasks", nil)
	m.request(r, http.StatusOK, 10*time.Millisecond, &requestInfo{route: "/tasks", auth: "required", upstream: 7 * time.Millisecond})
	m.request(r, http.StatusUnauthorized, 5*time.Second, &requestInfo{route: "/tasks", auth: "required", reason: "no_session"})
	var seen dto.Metric
	if err := m.overhead.Write(&seen); err != nil {
		t.Fatal(err)
	}
	if n, sum := seen.Histogram.GetSampleCount(), seen.Histogram.GetSampleSum(); n != 1 || math.Abs(sum-.003) > 1e-9 {
		t.Errorf("%d requests took %vs", n, sum)
	}
}
