package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/sessionstore"
)

// explainFlags are what postern explain is told of a request beside method and path.
type explainFlags struct {
	file, host, cookie, bearer string
	header                     []string

	user       string
	roles      []string
	unverified bool
	age        time.Duration
	byBearer   bool
}

func newExplain(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain METHOD PATH",
		Short: "Tell which route a request meets, what is decided, why, and what the application would get",
		Long: "Nothing is sent and nothing is changed. With --cookie or --bearer the session is looked up in the configured database; with --user\n" +
			"somebody is assumed to be signed in, and no database is asked. Without any of these nobody is.",
		Example: "  postern explain GET /admin/users --user ada --role admin --config postern.yaml\n" +
			"  postern explain POST https://app.example.com/tasks --cookie 'better-auth.session_token=…' --config postern.yaml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{errors.New("explain needs a method and a path, as in: postern explain GET /tasks")}
			}
			return nil
		},
	}
	var f explainFlags
	flags := cmd.Flags()
	flags.StringVar(&f.file, "config", "", "configuration file (YAML); without it the environment alone counts")
	flags.StringVar(&f.host, "host", "", "Host of the request; that of server.public_url without it")
	flags.StringArrayVar(&f.header, "header", nil, "header of the request, as in 'Sec-Fetch-Mode: navigate'; may be repeated")
	flags.StringVar(&f.cookie, "cookie", "", "Cookie header, as a browser sends it: name=value; name=value")
	flags.StringVar(&f.bearer, "bearer", "", "token of an Authorization: Bearer header")
	flags.StringVar(&f.user, "user", "", "id of a user who is assumed to be signed in; with an @ it is taken for the address, too")
	flags.StringArrayVar(&f.roles, "role", nil, "role of that user; may be repeated")
	flags.BoolVar(&f.unverified, "unverified", false, "that user has not proved their address")
	flags.DurationVar(&f.age, "session-age", 0, "how long ago that user signed in")
	flags.BoolVar(&f.byBearer, "by-bearer", false, "that user sends a bearer token instead of the cookie")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.check(); err != nil {
			return usageError{err}
		}
		loaded, err := config.Load(f.file, s.environ, nil)
		if err != nil {
			return err
		}
		return explain(cmd, loaded.Config, f, args[0], args[1])
	}
	return cmd
}

func (f explainFlags) check() error {
	switch {
	case f.user == "" && (len(f.roles) > 0 || f.unverified || f.age != 0 || f.byBearer):
		return errors.New("--role, --unverified, --session-age and --by-bearer are about a --user")
	case f.user != "" && (f.cookie != "" || f.bearer != ""):
		return errors.New("--user assumes who is signed in, --cookie and --bearer look it up; give one or the other")
	case f.cookie != "" && !strings.Contains(f.cookie, "="):
		return errors.New("--cookie is a Cookie header: name=value; name=value")
	}
	return nil
}

// identity is who is assumed to be signed in.
func (f explainFlags) identity() *sessionstore.Identity {
	if f.user == "" {
		return nil
	}
	name, _, hasAddress := strings.Cut(f.user, "@")
	email := f.user
	if !hasAddress {
		email = f.user + "@example.com"
	}
	roles := strings.Join(f.roles, ",")
	return &sessionstore.Identity{
		User:    sessionstore.User{ID: sessionstore.UserID(f.user), Name: name, Email: email, EmailVerified: !f.unverified, Role: &roles},
		Session: sessionstore.Session{ID: "session-of-" + sessionstore.SessionID(name), CreatedAt: time.Now().Add(-f.age)},
	}
}

func explain(cmd *cobra.Command, cfg config.Config, f explainFlags, method, target string) error {
	header := f.header
	if f.cookie != "" {
		header = append(header, "Cookie: "+f.cookie)
	}
	if f.bearer != "" {
		header = append(header, "Authorization: Bearer "+f.bearer)
	}
	var found *sessionstore.Store
	if f.cookie != "" || f.bearer != "" {
		store, err := openForReading(cmd.Context(), cfg)
		if err != nil {
			return err
		}
		defer store.Close()
		found = store
	}
	dry, err := newDryRun(cfg, found)
	if err != nil {
		return err
	}
	sessions := proxy.SessionResolver(dry.core.Sessions)
	if found == nil {
		sessions = proxy.Given{SessionResolver: sessions, Identity: f.identity()}
	}
	if f.user != "" {
		header = append(header, dry.signedIn(f.byBearer))
	}
	r, err := dry.request(method, target, f.host, header)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if dry.answersItself(r) {
		_, err = fmt.Fprintf(out, "%s %s is answered by the auth API (auth.base_path); no route is consulted\n", r.Method, r.URL.Path)
		return err
	}
	return printExplanation(out, dry.proxy.Explain(r, sessions))
}

func printExplanation(out io.Writer, e proxy.Explanation) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	if e.Route != nil {
		row("path", "%s", e.Path)
		row("route", "%s (%s)", e.Route.Name(), e.Route.Describe())
	}
	if e.Also != nil {
		row("and", "%s (%s), which decides the rewritten path", e.Also.Name(), e.Also.Describe())
	}
	switch u := e.Identity; {
	case u != nil:
		row("session", "%s of user %s (%s)", u.Session.ID, u.User.ID, u.User.Email)
	case e.Route == nil || e.Route.Auth == proxy.Public:
		row("session", "not looked for")
	default:
		row("session", "none")
	}
	switch {
	case e.Status == 0:
		row("decision", "forward to %s", strings.Join(e.Upstreams, " or "))
	case e.Location != "":
		row("decision", "%d to %s", e.Status, e.Location)
	default:
		row("decision", "%d %s: %s", e.Status, e.Code, e.Message)
	}
	if e.Why != e.Message {
		row("why", "%s", e.Why)
	}
	if e.DecidedBy != nil && e.DecidedBy == e.Also {
		row("by", "%s", e.Also.Name())
	}
	if err := w.Flush(); err != nil || e.Status != 0 {
		return err
	}
	fmt.Fprintf(out, "\n%s %s\nHost: %s\n", e.Method, e.Target, e.Host)
	for _, name := range slices.Sorted(maps.Keys(e.Header)) {
		for _, value := range e.Header[name] {
			fmt.Fprintf(out, "%s: %s\n", name, value)
		}
	}
	return nil
}
