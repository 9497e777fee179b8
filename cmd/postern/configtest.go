package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
	"github.com/posternhq/postern/proxy/policytest"
)

func newConfigTest(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test FILE",
		Short: "Hold the routes to a file of examples: who asks for what, and what should become of it",
		Long: "Nothing is sent, and no database is asked. Exits with 1 when an example is not so, and with 2 when the file or the configuration is wrong.\n" +
			"docs/proxy.md shows such a file.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("config test needs one file of examples")}
			}
			return nil
		},
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := config.Load(*file, s.environ, nil)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(args[0])
		if err != nil {
			return usageError{err}
		}
		examples, err := policytest.Parse(text)
		if err != nil {
			return usageError{fmt.Errorf("%s: %w", args[0], err)}
		}
		dry, err := newDryRun(loaded.Config, nil)
		if err != nil {
			return err
		}
		return report(cmd.OutOrStdout(), len(examples.Tests), examples.Run(dry.ask))
	}
	return cmd
}

func report(out io.Writer, count int, failures []policytest.Failure) error {
	for _, f := range failures {
		fmt.Fprintf(out, "FAIL %s\n", f)
	}
	if len(failures) > 0 {
		return fmt.Errorf("%d of %d examples are not so", len(failures), count)
	}
	_, err := fmt.Fprintf(out, "all %d examples are so\n", count)
	return err
}

// ask is the dry run as policytest wants it.
func (d *dryRun) ask(t policytest.Test, who *policytest.Person) (*proxy.Explanation, error) {
	var header []string
	for _, name := range slices.Sorted(maps.Keys(t.Headers)) {
		header = append(header, name+": "+t.Headers[name])
	}
	given := proxy.Given{SessionResolver: d.core.Sessions}
	if who != nil {
		given.Identity = who.Identity(time.Now())
		header = append(header, d.signedIn(who.ByBearer))
	}
	r, err := d.request(t.Method, t.Target, t.Host, header)
	if err != nil {
		return nil, err
	}
	if d.answersItself(r) {
		return nil, nil
	}
	e := d.proxy.Explain(r, given)
	return &e, nil
}
