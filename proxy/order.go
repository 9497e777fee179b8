package proxy

import (
	"errors"
	"fmt"
	"slices"
)

// ValidateOrder finds routes that can never decide anything because an earlier one takes all their requests. Such a
// route is a mistake, and if it was meant to protect something, a dangerous one. Routes with problems of their own
// are passed over.
func ValidateOrder(routes []RouteConfig) error {
	var problems []error
	compiled := compileAll(routes)
	for i, rule := range compiled {
		if rule == nil {
			continue
		}
		if by := slices.IndexFunc(compiled[:i], func(before *Rule) bool { return before != nil && before.takesAll(rule) }); by >= 0 {
			problems = append(problems, fmt.Errorf("routes[%d].path: %s is never reached, since routes[%d] (%s) takes all its requests; move it up", i, rule.Pattern, by, compiled[by].Pattern))
		}
	}
	return errors.Join(problems...)
}

// compileAll has nil where a route is wrong.
func compileAll(routes []RouteConfig) []*Rule {
	rules := make([]*Rule, len(routes))
	for i, route := range routes {
		if rule, err := newRule(route); err == nil {
			rule.Position = i
			rules[i] = rule
		}
	}
	return rules
}

// takesAll tells whether every request that matches other matches r, too.
func (r *Rule) takesAll(other *Rule) bool {
	if !r.takesHost(other.host) || !r.pattern.covers(other.pattern) {
		return false
	}
	if len(r.methods) == 0 {
		return true
	}
	return len(other.methods) > 0 && !slices.ContainsFunc(other.methods, func(method string) bool { return !slices.Contains(r.methods, method) })
}

// takesHost tells whether r is for all that another rule's host is.
func (r *Rule) takesHost(host string) bool { return r.host == "" || r.host == host }

// Warnings lists what is valid and may be meant, yet is more often a mistake. Each begins with the key it is about. It is
// for a Config that passes Validate.
func (c Config) Warnings() []error {
	rules := compileAll(c.Routes)
	if slices.Contains(rules, nil) {
		return nil // what is wrong is reported; what follows from it is not worth telling
	}
	var found []error
	for i, rule := range rules {
		if shadowedTogether(rules[:i], rule) {
			found = append(found, fmt.Errorf("routes[%d].path: %s is never reached, since the routes before it take all its requests between them; move it up or remove it", i, rule.Pattern))
		}
		if before, path := crossing(rules[:i], rule); before != nil {
			found = append(found, fmt.Errorf("routes[%d].path: %s takes some requests that routes[%d] (%s) would ask more of, such as %s; if that is not meant, move routes[%d] up",
				before.Position, before.Pattern, i, rule.Pattern, path, i))
		}
	}
	return append(found, c.rewritingWarnings(rules)...)
}

// crossing finds an earlier rule that asks less and takes a part of later's requests without being about something
// special among them: /*/public before /admin/**. The usual exception, /admin/public before /admin/**, is none.
func crossing(earlier []*Rule, later *Rule) (*Rule, string) {
	for _, before := range earlier {
		if !before.asksLess(later) || later.pattern.covers(before.pattern) || before.pattern.covers(later.pattern) {
			continue
		}
		if before.host != "" && later.host != "" && before.host != later.host || !sharesMethod(before.methods, later.methods) {
			continue
		}
		if both, overlap := before.pattern.meets(later.pattern); overlap {
			return before, both.example()
		}
	}
	return nil, ""
}

func sharesMethod(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(method string) bool { return slices.Contains(b, method) })
}

// asksLess tells whether somebody could pass r who could not pass other.
func (r *Rule) asksLess(other *Rule) bool {
	if r.Auth != other.Auth {
		return r.Auth > other.Auth
	}
	lacksRole := len(other.Roles) > 0 && (len(r.Roles) == 0 || slices.ContainsFunc(r.Roles, func(role string) bool { return !slices.Contains(other.Roles, role) }))
	older := other.MaxSessionAge > 0 && (r.MaxSessionAge == 0 || r.MaxSessionAge > other.MaxSessionAge)
	return lacksRole || older || other.VerifiedEmail && !r.VerifiedEmail
}
