// Package openapi describes the auth API to programs and people.
//
//	GET /openapi.json                  the description, OpenAPI 3.1
//	GET /open-api/generate-schema      the same, where better-auth's open-api plugin has it
//	GET /reference                     the same as a page to read and to try, also with its files below
//
// The description is made of the routes themselves (describe.go): the host checks requests by the fields that are described here, and
// answers are described by the Go types they are written from (schema.go). What a route declares and cannot keep fails the tests of its
// own room: package authflowtest holds every answer of every test to the description.
//
// The page is written by the server and works without scripts; its script adds a form to each endpoint that sends the request. It
// loads nothing from elsewhere.
package openapi
