package injector

import (
	"fmt"
	"strings"
)

// Operation is a step of a JSON Patch (RFC 6902 §4).
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// patch collects operations. They are carried out in order, each on what the one before has left.
type patch []Operation

func (p *patch) add(path string, value any) {
	*p = append(*p, Operation{Op: "add", Path: path, Value: value})
}

func (p *patch) replace(path string, value any) {
	*p = append(*p, Operation{Op: "replace", Path: path, Value: value})
}

func (p *patch) remove(path string) { *p = append(*p, Operation{Op: "remove", Path: path}) }

// appendAll adds values to the end of a list that has n items; one that has none may not be there at all.
func appendAll[T any](p *patch, list string, n int, values []T) {
	if len(values) == 0 {
		return
	}
	if n == 0 {
		p.add(list, values)
		return
	}
	for _, value := range values {
		p.add(list+"/-", value)
	}
}

func at(list string, index int) string { return fmt.Sprintf("%s/%d", list, index) }

// escape writes a name as a reference token (RFC 6901 §3).
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }
