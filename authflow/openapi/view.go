package openapi

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// What the page shows, in the words of its template.
type (
	view struct {
		Title, Version string
		Paragraphs     []string
		Sections       []section
		Common         []outcome
		Objects        []object
	}
	section struct {
		Name       string
		Operations []viewed
	}
	viewed struct {
		ID, Method, Path, Summary string
		NeedsSession              bool
		Inputs                    []input
		Answers                   []outcome
	}
	input struct {
		Name, In, Type, Doc string
		Required            bool
	}
	outcome struct {
		Name, Status, Text, Shape string
		Errors                    []said
		Common                    string // what is described once for all, by its name
	}
	said   struct{ Code, Message string }
	object struct{ Name, Shape string }
)

func newView(d *document) view {
	v := view{Title: d.Info.Title, Version: d.Info.Version, Paragraphs: strings.Split(d.Info.Description, "\n\n")}
	for _, t := range d.Tags {
		s := section{Name: t.Name}
		for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
			for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
				if o := d.Paths[path][method]; o.Tags[0] == t.Name {
					s.Operations = append(s.Operations, d.view(strings.ToUpper(method), path, o))
				}
			}
		}
		v.Sections = append(v.Sections, s)
	}
	v.Common = d.viewCommon()
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		v.Objects = append(v.Objects, object{name, notation(d.Components.Schemas[name], "")})
	}
	return v
}

func (d *document) view(method, path string, o *operation) viewed {
	v := viewed{ID: o.OperationID, Method: method, Path: path, Summary: o.Summary, NeedsSession: len(o.Security[0]) > 0}
	for _, p := range o.Parameters {
		v.Inputs = append(v.Inputs, input{p.Name, p.In, notation(p.Schema, ""), p.Description, p.Required})
	}
	if o.RequestBody != nil {
		v.Inputs = append(v.Inputs, bodyInputs(o.RequestBody.Content["application/json"].Schema)...)
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		v.Answers = append(v.Answers, viewResponse(status, o.Responses[status]))
	}
	return v
}

// viewCommon shows what most routes may answer, by status.
func (d *document) viewCommon() []outcome {
	var all []outcome
	for status := range common() {
		name := commonName(status)
		out := viewResponse(strconv.Itoa(status), d.Components.Responses[name])
		out.Name = name
		all = append(all, out)
	}
	slices.SortFunc(all, func(a, b outcome) int { return cmp.Compare(a.Status, b.Status) })
	return all
}

// bodyInputs are the fields of a body. Of one that is one of several objects it shows each field once, as required where all ask for it.
func bodyInputs(body *jsonschema.Schema) []input {
	alternatives := body.OneOf
	if alternatives == nil {
		alternatives = []*jsonschema.Schema{body}
	}
	var all []input
	for _, object := range alternatives {
		for _, name := range object.PropertyOrder {
			if slices.ContainsFunc(all, func(i input) bool { return i.Name == name }) {
				continue
			}
			s := object.Properties[name]
			required := !slices.ContainsFunc(alternatives, func(other *jsonschema.Schema) bool { return !slices.Contains(other.Required, name) })
			all = append(all, input{name, "body", notation(s, ""), s.Description, required})
		}
	}
	return all
}

func viewResponse(status string, r response) outcome {
	out := outcome{Status: status, Text: r.Description}
	if name, isRef := strings.CutPrefix(r.Ref, responseRef); isRef {
		out.Common = name
	} else {
		out.Text, out.Common, _ = strings.Cut(r.Description, alsoCommon)
	}
	for _, media := range slices.Sorted(maps.Keys(r.Content)) {
		content := r.Content[media]
		for _, message := range slices.Sorted(maps.Keys(content.Examples)) {
			e, _ := content.Examples[message].Value.(map[string]string)
			out.Errors = append(out.Errors, said{cmp.Or(e["code"], "(no code)"), message})
		}
		switch {
		case media != "application/json":
			out.Shape = media
		case len(out.Errors) == 0:
			out.Shape = notation(content.Schema, "")
		}
	}
	return out
}

// notation writes a schema as TypeScript would, which is short and widely read.
func notation(s *jsonschema.Schema, indent string) string {
	kinds := s.Types
	if s.Type != "" {
		kinds = []string{s.Type}
	}
	switch {
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, schemaRef)
	case len(s.AnyOf) > 0:
		return alternatives(s.AnyOf, indent)
	case len(kinds) == 0:
		return "any"
	}
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		switch {
		case kind == "array":
			names[i] = notation(s.Items, indent) + "[]"
		case kind == "object":
			names[i] = members(s, indent)
		case s.Format != "":
			names[i] = kind + " (" + s.Format + ")"
		default:
			names[i] = kind
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return strings.Join(names, " | ")
}

// rank puts null last.
func rank(name string) int {
	if name == "null" {
		return 1
	}
	return 0
}

func alternatives(some []*jsonschema.Schema, indent string) string {
	names := make([]string, len(some))
	for i, s := range some {
		names[i] = notation(s, indent)
	}
	return strings.Join(names, " | ")
}

func members(s *jsonschema.Schema, indent string) string {
	if len(s.Properties) == 0 {
		return "object"
	}
	var out strings.Builder
	out.WriteString("{\n")
	order := s.PropertyOrder
	if order == nil {
		order = slices.Sorted(maps.Keys(s.Properties))
	}
	for _, name := range order {
		optional := "?"
		if slices.Contains(s.Required, name) {
			optional = ""
		}
		fmt.Fprintf(&out, "%s  %s%s: %s", indent, name, optional, notation(s.Properties[name], indent+"  "))
		if doc := s.Properties[name].Description; doc != "" {
			out.WriteString("  // " + doc)
		}
		out.WriteString("\n")
	}
	out.WriteString(indent + "}")
	return out.String()
}
