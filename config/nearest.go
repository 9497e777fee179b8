package config

import "strings"

// nearest finds the valid key that was most likely meant: first among the keys of the same section, then a key with
// the same last word elsewhere (secret for auth.secret), then whatever looks most alike.
func nearest(key string, valid []string) string {
	parent, name := split(key)
	var siblings []string
	sameName := ""
	for _, v := range valid {
		p, n := split(v)
		if p == parent {
			siblings = append(siblings, v)
		}
		if sameName == "" && strings.EqualFold(n, name) {
			sameName = v
		}
	}
	best, d := closest(key, siblings)
	if best != "" && d <= max(2, len(name)/3) {
		return best
	}
	if sameName != "" {
		return sameName
	}
	best, _ = closest(key, valid)
	return best
}

// closest returns the candidate with the smallest edit distance, the first of equals.
func closest(word string, candidates []string) (string, int) {
	best, distance := "", -1
	for _, c := range candidates {
		if d := editDistance(strings.ToLower(word), strings.ToLower(c)); distance < 0 || d < distance {
			best, distance = c, d
		}
	}
	return best, distance
}

// split cuts a dotted key before its last word.
func split(key string) (parent, name string) {
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		return key[:i], key[i+1:]
	}
	return "", key
}

// editDistance is Levenshtein's: how many letters to insert, delete or replace.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
