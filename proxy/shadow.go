package proxy

import "slices"

// shadowedTogether tells whether the rules before a rule take all its requests between them, though none does alone:
// GET and POST by one each before both, or /a and /a/*/** before /a/**.
func shadowedTogether(earlier []*Rule, rule *Rule) bool {
	for _, host := range hostsOf(earlier, rule) {
		for _, method := range methodsOf(earlier, rule) {
			var patterns []pattern
			for _, before := range earlier {
				if before.accepts(method, host) {
					patterns = append(patterns, before.pattern)
				}
			}
			if !coverTogether(patterns, rule.pattern, 0) {
				return false
			}
		}
	}
	return true
}

// other stands for all hosts, methods or segments that no rule names. No rule can name it.
const other = "\x00"

func hostsOf(earlier []*Rule, rule *Rule) []string {
	if rule.host != "" {
		return []string{rule.host}
	}
	hosts := []string{other} // first: it is covered least
	for _, before := range earlier {
		if before.host != "" && !slices.Contains(hosts, before.host) {
			hosts = append(hosts, before.host)
		}
	}
	return hosts
}

func methodsOf(earlier []*Rule, rule *Rule) []string {
	if len(rule.methods) > 0 {
		return rule.methods
	}
	methods := []string{other}
	for _, before := range earlier {
		for _, method := range before.methods {
			if !slices.Contains(methods, method) {
				methods = append(methods, method)
			}
		}
	}
	return methods
}

// coverTogether tells whether every path of want matches one of the patterns, which all agree with want in the first
// depth segments. It follows want segment by segment; where want allows any, it tries each segment that a pattern
// names, and one that none does.
func coverTogether(patterns []pattern, want pattern, depth int) bool {
	if len(patterns) == 0 {
		return false
	}
	if slices.ContainsFunc(patterns, func(p pattern) bool { return p.deep && len(p.segments) == depth }) {
		return true
	}
	ends := slices.ContainsFunc(patterns, func(p pattern) bool { return len(p.segments) == depth })
	if depth >= len(want.segments) && !ends || depth == len(want.segments) && !want.deep {
		return ends
	}
	next := []string{other}
	if depth < len(want.segments) && want.segments[depth] != "*" {
		next = []string{want.segments[depth]}
	} else {
		for _, p := range patterns {
			if len(p.segments) > depth && p.segments[depth] != "*" && !slices.Contains(next, p.segments[depth]) {
				next = append(next, p.segments[depth])
			}
		}
	}
	for _, segment := range next {
		agreeing := slices.DeleteFunc(slices.Clone(patterns), func(p pattern) bool {
			return len(p.segments) <= depth || p.segments[depth] != "*" && p.segments[depth] != segment
		})
		if !coverTogether(agreeing, want, depth+1) {
			return false
		}
	}
	return true
}
