package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/sessionstore"
)

// operator is whoever runs a command about users and sessions: at the database itself, beside a server that may be running. The server
// hears of every change as it does of any other.
type operator struct {
	cfg    config.Config
	store  *sessionstore.Store
	events *audit.Recorder
	out    io.Writer
	in     io.Reader
	asJSON bool
}

// operated is a command that an operator gives. It opens the database, and refuses one that is not migrated.
func operated(s streams, use, short string, args cobra.PositionalArgs, do func(ctx context.Context, o *operator, args []string) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: args}
	file := configFlag(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print JSON, for programs")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := config.Load(*file, s.environ, nil)
		if err != nil {
			return err
		}
		ctx, logger := cmd.Context(), newLogger(loaded.Config.Log, io.Discard)
		store, err := sessionstore.Open(ctx, loaded.Config.Database, sessionstore.Options{Logger: logger, Migrations: migrations(loaded.Config)})
		if err != nil {
			return err
		}
		defer store.Close()
		events, err := audit.New(store, logger, audit.Options{Off: !loaded.Config.Audit.Enabled})
		if err != nil {
			return err
		}
		return do(ctx, &operator{cfg: loaded.Config, store: store, events: events, out: cmd.OutOrStdout(), in: cmd.InOrStdin(), asJSON: *asJSON}, args)
	}
	return cmd
}

// one wants exactly one argument, which stands for what.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("%s needs %s", cmd.CommandPath(), what)}
		}
		return nil
	}
}

const userArgument = "a user's id or address"

// find returns the user with this id or address.
func (o *operator) find(ctx context.Context, who string) (sessionstore.User, error) {
	user, err := o.store.FindUser(ctx, sessionstore.UserID(who))
	if errors.Is(err, sessionstore.ErrNotFound) && strings.Contains(who, "@") {
		user, err = o.store.FindUserByEmail(ctx, who)
	}
	if errors.Is(err, sessionstore.ErrNotFound) {
		return user, fmt.Errorf("there is no user with the id or address %q", who)
	}
	return user, err
}

// commandLine is the Reason of events that have no administrator.
const commandLine = "command_line"

// record remembers in tx what was done.
func (o *operator) record(ctx context.Context, tx *sessionstore.Store, events ...authflow.Event) error {
	for _, e := range events {
		e.Reason = commandLine
		if err := o.events.Record(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

// adminFields makes a change of the admin plugin's fields, which are there when it is on.
func (o *operator) adminFields(values map[string]any) (sessionstore.UserChange, error) {
	var change sessionstore.UserChange
	for _, field := range o.store.UserFields() {
		if value, given := values[field.Name]; given {
			change.Fields = append(change.Fields, sessionstore.FieldValue{Field: field, Value: value})
		}
	}
	if len(change.Fields) < len(values) {
		return change, errors.New("roles and bans are kept where the admin plugin is on: set auth.admin.enabled, and run: postern migrate up")
	}
	return change, nil
}

// change applies a change of those fields with its event.
func (o *operator) change(ctx context.Context, user sessionstore.User, values map[string]any, name authflow.EventName, also func(tx *sessionstore.Store) error) error {
	change, err := o.adminFields(values)
	if err != nil {
		return err
	}
	return o.store.InTx(ctx, func(tx *sessionstore.Store) error {
		if _, err := tx.UpdateUser(ctx, user.ID, change); err != nil {
			return fmt.Errorf("change user: %w", err)
		}
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		return o.record(ctx, tx, authflow.Event{Name: name, UserID: user.ID})
	})
}

// password is the first line of standard input: a password on the command line would be in the shell's history and in the list of processes.
func (o *operator) password() (string, error) {
	line, err := bufio.NewReader(o.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usageError{errors.New("the password is read from standard input, and there is none")}
	}
	hash, err := o.cfg.Auth.EmailPassword.Encode(line)
	switch {
	case errors.Is(err, authflow.ErrPasswordTooShort):
		return "", usageError{fmt.Errorf("the password is shorter than the %d characters of auth.email_password.min_password_length", o.cfg.Auth.EmailPassword.MinPasswordLength)}
	case errors.Is(err, authflow.ErrPasswordTooLong):
		return "", usageError{fmt.Errorf("the password is longer than the %d characters of auth.email_password.max_password_length", o.cfg.Auth.EmailPassword.MaxPasswordLength)}
	}
	return hash, err
}

// print shows a value as JSON, or else a table with these columns.
func (o *operator) print(value any, header []string, rows [][]string) error {
	if o.asJSON {
		encoder := json.NewEncoder(o.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(value)
	}
	table := tabwriter.NewWriter(o.out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		for i := range row {
			row[i] = oneLine(row[i])
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

// say tells a person what was done. A program goes by the exit code.
func (o *operator) say(format string, args ...any) error {
	if o.asJSON {
		return nil
	}
	_, err := fmt.Fprintf(o.out, format+"\n", args...)
	return err
}

// oneLine makes text of users fit for a terminal: what it would take for commands is not printed.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '�'
		}
		return r
	}, text)
}
