package authflow

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

func TestAddressesAreStoredAsBetterAuthDoes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.7":                   "192.0.2.7",
		"::ffff:192.0.2.7":            "192.0.2.7",
		"2001:DB8:1:2:3:4:5:6":        "2001:0db8:0001:0002:0000:0000:0000:0000",
		"::1":                         "0000:0000:0000:0000:0000:0000:0000:0000",
		"fe80::1%eth0":                "fe80:0000:0000:0000:0000:0000:0000:0000",
		"2001:db8:ffff:ffff:ffff::ff": "2001:0db8:ffff:ffff:0000:0000:0000:0000",
	} {
		if got := storedAddress(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := storedAddress(netip.Addr{}); got != "" {
		t.Errorf("no address is %q", got)
	}
}

func TestUserAgentsAreStorable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Mozilla/5.0 (é)":                       "Mozilla/5.0 (é)",
		"a\x00b\tc\x7f":                         "abc",
		"a\xffb":                                "ab",
		strings.Repeat("a", 600):                strings.Repeat("a", 512),
		strings.Repeat("a", 511) + "é and more": strings.Repeat("a", 511),
	} {
		got := userAgent(&http.Request{Header: http.Header{"User-Agent": {in}}})
		if got != want || !utf8.ValidString(got) {
			t.Errorf("%.20q: %q", in, got)
		}
	}
}

func TestTimesAreWrittenAsJavaScriptDoes(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]time.Time{
		`"2026-03-01T12:00:00.000Z"`: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		`"2026-03-01T12:00:00.120Z"`: time.Date(2026, 3, 1, 13, 0, 0, 120999999, time.FixedZone("", 3600)),
	} {
		if got, err := json.Marshal(Time(in)); string(got) != want || err != nil {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}

func TestAnswersComeOnTheStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for spent, want := range map[time.Duration]time.Duration{
			0: 100 * time.Millisecond, 99 * time.Millisecond: 100 * time.Millisecond,
			100 * time.Millisecond: 200 * time.Millisecond, 250 * time.Millisecond: 300 * time.Millisecond,
		} {
			began := time.Now()
			time.Sleep(spent)
			AnswerOn(t.Context(), began, 100*time.Millisecond)
			if got := time.Since(began); got != want {
				t.Errorf("after %v of work the answer comes at %v, want %v", spent, got, want)
			}
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		began := time.Now()
		AnswerOn(gone, began, time.Hour)
		if time.Since(began) != 0 {
			t.Error("nobody is there, and still it waits")
		}
	})
}
