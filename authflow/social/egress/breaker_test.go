package egress_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posternhq/postern/authflow/social/egress"
)

// provider is a real server, started outside the bubble that a test with a clock of its own runs in.
type provider struct {
	*httptest.Server
	status atomic.Int64
	asked  atomic.Int64
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{}
	p.status.Store(http.StatusOK)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		// No connection is kept: its reader waits for the network, and while anybody does the bubble's clock stands still.
		w.Header().Set("Connection", "close")
		w.WriteHeader(int(p.status.Load()))
	}))
	t.Cleanup(p.Close)
	return p
}

func TestADeadProviderIsNotAskedForHalfAMinute(t *testing.T) {
	t.Parallel()
	dead, well := startProvider(t), startProvider(t)
	dead.status.Store(http.StatusBadGateway)
	synctest.Test(t, func(t *testing.T) {
		client := inside()
		var changes []string
		client.ObserveBreaker = func(name string, open bool) {
			changes = append(changes, name+map[bool]string{true: " opens", false: " closes"}[open])
		}
		ask := func() error { return get(t, client.For("dead"), dead.URL) }
		for range 5 {
			if err := ask(); err != nil {
				t.Fatalf("asked for real: %v", err)
			}
		}
		for range 100 {
			if err := ask(); !errors.Is(err, egress.ErrUnavailable) || !strings.Contains(err.Error(), "status 502") {
				t.Fatalf("not asked: %v", err)
			}
			if err := get(t, client.For("well"), well.URL); err != nil {
				t.Fatalf("the other provider: %v", err)
			}
		}
		if dead.asked.Load() != 5 || well.asked.Load() != 100 {
			t.Errorf("asked %d and %d times", dead.asked.Load(), well.asked.Load())
		}

		time.Sleep(31 * time.Second)
		if err := ask(); err != nil { // still dead: one call tries
			t.Errorf("half a minute later: %v", err)
		}
		if err := ask(); !errors.Is(err, egress.ErrUnavailable) || dead.asked.Load() != 6 {
			t.Errorf("a second try at once: %v", err)
		}

		dead.status.Store(http.StatusOK)
		if err := ask(); !errors.Is(err, egress.ErrUnavailable) {
			t.Errorf("before its time: %v", err)
		}
		time.Sleep(31 * time.Second)
		for range 10 {
			if err := ask(); err != nil {
				t.Errorf("after its recovery: %v", err)
			}
		}
		if want := []string{"dead opens", "dead opens", "dead closes"}; !slices.Equal(changes, want) {
			t.Errorf("%v, want %v", changes, want)
		}
	})
}

func TestWhatTheBreakerCounts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		opens  bool
	}{
		"server errors": {500, true}, "overload": {503, true},
		"wrong codes": {400, false}, "wrong secrets": {401, false}, "rate limits": {429, false}, "success": {200, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProvider(t)
			p.status.Store(int64(tt.status))
			client := inside().For("idp")
			for range 20 {
				_ = get(t, client, p.URL)
			}
			if got := p.asked.Load() < 20; got != tt.opens {
				t.Errorf("asked %d times", p.asked.Load())
			}
		})
	}
}

func TestCallersWhoGoAwaySayNothingAboutTheProvider(t *testing.T) {
	t.Parallel()
	var waiting sync.WaitGroup
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			waiting.Done()
			<-r.Context().Done()
		}
	})
	client := inside().For("idp")
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		waiting.Add(1)
		go func() {
			waiting.Wait()
			cancel()
		}()
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, url+"/wait", nil)
		if resp, err := client.Do(r); !errors.Is(err, context.Canceled) {
			t.Fatalf("%v, %v", resp, err)
		}
	}
	if err := get(t, client, url); err != nil {
		t.Error(err)
	}
}

// Whoever forgets to close an answer must not keep the breaker waiting for it for ever.
func TestAnAnswerThatNobodyReadsIsOverInTime(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		select {
		case <-over:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(over) })
	for timeout := 50 * time.Millisecond; ; timeout *= 2 {
		client := egress.New(egress.Config{AllowPrivateAddresses: true, Timeout: timeout})
		calls := make(chan egress.Call, 1)
		client.Observe = func(c egress.Call) { calls <- c }
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		resp, err := client.For("idp").Do(r)
		if err != nil {
			continue // this machine was slower than the provider
		}
		if c := <-calls; c.Outcome != egress.OutcomeTimeout || c.Status != 200 {
			t.Errorf("%+v", c)
		}
		_ = resp.Body.Close()
		break
	}
}

func TestEveryCallIsObservedOnce(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/refused":
			w.WriteHeader(http.StatusBadRequest)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "/redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case "/large":
			w.(http.Flusher).Flush()
			_, _ = w.Write(make([]byte, egress.MaxBodyBytes+1))
		case "/cut":
			panic(http.ErrAbortHandler)
		}
	})
	for path, want := range map[string]egress.Outcome{
		"/": egress.OutcomeOK, "/refused": egress.OutcomeRefused, "/broken": egress.OutcomeServerError,
		"/redirect": egress.OutcomeRedirect, "/large": egress.OutcomeTooLarge, "/cut": egress.OutcomeNetwork,
	} {
		client := inside()
		var calls []egress.Call
		client.Observe = func(c egress.Call) { calls = append(calls, c) }
		_ = get(t, client.For("idp"), url+path+"?code=secret")
		if len(calls) != 1 || calls[0].Outcome != want || calls[0].Provider != "idp" || calls[0].Host != strings.TrimPrefix(url, "http://") || calls[0].Method != "GET" {
			t.Errorf("%s: %+v", path, calls)
		}
		if err := calls[0].Err; err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error repeats the query: %v", path, err)
		}
	}
	client := egress.New(egress.Config{})
	var calls []egress.Call
	client.Observe = func(c egress.Call) { calls = append(calls, c) }
	_ = get(t, client.For("idp"), "http://idp.example/")
	_ = get(t, client.For("idp"), "https://10.0.0.1/")
	if len(calls) != 2 || calls[0].Outcome != egress.OutcomeBlocked || calls[1].Outcome != egress.OutcomeBlocked {
		t.Errorf("%+v", calls)
	}
}

func TestClientsOfOneProviderAreOne(t *testing.T) {
	t.Parallel()
	client := egress.New(egress.Config{})
	google := client.For("google")
	if client.For("google") != google || client.For("github") == google {
		t.Error("a provider has one client, and shares it with none")
	}
}
