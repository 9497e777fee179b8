package authflowtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/openapi"
)

// promised holds every answer of every test to the API's own description: its status, its media type and each member of its body
// must have been promised, and so must the error's code. What a room answers and does not declare fails the room's tests.
type promised struct {
	flow *Flow
	api  *authflow.Flow
	seen *witness
	made func() (*promises, error)
}

func newPromised(f *Flow, api *authflow.Flow, seen *witness) *promised {
	return &promised{flow: f, api: api, seen: seen, made: sync.OnceValues(func() (*promises, error) {
		text, err := openapi.Describe(openapi.AboutCore(f.Core), api.Routes())
		if err != nil {
			return nil, err
		}
		return readPromises(text)
	})}
}

// ServeHTTP answers and looks at the answer.
func (p *promised) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kept := &keeper{ResponseWriter: w}
	p.api.ServeHTTP(kept, r)
	if r.Pattern == "" || kept.status == statusClientGone {
		return // no route, or nobody there to read an answer
	}
	made, err := p.made()
	if err == nil {
		err = made.check(r.Method+" "+r.Pattern, kept)
	}
	seen := p.seen.saw(r)
	if issues(r, w.Header()) && seen != admitted {
		p.flow.t.Errorf("%s %s issues a session that passed no gate", r.Method, r.Pattern)
	}
	if err != nil && seen != refused {
		p.flow.t.Errorf("%s %s answers what its description does not promise: %v: %d %.300s", r.Method, r.Pattern, err, kept.status, kept.body.String())
	}
}

// statusClientGone is what the access log is told of a client that went away.
const statusClientGone = 499

// keeper keeps what is answered.
type keeper struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// Unwrap lets http.ResponseController reach the connection.
func (k *keeper) Unwrap() http.ResponseWriter { return k.ResponseWriter }

func (k *keeper) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

func (k *keeper) Write(p []byte) (int, error) {
	k.body.Write(p)
	return k.ResponseWriter.Write(p)
}

// promises are a description, read for checking: by operation ("GET /ok") and status.
type promises struct {
	operations map[string]map[string]answerPromise
	objects    map[string]*jsonschema.Schema
	texts      string // of the objects
}

type answerPromise struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]struct{ Schema json.RawMessage }
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

func readPromises(description []byte) (*promises, error) {
	var d struct {
		Paths map[string]map[string]struct {
			Responses map[string]answerPromise
		}
		Components struct {
			Schemas   map[string]json.RawMessage
			Responses map[string]answerPromise
		}
	}
	if err := json.Unmarshal(description, &d); err != nil {
		return nil, err
	}
	made := &promises{operations: map[string]map[string]answerPromise{}, objects: map[string]*jsonschema.Schema{}}
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		text := d.Components.Schemas[name]
		made.texts += string(text)
		s, err := strict(text)
		if err != nil {
			return nil, err
		}
		made.objects[name] = s
	}
	for path, methods := range d.Paths {
		for method, o := range methods {
			for status, answer := range o.Responses {
				if name, isRef := strings.CutPrefix(answer.Ref, "#/components/responses/"); isRef {
					o.Responses[status] = d.Components.Responses[name]
				}
			}
			made.operations[strings.ToUpper(method)+" "+parameter.ReplaceAllString(path, ":$1")] = o.Responses
		}
	}
	return made, nil
}

// strict reads a schema that allows no more than it names. Clients must ignore members they do not know, and the server must not
// send any that it did not promise.
func strict(text json.RawMessage) (*jsonschema.Schema, error) {
	var s jsonschema.Schema
	if err := json.Unmarshal(bytes.ReplaceAll(text, []byte("#/components/schemas/"), []byte("#/$defs/")), &s); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return closed(&s), nil
}

func closed(s *jsonschema.Schema) *jsonschema.Schema {
	if s == nil {
		return nil
	}
	if s.Properties != nil && s.Type+strings.Join(s.Types, "") != "" {
		s.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
	}
	for _, property := range s.Properties {
		closed(property)
	}
	for _, some := range [][]*jsonschema.Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for _, one := range some {
			closed(one)
		}
	}
	closed(s.Items)
	return s
}

func (p *promises) check(operation string, answer *keeper) error {
	statuses, described := p.operations[operation]
	if !described {
		return nil // a file of a page
	}
	promise, described := statuses[strconv.Itoa(answer.status)]
	if !described {
		return fmt.Errorf("status %d", answer.status)
	}
	if answer.body.Len() == 0 {
		if len(promise.Content) > 0 && !strings.Contains(promise.Description, "without a body") {
			return fmt.Errorf("no body")
		}
		return nil
	}
	media, _, _ := strings.Cut(answer.Header().Get("Content-Type"), ";")
	content, described := promise.Content[media]
	switch {
	case !described:
		return fmt.Errorf("media type %q", media)
	case media != "application/json":
		return nil
	}
	return p.validate(content.Schema, answer.body.Bytes())
}

// resolved remembers schemas by their text: flows of one kind have the same.
var resolved sync.Map

func (p *promises) validate(schema json.RawMessage, body []byte) error {
	key := p.texts + string(schema)
	known, ok := resolved.Load(key)
	if !ok {
		s, err := strict(schema)
		if err != nil {
			return err
		}
		whole := &jsonschema.Schema{Defs: map[string]*jsonschema.Schema{}, AllOf: []*jsonschema.Schema{s}}
		for name, object := range p.objects {
			whole.Defs[name] = object.CloneSchemas()
		}
		made, err := whole.Resolve(nil)
		if err != nil {
			return fmt.Errorf("resolve schema: %w", err)
		}
		known, _ = resolved.LoadOrStore(key, made)
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	return known.(*jsonschema.Resolved).Validate(value)
}
