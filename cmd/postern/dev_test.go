package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestDevelopmentPagesAnswerToThisMachinesNamesOnly(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost:8080": true, "LOCALHOST": true, "127.0.0.1:8080": true, "127.0.0.1": true, "[::1]:8080": true, "[::1]": true,
		"192.168.1.7:8080":  true, // what --listen said
		"evil.example:8080": false, "localhost.evil.example:8080": false, "192.168.1.8:8080": false, "": false,
	} {
		if got := isOwnName(host, "192.168.1.7"); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

func TestTheDevelopmentProviderIsForThisMachineAlone(t *testing.T) {
	t.Parallel()
	reached := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	pages := devPages(http.NotFoundHandler(), reached, "0.0.0.0", http.NotFoundHandler())
	for peer, want := range map[string]int{
		"127.0.0.1:1234": http.StatusNoContent, "[::1]:1234": http.StatusNoContent, "[::ffff:127.0.0.1]:1234": http.StatusNoContent,
		"192.168.1.8:1234": http.StatusForbidden, "[2001:db8::1]:1234": http.StatusForbidden, "@": http.StatusForbidden, "": http.StatusForbidden,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:8080"+devIDPPath+"/authorize", nil)
		r.RemoteAddr = peer
		w := httptest.NewRecorder()
		v := &visit{Context: r.Context()}
		if pages.ServeHTTP(w, r.WithContext(v)); w.Code != want {
			t.Errorf("%q gets %d, want %d", peer, w.Code, want)
		}
	}
}
