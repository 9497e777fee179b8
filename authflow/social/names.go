package social

import (
	"iter"
	"maps"
	"slices"
)

// Names are the providers that people may sign in with, in the order of their ids: id, and name as people know it.
func (f *Feature) Names() iter.Seq2[string, string] {
	return func(yield func(id, name string) bool) {
		for _, id := range slices.Sorted(maps.Keys(f.providers.listings)) {
			if !yield(id, f.providers.listings[id].provider.Name) {
				return
			}
		}
	}
}
