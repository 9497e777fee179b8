package compromised

import (
	_ "embed"
	"strings"
	"sync"
)

// common has one password a line, in lower case: words, names and rows of keys that head every list of stolen passwords, with the endings that people add.
//
//go:embed common.txt
var common string

var commonPasswords = sync.OnceValue(func() map[string]bool {
	set := make(map[string]bool, 4096)
	for line := range strings.Lines(common) {
		set[strings.TrimSuffix(line, "\n")] = true
	}
	return set
})

// isCommon tells whether a password is on the list, or is one character over and over.
func isCommon(password string) bool {
	lower := strings.ToLower(password)
	return commonPasswords()[lower] || lower != "" && strings.Trim(lower, lower[:1]) == ""
}

// isOwnName tells whether a password is what its account is called, which is tried first of all.
func isOwnName(password, email string) bool {
	name, domain, _ := strings.Cut(strings.ToLower(email), "@")
	host, _, _ := strings.Cut(domain, ".")
	lower := strings.ToLower(password)
	return email != "" && (lower == name || lower == name+"@"+domain || lower == domain || lower == host)
}
