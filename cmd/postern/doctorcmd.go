package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/cmd/postern/doctor"
	"github.com/posternhq/postern/config"
)

func newDoctor(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at the installation from outside and name the classic mistakes",
		Long: "Asks the public URL what a browser would, and looks for ways past Postern to the application: run it where Postern runs, and again where users are.\n" +
			"Nothing is changed; a few attempts to sign in as nobody are in the audit record. With --email it signs in and out once; the password is read from\n" +
			"POSTERN_DOCTOR_PASSWORD. Exits with 1 when something fails.",
		Example: "  postern doctor --config postern.yaml --path /admin",
		Args:    noMoreArguments,
	}
	file := configFlag(cmd)
	flags := cmd.Flags()
	address := flags.String("url", "", "public URL; server.public_url without it")
	path := flags.String("path", "", "path that nobody may see without a session, as in /admin")
	email := flags.String("email", "", "account to sign in with")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := config.Load(*file, s.environ, nil)
		if err != nil {
			return err
		}
		patient, err := installation(loaded.Config, *address)
		if err != nil {
			return usageError{err}
		}
		patient.Sensitive, patient.Email, patient.Password = *path, *email, variable(s.environ, "POSTERN_DOCTOR_PASSWORD")
		failures, err := doctor.Tell(cmd.OutOrStdout(), doctor.Examine(cmd.Context(), patient))
		if err == nil && failures > 0 {
			err = fmt.Errorf("%d things are wrong", failures)
		}
		return err
	}
	return cmd
}

// installation is what a configuration says of one.
func installation(cfg config.Config, address string) (doctor.Installation, error) {
	if address == "" {
		address = cfg.Server.PublicURL
	}
	public, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || public.Host == "" {
		return doctor.Installation{}, fmt.Errorf("%q is no public URL; set server.public_url, or give --url https://app.example.com", address)
	}
	return doctor.Installation{
		URL: public, BasePath: cfg.Auth.Core.BasePath, AdminListen: cfg.Server.AdminListen, TrustedProxies: cfg.Server.TrustedProxies, Upstreams: upstreams(cfg),
	}, nil
}

// upstreams are the addresses of the application.
func upstreams(cfg config.Config) []*url.URL {
	var found []*url.URL
	for _, address := range cfg.Proxy.Upstream.Addresses() {
		if u, err := url.Parse(address); err == nil && u.Scheme != "" {
			found = append(found, u)
		}
	}
	return found
}

// lookAround warns once, at start, of an application that is meant for this machine alone and answers at an address of its network: whoever asks it there is not asked
// for a session, and writes the identity headers themselves.
func (a *app) lookAround(ctx context.Context) error {
	for _, upstream := range upstreams(a.cfg) {
		for _, address := range doctor.Around(ctx, upstream) {
			a.logger.LogAttrs(ctx, slog.LevelWarn, "application is reachable past Postern; have it listen at 127.0.0.1 alone", slog.String("address", address))
		}
	}
	return nil
}

func variable(environ []string, name string) string {
	for _, pair := range environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}
