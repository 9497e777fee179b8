package authflow

import (
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
)

// Router maps methods and paths to routes exactly: no cleaning of paths, no redirects, no answer to HEAD or OPTIONS, and 404
// for a wrong method, as better-auth has it.
type Router struct {
	exact      map[string]*Route   // "GET /get-session"
	withParams map[string][]*Route // by method
	mounted    []*Route            // in order
	room       string              // the feature that is mounting
	gates      []Gate
	err        error
}

func newRouter() *Router {
	return &Router{exact: map[string]*Route{}, withParams: map[string][]*Route{}}
}

// Handle adds a route. Two routes of one method and path are a mistake of ours, reported by New.
func (r *Router) Handle(route Route) {
	rt := &route
	rt.name, rt.room, rt.gates = route.Path, r.room, r.gates
	r.mounted = append(r.mounted, rt)
	for _, path := range append([]string{route.Path}, route.Aliases...) {
		if strings.Contains(path, "/:") {
			alias := *rt
			alias.Path = path
			r.withParams[rt.Method] = append(r.withParams[rt.Method], &alias)
			continue
		}
		key := rt.Method + " " + path
		if _, taken := r.exact[key]; taken && r.err == nil {
			r.err = fmt.Errorf("two routes for %s", key)
		}
		r.exact[key] = rt
	}
}

// Routes yields the routes mounted so far, in order: all of them once the API is built.
func (r *Router) Routes() iter.Seq[*Route] { return slices.Values(r.mounted) }

// all yields every route; one with exact aliases comes once for each of them.
func (r *Router) all() iter.Seq[*Route] {
	return func(yield func(*Route) bool) {
		for _, routes := range r.withParams {
			for _, rt := range routes {
				if !yield(rt) {
					return
				}
			}
		}
		for _, rt := range r.exact {
			if !yield(rt) {
				return
			}
		}
	}
}

// find returns the route and its parameters.
func (r *Router) find(method, path string) (*Route, url.Values) {
	if rt := r.exact[method+" "+path]; rt != nil {
		return rt, nil
	}
	for _, rt := range r.withParams[method] {
		if params, ok := matchPath(rt.Path, path); ok {
			return rt, params
		}
	}
	return nil, nil
}

// matchPath compares segment by segment; a parameter takes one that is not empty, and is decoded.
func matchPath(pattern, path string) (url.Values, bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	params := url.Values{}
	for i := range want {
		name, isParam := strings.CutPrefix(want[i], ":")
		switch {
		case isParam && got[i] != "":
			value, err := url.PathUnescape(got[i])
			if err != nil {
				return nil, false
			}
			params.Set(name, value)
		case want[i] != got[i]:
			return nil, false
		}
	}
	return params, true
}
