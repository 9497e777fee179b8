package openapi

import (
	"net/http"
	"sync"

	"github.com/posternhq/postern/authflow"
)

// Config says whether the API tells strangers about itself. As better-auth's open-api plugin.
type Config struct {
	Enabled bool `key:"enabled" default:"true" doc:"Whether the API describes itself, at GET /openapi.json for programs and at /reference for people. It tells nothing that this project's documentation does not."`
}

// Feature is the room.
type Feature struct {
	cfg    Config
	core   *authflow.Core
	router *authflow.Router
	made   func() (description, error)
}

// description is what is served, made once: the routes do not change.
type description struct {
	document []byte
	page     []byte
}

// New returns the room.
func New(cfg Config, core *authflow.Core) *Feature {
	f := &Feature{cfg: cfg, core: core}
	f.made = sync.OnceValues(f.make)
	return f
}

// Name is the folder's.
func (*Feature) Name() string { return "openapi" }

// Mount names the routes. It keeps the router, which knows all of them by the time of the first request.
func (f *Feature) Mount(r *authflow.Router) {
	f.router = r
	if !f.cfg.Enabled {
		return
	}
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/openapi.json", Aliases: []string{"/open-api/generate-schema"},
		Summary:     "This description, in OpenAPI 3.1",
		OperationID: "getOpenAPI",
		Answer:      map[string]any{},
		Handle:      f.document,
	})
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/reference",
		Summary: "This description as a page to read and to try",
		Media:   "text/html",
		Handle:  f.page,
	})
	f.mountFile(r, "reference.css", "text/css")
	f.mountFile(r, "reference.js", "text/javascript")
}

// AboutCore is what there is to say of an API that is built on core.
func AboutCore(core *authflow.Core) About {
	return About{
		ServerURL: core.APIURL, CookieName: core.Sessions.CookieName(),
		UserFields: core.UserFields, SessionFields: core.SessionFields,
	}
}

func (f *Feature) make() (description, error) {
	d, err := describe(AboutCore(f.core), f.router.Routes())
	if err != nil {
		return description{}, err
	}
	text, err := d.encode()
	if err != nil {
		return description{}, err
	}
	page, err := writePage(d)
	return description{document: text, page: page}, err
}

func (f *Feature) document(c *authflow.Call) error {
	made, err := f.made()
	if err != nil {
		return err
	}
	return c.Write("application/json", made.document)
}
