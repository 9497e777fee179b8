package main

import "testing"

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
