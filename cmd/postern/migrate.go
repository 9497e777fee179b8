package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/sessionstore"
)

func newMigrate(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create or upgrade the tables",
		Long: "Creates the tables that are missing and brings Postern's own up to date. Existing tables of better-auth are never altered,\n" +
			"but for the columns of additional fields and, in PostgreSQL, triggers.\n" +
			"Several replicas may do so at once: one does the work.",
		Args: noMoreArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newMigration(s, "up", "Create what is missing", func(ctx context.Context, c config.Config, log *slog.Logger) (sessionstore.Report, error) {
			return sessionstore.Migrate(ctx, c.Database, migrations(c), log)
		}),
		newMigration(s, "status", "Tell what is there, what would change, and what does not fit", func(ctx context.Context, c config.Config, _ *slog.Logger) (sessionstore.Report, error) {
			return sessionstore.Status(ctx, c.Database, migrations(c))
		}),
	)
	return cmd
}

type migration func(context.Context, config.Config, *slog.Logger) (sessionstore.Report, error)

func newMigration(s streams, use, short string, do migration) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: noMoreArguments}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := config.Load(*file, s.environ, nil)
		if err != nil {
			return err
		}
		report, err := do(cmd.Context(), loaded.Config, newLogger(loaded.Config.Log, s.stderr))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprint(cmd.OutOrStdout(), report); err != nil {
			return err
		}
		return report.Err()
	}
	return cmd
}
