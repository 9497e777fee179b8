// Package policytest holds routes to examples: who asks for what, and what should become of it. "postern config test" runs
// a file of them, so that a change of the routes is seen to change what it should, and nothing else, before it is deployed.
//
//	people:
//	  ada: {roles: [admin]}
//	tests:
//	  - request: GET /admin/users
//	    who: ada
//	    expect: {decision: forward, route: /admin/**, headers: {X-Postern-User-Roles: admin}}
//	  - request: GET /admin/users
//	    expect: {decision: 401}
//
// Parse reads a file (file.go, yaml.go), and Run asks proxy.Explain for each example (run.go): the code that serves requests
// answers, and nothing is sent.
package policytest
