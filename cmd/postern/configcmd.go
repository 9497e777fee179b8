package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/sessionstore"
)

func newConfig(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check, test or show the configuration",
		Args:  noMoreArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigCheck(s), newConfigPrint(s), newConfigTest(s))
	return cmd
}

func newConfigCheck(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Tell all that is wrong with the configuration, as serve would find it",
		Args:  noMoreArguments,
	}
	file := configFlag(cmd)
	online := cmd.Flags().Bool("online", false, "also ask the database, the application and the mail service whether they answer")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := config.Sources{File: *file, Environ: s.environ, Mode: config.Serve}.Load()
		if err != nil {
			return err
		}
		for _, w := range loaded.Config.Warnings(config.Serve) {
			fmt.Fprintf(cmd.OutOrStdout(), "warning: %s\n", w)
		}
		if *online {
			if err := probe(cmd.Context(), loaded.Config, cmd.OutOrStdout()); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "configuration is valid")
		return err
	}
	return cmd
}

func newConfigPrint(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "print",
		Short: "Show the effective configuration, secrets redacted, and where each value comes from",
		Args:  noMoreArguments,
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := config.Load(*file, s.environ, nil)
		if loaded != nil {
			if printErr := loaded.Print(cmd.OutOrStdout()); printErr != nil {
				return printErr
			}
		}
		return err
	}
	return cmd
}

// probeTimeout bounds each question of config check --online.
const probeTimeout = 5 * time.Second

// probe asks everything that the configuration names, and tells of each what it found.
func probe(ctx context.Context, cfg config.Config, out io.Writer) error {
	var failed []error
	tell := func(what string, err error) {
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", what, err))
			return
		}
		fmt.Fprintf(out, "%s answers\n", what)
	}
	tell("database", probeDatabase(ctx, cfg))
	for _, address := range cfg.Proxy.Upstream.Addresses() {
		tell("upstream "+address, probeAddress(ctx, address))
	}
	for _, r := range cfg.Proxy.Routes {
		for _, address := range r.Addresses() {
			tell("upstream "+address+" of route "+r.Path, probeAddress(ctx, address))
		}
	}
	switch cfg.Mail.Transport {
	case "resend":
		tell("mail.resend", probeAddress(ctx, cfg.Mail.Resend.BaseURL))
	case "smtp":
		tell("mail.smtp", dial(ctx, "tcp", net.JoinHostPort(cfg.Mail.SMTP.Host, fmt.Sprint(cfg.Mail.SMTP.Port))))
	}
	return errors.Join(failed...)
}

func probeDatabase(ctx context.Context, cfg config.Config) error {
	cfg.Database.ConnectTimeout = probeTimeout
	report, err := sessionstore.Status(ctx, cfg.Database, migrations(cfg))
	if err != nil {
		return err
	}
	if err := report.Err(); !errors.Is(err, sessionstore.ErrMigrationsPending) || !cfg.Database.Migrates() {
		return err
	}
	return nil // what is missing will be made at start
}

func probeAddress(ctx context.Context, raw string) error {
	if path, ok := strings.CutPrefix(raw, "unix:"); ok {
		return dial(ctx, "unix", path)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("%q is not a URL", raw)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443"}[u.Scheme]
	}
	if port == "" {
		port = "80"
	}
	return dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
}

func dial(ctx context.Context, network, address string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	return conn.Close()
}
