package openapi

import "github.com/google/jsonschema-go/jsonschema"

// The parts of an OpenAPI 3.1 document that are used here, by their names in the specification (OAS 3.1.1 §4.8).
type (
	document struct {
		OpenAPI    string              `json:"openapi"`
		Info       info                `json:"info"`
		Servers    []server            `json:"servers"`
		Security   []requirement       `json:"security"`
		Tags       []tag               `json:"tags"`
		Paths      map[string]pathItem `json:"paths"`
		Components components          `json:"components"`
	}
	info struct {
		Title       string  `json:"title"`
		Version     string  `json:"version"`
		Description string  `json:"description"`
		License     license `json:"license"`
	}
	license struct {
		Name       string `json:"name"`
		Identifier string `json:"identifier"`
	}
	server struct {
		URL string `json:"url"`
	}
	tag struct {
		Name string `json:"name"`
	}
	pathItem map[string]*operation // by method, in lower case

	operation struct {
		Tags        []string            `json:"tags"`
		Summary     string              `json:"summary"`
		OperationID string              `json:"operationId"`
		Security    []requirement       `json:"security"`
		Parameters  []parameter         `json:"parameters,omitempty"`
		RequestBody *requestBody        `json:"requestBody,omitempty"`
		Responses   map[string]response `json:"responses"`
	}
	parameter struct {
		Name        string             `json:"name"`
		In          string             `json:"in"`
		Required    bool               `json:"required,omitempty"`
		Description string             `json:"description,omitempty"`
		Schema      *jsonschema.Schema `json:"schema"`
	}
	requestBody struct {
		Required bool                 `json:"required,omitempty"`
		Content  map[string]mediaType `json:"content"`
	}
	response struct {
		Ref         string               `json:"$ref,omitempty"` // nothing beside it, then
		Description string               `json:"description,omitempty"`
		Headers     map[string]header    `json:"headers,omitempty"`
		Content     map[string]mediaType `json:"content,omitempty"`
	}
	header struct {
		Description string             `json:"description"`
		Schema      *jsonschema.Schema `json:"schema"`
	}
	mediaType struct {
		Schema   *jsonschema.Schema `json:"schema"`
		Examples map[string]example `json:"examples,omitempty"`
	}
	example struct {
		Value any `json:"value"`
	}
	components struct {
		Schemas         map[string]*jsonschema.Schema `json:"schemas"`
		Responses       map[string]response           `json:"responses"`
		SecuritySchemes map[string]securityScheme     `json:"securitySchemes"`
	}
	securityScheme struct {
		Type        string `json:"type"`
		In          string `json:"in,omitempty"`
		Name        string `json:"name,omitempty"`
		Scheme      string `json:"scheme,omitempty"`
		Description string `json:"description"`
	}
	requirement map[string][]string
)
