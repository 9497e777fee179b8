// Package docs reads the documentation as its readers do: it follows the links and does what the examples say.
//
//	pages_test.go       every Markdown file of the repository, its headings, its fenced blocks
//	links_test.go       links to files and headings lead somewhere, as do paths of files in the text
//	names_test.go       settings, environment variables and commands that are named are there; so are all flags of oauth2-proxy
//	snippets_test.go    what becomes of each block, by its language; shell_test.go for the shell's
//
// Every fenced block has a language, which says how it is held to be true:
//
//	sh, console   its syntax, by bash; each call of postern is one that the command has, with flags that it has; each path below
//	              /api/auth is in the API's description. Those of README and of docs/getting-started.md are run as a whole besides
//	              (cmd/postern, tools/getting-started.sh), as are the answers of a console (cmd/postern)
//	yaml          it is YAML; and where it begins with a key of Postern's, "postern config check" accepts it, with what it leaves out
//	              added. What else there is: examples for "postern config test", which cmd/postern runs, and Kubernetes' own
//	python        executed, with the packages of the examples
//	sql           executed, in a migrated PostgreSQL database
//	json          it is JSON
//	js, go        its syntax, by Node and by gofmt
//	text          a picture, or a form with words to fill in: for reading alone
package docs
