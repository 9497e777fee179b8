// Package status tells whether the API is there, and shows errors that have no other page.
//
//	GET /ok       GET /error    as better-auth
//	GET /health   for people and load balancers: status, timestamp, database
package status

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
)

// pingTimeout bounds how long /health waits for the database.
const pingTimeout = 2 * time.Second

// Feature is the room.
type Feature struct {
	core *authflow.Core
	ping func(context.Context) error
}

// New returns the room. ping asks the database whether it answers.
func New(core *authflow.Core, ping func(context.Context) error) *Feature {
	return &Feature{core: core, ping: ping}
}

// Name is the folder's.
func (*Feature) Name() string { return "status" }

// Mount names the routes.
func (f *Feature) Mount(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/ok",
		Summary: "Whether the API is there",
		Answer:  okAnswer{},
		Handle:  f.ok,
	})
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/health",
		Summary: "Whether the API and its database are there",
		Answer:  healthAnswer{},
		Other:   map[int]any{http.StatusServiceUnavailable: healthAnswer{}},
		Handle:  f.health,
	})
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/error",
		Summary: "Leads to the application's start page with the error in the query",
		Query: []authflow.Field{
			authflow.Present("error", "The error's code."),
			authflow.Present("error_description", "More about it, for people."),
		},
		Redirects: "To the start page, with `error` in its query.",
		Handle:    f.error,
	})
}

type okAnswer struct {
	OK bool `json:"ok"`
}

func (f *Feature) ok(c *authflow.Call) error { return c.JSON(okAnswer{OK: true}) }

type healthAnswer struct {
	Status    string        `json:"status"` // "ok" or "unavailable"
	Timestamp authflow.Time `json:"timestamp"`
	Database  string        `json:"database"` // "ok" or "unavailable"; why is in the log, not here
}

func (f *Feature) health(c *authflow.Call) error {
	ctx, cancel := context.WithTimeout(c.R.Context(), pingTimeout)
	defer cancel()
	if f.ping(ctx) != nil {
		c.W.Header().Set("Retry-After", "1")
		return c.JSONStatus(http.StatusServiceUnavailable, healthAnswer{Status: "unavailable", Timestamp: authflow.Time(f.core.Now()), Database: "unavailable"})
	}
	return c.JSON(healthAnswer{Status: "ok", Timestamp: authflow.Time(f.core.Now()), Database: "ok"})
}

// error is where a flow ends that has no page to return to. As better-auth in production it leads to the start page, or to a page of
// ours for that; what is
// not a code becomes UNKNOWN, so that nothing a stranger wrote is shown.
func (f *Feature) error(c *authflow.Call) error {
	query := c.R.URL.Query()
	code := query.Get("error")
	if !isCode(code) {
		code = "UNKNOWN"
	}
	target := cmp.Or(f.core.Landings.Error, "/") + "?error=" + url.QueryEscape(code)
	if description := query.Get("error_description"); description != "" {
		target += "&error_description=" + url.QueryEscape(description)
	}
	c.W.Header().Set("Location", target)
	c.W.WriteHeader(http.StatusFound)
	return nil
}

func isCode(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'") == ""
}
