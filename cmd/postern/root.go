package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/config"
)

// Exit codes.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2 // wrong usage, or a configuration that cannot be
)

// streams are what a process gets from its surroundings, so that tests can start the command as a user does.
type streams struct {
	args           []string
	environ        []string
	stdout, stderr io.Writer
}

// usageError is a mistake in how the command was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run is the whole program. It prints what went wrong and returns the exit code.
func run(ctx context.Context, s streams) int {
	root := newRoot(s)
	root.SetArgs(s.args)
	root.SetOut(s.stdout)
	root.SetErr(s.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitFine
	}
	fmt.Fprintf(s.stderr, "postern: %v\n", err)
	var problems *config.Error
	var usage usageError
	if errors.As(err, &problems) || errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "postern",
		Short:         "Authenticating reverse proxy that speaks better-auth",
		Long:          "Postern stands in front of an application: it signs users in and tells the application who they are.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noMoreArguments,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see '%s --help'", err, cmd.CommandPath())}
	})
	root.AddCommand(
		newServe(s), newDev(s), newMigrate(s), newConfig(s), newExplain(s),
		newUser(s), newSession(s), newHealthcheck(s), newAudit(s), newDoctor(s), newAttack(s), newInjector(s), newOpenAPI(s), newSecret(), newVersion(),
	)
	return root
}

// noMoreArguments refuses what cobra would take for arguments: a misspelt subcommand, most of all.
func noMoreArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	err := fmt.Errorf("unknown command or argument %q for '%s'", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %q?", err, near[0])
	}
	return usageError{err}
}

// configFlag adds --config to a command and returns where it is kept.
func configFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("config", "", "configuration file (YAML); without it the environment alone counts")
}
