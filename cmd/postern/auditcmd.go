package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/config"
)

func newAudit(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Verify and export the record of authentication events",
		Args:  noMoreArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAuditVerify(s), newAuditExport(s))
	return cmd
}

func newAuditVerify(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Tell whether events were changed, removed or added",
		Long: "Holds every event to its signature and every seal to the events it covers and to the seal before it. Exits with 1 when something does not fit.\n" +
			"That the end of the record was cut off shows only against a seal that is known from elsewhere: the log line 'audit events sealed', or the\n" +
			"system that events are streamed to.",
		Args: noMoreArguments,
	}
	file := configFlag(cmd)
	expected := cmd.Flags().StringArray("expect", nil, "a seal that must be there, as NUMBER:HASH; may be repeated")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var expect []audit.Expectation
		for _, text := range *expected {
			e, err := audit.ParseExpectation(text)
			if err != nil {
				return usageError{fmt.Errorf("--expect: %w", err)}
			}
			expect = append(expect, e)
		}
		loaded, err := config.Load(*file, s.environ, nil)
		if err != nil {
			return err
		}
		if loaded.Config.Auth.Core.Secret == "" && loaded.Config.Audit.SigningKey == "" {
			return usageError{errors.New("verifying needs the secret that signed: auth.secret, or audit.signing_secret")}
		}
		record, done, err := openAudit(cmd.Context(), loaded.Config)
		if err != nil {
			return err
		}
		defer done()
		found, err := record.Verify(cmd.Context(), loaded.Config.Audit.Retention, expect)
		if err != nil {
			return err
		}
		return tellFindings(cmd.OutOrStdout(), found)
	}
	return cmd
}

func tellFindings(out io.Writer, f audit.Findings) error {
	for _, problem := range f.Problems {
		fmt.Fprintf(out, "FAIL %s\n", problem)
	}
	fmt.Fprintf(out, "%d events under seals %d to %d, and %d that have none yet\n", f.Events, f.First, f.Last, f.Unsealed)
	if f.Last > 0 {
		fmt.Fprintf(out, "last seal %d:%s\n", f.Last, f.LastHash)
	}
	if len(f.Problems) > 0 {
		return fmt.Errorf("the record does not fit its seals: %d problems", len(f.Problems))
	}
	return nil
}

func newAuditExport(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Write events as JSON lines, the oldest first",
		Example: "  postern audit export --since 24h --config postern.yaml\n  postern audit export --since 2026-01-01 --until 2026-02-01 --event sign_in_failed --config postern.yaml > failures.jsonl",
		Args:    noMoreArguments,
	}
	file := configFlag(cmd)
	flags := cmd.Flags()
	since := flags.String("since", "", "only from then on: a time (RFC 3339), a day, or how long ago, as in 24h")
	until := flags.String("until", "", "only before then")
	event := flags.String("event", "", "only events of this name")
	user := flags.String("user", "", "only events of the user with this id")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		selection := audit.Selection{Event: *event, UserID: *user}
		var err error
		if selection.Since, err = parseMoment(*since, time.Now()); err != nil {
			return usageError{fmt.Errorf("--since: %w", err)}
		}
		if selection.Until, err = parseMoment(*until, time.Now()); err != nil {
			return usageError{fmt.Errorf("--until: %w", err)}
		}
		loaded, err := config.Load(*file, s.environ, nil)
		if err != nil {
			return err
		}
		record, done, err := openAudit(cmd.Context(), loaded.Config)
		if err != nil {
			return err
		}
		defer done()
		out := bufio.NewWriter(cmd.OutOrStdout())
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		if err := record.Export(cmd.Context(), selection, func(row audit.Row) error { return lines.Encode(row) }); err != nil {
			return err
		}
		return out.Flush()
	}
	return cmd
}
