package authflow

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func testDevices(t *testing.T, now func() time.Time) *knownDevices {
	t.Helper()
	keys := NewKeys(testSecret)
	k, err := newKnownDevices(NewCookies(testConfig().Cookie, keys, "http://localhost:3000", time.Hour), keys, 24*time.Hour, now)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// next is what a browser sends after an answer.
func next(w *httptest.ResponseRecorder) *http.Request {
	r := httptest.NewRequest("POST", "/", nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	return r
}

func TestABrowserIsKnownToTheLastFiveAccounts(t *testing.T) {
	t.Parallel()
	now := testNow
	k := testDevices(t, func() time.Time { return now })
	r := httptest.NewRequest("POST", "/", nil)
	first := ""
	for i := range 7 {
		w := httptest.NewRecorder()
		k.remember(w, r, fmt.Sprintf("person%d@people.test", i))
		r = next(w)
		if i == 6 {
			first = k.find(r, "person6@people.test")
		}
		now = now.Add(time.Minute)
	}
	for i := range 7 {
		if known := k.find(r, fmt.Sprintf("person%d@people.test", i)) != ""; known != (i >= 2) {
			t.Errorf("person %d: %t", i, known)
		}
	}
	w := httptest.NewRecorder()
	k.remember(w, r, "person6@people.test")
	if again := k.find(next(w), "person6@people.test"); again != first || again == "" {
		t.Errorf("the device is called %q, and %q later: it would have a new count", first, again)
	}
	if value := w.Header().Get("Set-Cookie"); strings.Contains(value, "people") || !strings.Contains(value, "HttpOnly") {
		t.Errorf("cookie %s", value)
	}
	now = now.Add(25 * time.Hour)
	if k.find(r, "person6@people.test") != "" {
		t.Error("known for longer than it was said")
	}
}

func TestADeviceCookieIsSignedForItsPurpose(t *testing.T) {
	t.Parallel()
	k := testDevices(t, func() time.Time { return testNow })
	w := httptest.NewRecorder()
	k.remember(w, httptest.NewRequest("POST", "/", nil), "ada@people.test")
	good := w.Result().Cookies()[0]
	value := strings.SplitN(good.Value, ".", 3)
	forged := []string{"", "x", good.Value[1:], good.Value[:len(good.Value)-1], value[0] + "." + value[1]}
	entry := "v1." + accountDigest("ada@people.test") + "~" + strings.Repeat("a", deviceIDLength) + "~1"
	forged = append(forged, entry, EscapeComponent(entry+"."+NewKeys(testSecret).Sign(entry))) // by the key of sessions
	for _, text := range forged {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Cookie", good.Name+"="+text)
		if k.find(r, "ada@people.test") != "" {
			t.Errorf("%q is believed", text)
		}
	}
}

// FuzzKnownDevices: what can be read is written the same again, and nothing else is read.
func FuzzKnownDevices(f *testing.F) {
	entry := strings.Repeat("a", accountHashBytes) + "~" + strings.Repeat("b", deviceIDLength) + "~"
	for _, s := range []string{"v1", "", "v1." + entry + "t0", "v1." + entry + "t0." + entry + "1", "v2." + entry + "1", "v1." + entry + "-1", "v1.~~"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		entries := parseKnown(value)
		if len(entries) > maxKnownAccounts {
			t.Errorf("%d entries", len(entries))
		}
		if again := parseKnown(formatKnown(entries)); len(again) != len(entries) {
			t.Errorf("%q: %v became %v", value, entries, again)
		}
	})
}
