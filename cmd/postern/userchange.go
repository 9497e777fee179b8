package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/password"
	"github.com/posternhq/postern/sessionstore"
)

// create keeps a user, with the account that holds the hash unless that is empty.
func (o *operator) create(ctx context.Context, user *sessionstore.User, hash string) error {
	err := o.store.InTx(ctx, func(tx *sessionstore.Store) error {
		if err := tx.CreateUser(ctx, user); err != nil {
			return err
		}
		if hash != "" {
			if err := tx.CreateAccount(ctx, password.NewCredential(*user, hash)); err != nil {
				return err
			}
		}
		return o.record(ctx, tx, authflow.Event{Name: authflow.EventUserCreated, UserID: user.ID})
	})
	if errors.Is(err, sessionstore.ErrConflict) {
		return fmt.Errorf("somebody has the address %q already", user.Email)
	}
	return err
}

func newUserBan(s streams) *cobra.Command {
	var reason string
	var length time.Duration
	cmd := operated(s, "ban USER", "Keep a user out, and end their sessions", one(userArgument), func(ctx context.Context, o *operator, args []string) error {
		user, err := o.find(ctx, args[0])
		if err != nil {
			return err
		}
		if length < 0 {
			return usageError{fmt.Errorf("--for: %s is negative", length)}
		}
		until, ends := any(nil), "for ever"
		if length = cmp.Or(length, o.cfg.Auth.Admin.DefaultBanExpiresIn); length > 0 {
			end := time.Now().Add(length).UTC().Truncate(time.Millisecond)
			until, ends = end, "until "+end.Format(time.RFC3339)
		}
		values := map[string]any{"banned": true, "banReason": cmp.Or(reason, o.cfg.Auth.Admin.DefaultBanReason), "banExpires": until}
		var ended int64
		err = o.change(ctx, user, values, authflow.EventUserBanned, func(tx *sessionstore.Store) (err error) {
			ended, err = tx.DeleteSessions(ctx, user.ID)
			return err
		})
		if err != nil {
			return err
		}
		return o.say("%s is banned %s; %d sessions ended", user.Email, ends, ended)
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why; auth.admin.default_ban_reason without")
	cmd.Flags().DurationVar(&length, "for", 0, "how long, as in 72h; auth.admin.default_ban_expires_in without")
	return cmd
}

func newUserUnban(s streams) *cobra.Command {
	return operated(s, "unban USER", "Let a user in again", one(userArgument), func(ctx context.Context, o *operator, args []string) error {
		user, err := o.find(ctx, args[0])
		if err != nil {
			return err
		}
		values := map[string]any{"banned": false, "banReason": nil, "banExpires": nil}
		if err := o.change(ctx, user, values, authflow.EventUserUnbanned, nil); err != nil {
			return err
		}
		return o.say("%s may sign in", user.Email)
	})
}

func newUserSetRole(s streams) *cobra.Command {
	wanted := func(cmd *cobra.Command, args []string) error {
		if len(args) != 2 {
			return usageError{fmt.Errorf("%s needs %s, and a role or several, separated by commas", cmd.CommandPath(), userArgument)}
		}
		return nil
	}
	return operated(s, "set-role USER ROLE", "Give a user other roles", wanted, func(ctx context.Context, o *operator, args []string) error {
		user, err := o.find(ctx, args[0])
		if err != nil {
			return err
		}
		for role := range strings.SplitSeq(args[1], ",") {
			if _, known := o.cfg.Auth.Admin.Roles[role]; len(o.cfg.Auth.Admin.Roles) > 0 && !known {
				return usageError{fmt.Errorf("%q is not one of auth.admin.roles: %s", role, o.cfg.Auth.Admin.Roles)}
			}
		}
		if err := o.change(ctx, user, map[string]any{"role": args[1]}, authflow.EventRoleChanged, nil); err != nil {
			return err
		}
		return o.say("%s is %s", user.Email, args[1])
	})
}

func newUserSetPassword(s streams) *cobra.Command {
	var keep bool
	cmd := operated(s, "set-password USER", "Give a user another password, read from standard input, and end their sessions", one(userArgument), func(ctx context.Context, o *operator, args []string) error {
		user, err := o.find(ctx, args[0])
		if err != nil {
			return err
		}
		hash, err := o.password()
		if err != nil {
			return err
		}
		ended := int64(0)
		err = o.store.InTx(ctx, func(tx *sessionstore.Store) error {
			changed, err := tx.SetPassword(ctx, user.ID, hash)
			if err == nil && !changed {
				err = tx.CreateAccount(ctx, password.NewCredential(user, hash))
			}
			if err == nil && !keep {
				ended, err = tx.DeleteSessions(ctx, user.ID)
			}
			if err != nil {
				return err
			}
			return o.record(ctx, tx, authflow.Event{Name: authflow.EventPasswordSet, UserID: user.ID})
		})
		if err != nil {
			return err
		}
		return o.say("%s has another password; %d sessions ended", user.Email, ended)
	})
	cmd.Flags().BoolVar(&keep, "keep-sessions", false, "leave the user signed in where they are")
	return cmd
}
