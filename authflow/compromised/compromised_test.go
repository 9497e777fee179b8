package compromised

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// service plays the range API: it knows some passwords, and pads its answers.
func service(t *testing.T, known ...string) (url string, asked *atomic.Value) {
	t.Helper()
	asked = &atomic.Value{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.Path + " " + r.Header.Get("Add-Padding"))
		prefix := strings.TrimPrefix(r.URL.Path, "/range/")
		for _, password := range known {
			sum := sha1.Sum([]byte(password))
			if digits := strings.ToUpper(hex.EncodeToString(sum[:])); digits[:5] == prefix {
				fmt.Fprintf(w, "%s:%d\r\n", digits[5:], 42)
			}
		}
		sum := sha1.Sum([]byte("only padding"))
		fmt.Fprintf(w, "%s:0\r\n", strings.ToUpper(hex.EncodeToString(sum[:]))[5:])
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func checker(t *testing.T, url string) (c *Checker, results *[]Result, log *bytes.Buffer) {
	t.Helper()
	results, log = &[]Result{}, &bytes.Buffer{}
	cfg := Config{CommonList: true, Pwned: url != "", BaseURL: url, Timeout: 5 * time.Second}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return New(cfg, http.DefaultClient, slog.New(slog.NewTextHandler(log, nil)), func(r Result) { *results = append(*results, r) }), results, log
}

func TestPasswordsFromBreachesAreFoundByFiveDigits(t *testing.T) {
	t.Parallel()
	url, asked := service(t, "Tr0ub4dor&3 lost")
	c, results, _ := checker(t, url+"/")
	if !c.Compromised(t.Context(), "ada@people.test", "Tr0ub4dor&3 lost") {
		t.Error("a password of a breach is taken")
	}
	sum := sha1.Sum([]byte("Tr0ub4dor&3 lost"))
	if want := "/range/" + strings.ToUpper(hex.EncodeToString(sum[:]))[:5] + " true"; asked.Load() != want {
		t.Errorf("asked %q, want %q", asked.Load(), want)
	}
	for _, fine := range []string{"nobody has lost this one", "only padding"} {
		if c.Compromised(t.Context(), "", fine) {
			t.Errorf("%q is refused", fine)
		}
	}
	if got := fmt.Sprint(*results); got != "[pwned fine fine]" {
		t.Errorf("results %s", got)
	}
}

func TestCommonPasswordsAreRefusedWithoutAsking(t *testing.T) {
	t.Parallel()
	c, _, _ := checker(t, "")
	for _, common := range []string{"password1", "PASSWORD123", "qwertyuiop", "12345678", "Summer2026", "aaaaaaaaaaaa", "zzzzzzzz", "ada.l@people.test", "Ada.L", "people"} {
		if !c.Compromised(t.Context(), "Ada.L@people.test", common) {
			t.Errorf("%q is taken", common)
		}
	}
	for _, fine := range []string{"correct horse battery", "passwords are a pain", "ada.l and more", "aaaaaaab"} {
		if c.Compromised(t.Context(), "ada.l@people.test", fine) {
			t.Errorf("%q is refused", fine)
		}
	}
	off := New(Config{}, nil, nil, nil)
	if off.Compromised(t.Context(), "", "password1") {
		t.Error("refused though nothing is switched on")
	}
}

// Fail-open, as the documents say: and it is seen.
func TestAServiceThatDoesNotAnswerStopsNobody(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"an error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"a wrong count": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, suffix("a rare password")+":many\n")
		},
		"a line for ever": func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, strings.Repeat("A", 1<<20)) },
		"a broken answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(handler)
			defer server.Close()
			c, results, log := checker(t, server.URL)
			if c.Compromised(t.Context(), "", "a rare password") {
				t.Error("refused")
			}
			if !c.Compromised(t.Context(), "", "password1") {
				t.Error("the list counts no more")
			}
			if got := fmt.Sprint(*results); got != "[unavailable common]" || !strings.Contains(log.String(), "level=WARN") {
				t.Errorf("results %s, log %s", got, log)
			}
			sum := sha1.Sum([]byte("a rare password"))
			if strings.Contains(log.String(), strings.ToUpper(hex.EncodeToString(sum[:]))[:5]) {
				t.Errorf("digits of the hash are in the log: %s", log)
			}
		})
	}
}

func suffix(password string) string {
	sum := sha1.Sum([]byte(password))
	return strings.ToUpper(hex.EncodeToString(sum[:]))[5:]
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "api.pwnedpasswords.com", "ftp://x", "https://x?a=b"} {
		if err := (Config{Pwned: true, BaseURL: base, Timeout: time.Second}).Validate(); err == nil || !strings.HasPrefix(err.Error(), "base_url:") {
			t.Errorf("%q: %v", base, err)
		}
	}
	if err := (Config{Pwned: true, BaseURL: "https://x", Timeout: time.Minute}).Validate(); err == nil {
		t.Error("a minute is taken")
	}
}

// FuzzRangeAnswer: no answer is a fault, and only a line for the hash with a count finds it.
func FuzzRangeAnswer(f *testing.F) {
	for _, s := range []string{"", "ABC:1", "abc:0", "ABC:-1", "ABC:1e3", "ABC:99999999999999999999", "\r\nABC:2\r\n", "ABC"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		found, err := findSuffix(strings.NewReader(answer), "ABC")
		if found && (err != nil || !strings.Contains(strings.ToUpper(answer), "ABC:")) {
			t.Errorf("%q: %t, %v", answer, found, err)
		}
	})
}
