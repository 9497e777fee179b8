package authflow

import (
	"cmp"
	"slices"
)

// AllRoutes are the routes of the API by path, those with aliases under each, for tests that go through every one of them.
func (f *Flow) AllRoutes() []Route {
	var routes []Route
	for route := range f.router.all() {
		routes = append(routes, *route)
	}
	slices.SortFunc(routes, func(a, b Route) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method)) })
	return slices.CompactFunc(routes, func(a, b Route) bool { return a.Path == b.Path && a.Method == b.Method })
}
