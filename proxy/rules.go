package proxy

import (
	"errors"
	"math"
	"strings"
)

// Rules is an ordered list of rules and the one for what none of them matches. The first match wins, whatever the
// order costs: the trees below only avoid looking at rules whose host or path cannot match. They hold one node for each
// distinct beginning of a pattern, so a look-up visits nodes by the depth of the path, not by the number of rules
// (oathkeeper and heimdall walk the list; with a thousand routes that is most of a request). At a node are the rules of one
// host and pattern, which differ in methods alone: ValidateOrder sees to it that each adds one.
type Rules struct {
	list     []*Rule
	fallback *Rule
	anywhere *node            // rules for every host
	hosts    map[string]*node // those for one
}

// node stands for the segments that lead to it. Its lists hold positions in Rules.list, ascending.
type node struct {
	literal map[string]*node
	any     *node // for *
	exact   []int // rules whose pattern ends here
	deep    []int // rules whose pattern goes on with /**
	lowest  int   // the lowest position in this subtree: a better match in hand makes it pointless to enter
}

func newNode() *node { return &node{lowest: math.MaxInt} }

// NewRules compiles routes. fallback is what default_auth says.
func NewRules(routes []RouteConfig, fallback Auth) (*Rules, error) {
	rules := &Rules{fallback: &Rule{Pattern: DefaultPattern, Position: -1, Auth: fallback}, anywhere: newNode(), hosts: map[string]*node{}}
	var problems []error
	for i, route := range routes {
		rule, err := newRule(route)
		problems = append(problems, under(routeKey(i), err))
		rules.add(rule)
	}
	return rules, errors.Join(problems...)
}

func (r *Rules) add(rule *Rule) {
	rule.Position = len(r.list)
	r.list = append(r.list, rule)
	tree := r.anywhere
	if rule.host != "" {
		if tree = r.hosts[rule.host]; tree == nil {
			tree = newNode()
			r.hosts[rule.host] = tree
		}
	}
	tree.add(rule, rule.Position)
}

func (n *node) add(rule *Rule, position int) {
	n.lowest = min(n.lowest, position)
	for _, segment := range rule.segments {
		next := n.any
		if segment != "*" {
			next = n.literal[segment]
		}
		if next == nil {
			next = newNode()
			n.attach(segment, next)
		}
		n = next
		n.lowest = min(n.lowest, position)
	}
	if rule.deep {
		n.deep = append(n.deep, position)
	} else {
		n.exact = append(n.exact, position)
	}
}

func (n *node) attach(segment string, child *node) {
	switch {
	case segment == "*":
		n.any = child
	case n.literal == nil:
		n.literal = map[string]*node{segment: child}
	default:
		n.literal[segment] = child
	}
}

// Match returns the rule for a request; it is never nil. path is decoded and canonical, host as clientaddr.ParseHost
// gives it.
func (r *Rules) Match(method, host, path string) *Rule {
	rest := strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	best := r.find(r.anywhere, method, host, rest, math.MaxInt)
	if len(r.hosts) > 0 {
		best = r.find(r.hosts[host], method, host, rest, best)
	}
	if best == math.MaxInt {
		return r.fallback
	}
	return r.list[best]
}

// find returns the lowest position below best that matches in the subtree of n; rest is empty when the path ends at n.
func (r *Rules) find(n *node, method, host, rest string, best int) int {
	if n == nil || n.lowest >= best {
		return best
	}
	best = r.first(n.deep, method, host, best)
	if rest == "" {
		return r.first(n.exact, method, host, best)
	}
	segment, rest, _ := strings.Cut(rest, "/")
	best = r.find(n.literal[segment], method, host, rest, best)
	return r.find(n.any, method, host, rest, best)
}

func (r *Rules) first(positions []int, method, host string, best int) int {
	for _, position := range positions {
		if position >= best {
			break
		}
		if r.list[position].accepts(method, host) {
			return position
		}
	}
	return best
}
