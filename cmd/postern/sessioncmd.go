package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func newSession(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "session",
		Short: "List and revoke sessions",
		Long:  "Works at the configured database, whether or not a server runs: it hears of every change.",
		Args:  noMoreArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSessionList(s), newSessionRevoke(s))
	return cmd
}

// shownSession is a session without what opens it.
type shownSession struct {
	ID         sessionstore.SessionID `json:"id"`
	Device     string                 `json:"device"`
	IPAddress  *string                `json:"ipAddress"`
	CreatedAt  authflow.Time          `json:"createdAt"`
	LastUsedAt authflow.Time          `json:"lastUsedAt"`
	ExpiresAt  authflow.Time          `json:"expiresAt"`

	ImpersonatedBy sessionstore.UserID `json:"impersonatedBy,omitempty"`
}

func newSessionList(s streams) *cobra.Command {
	return operated(s, "list USER", "List a user's sessions, the newest first. Tokens are not shown", one(userArgument), func(ctx context.Context, o *operator, args []string) error {
		user, err := o.find(ctx, args[0])
		if err != nil {
			return err
		}
		sessions, err := o.store.ListSessions(ctx, user.ID)
		if err != nil {
			return err
		}
		shown, rows := []shownSession{}, [][]string{}
		for _, session := range sessions {
			one := shownSession{
				ID: session.ID, Device: deviceOf(session), IPAddress: session.IPAddress, CreatedAt: authflow.Time(session.CreatedAt),
				LastUsedAt: authflow.Time(session.UpdatedAt), ExpiresAt: authflow.Time(session.ExpiresAt), ImpersonatedBy: authflow.Impersonator(session),
			}
			address := ""
			if session.IPAddress != nil {
				address = *session.IPAddress
			}
			shown = append(shown, one)
			rows = append(rows, []string{
				string(session.ID), one.Device, address, session.CreatedAt.Format(time.DateTime), session.ExpiresAt.Format(time.DateTime), string(one.ImpersonatedBy),
			})
		}
		return o.print(shown, []string{"ID", "DEVICE", "ADDRESS", "SINCE", "UNTIL", "IMPERSONATED BY"}, rows)
	})
}

func deviceOf(session sessionstore.Session) string {
	if session.UserAgent == nil {
		return ""
	}
	return authflow.DeviceLabel(*session.UserAgent)
}

func newSessionRevoke(s streams) *cobra.Command {
	var all bool
	cmd := operated(s, "revoke USER [SESSION]", "End one session of a user by its id, or all of them", oneOrTwo, func(ctx context.Context, o *operator, args []string) error {
		if all != (len(args) == 1) {
			return usageError{errors.New("name the session to end, as 'postern session list' shows it, or say --all")}
		}
		user, err := o.find(ctx, args[0])
		if err != nil {
			return err
		}
		if all {
			return o.revokeAll(ctx, user)
		}
		return o.revoke(ctx, user, sessionstore.SessionID(args[1]))
	})
	cmd.Flags().BoolVar(&all, "all", false, "end all sessions of the user")
	return cmd
}

func oneOrTwo(cmd *cobra.Command, args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return usageError{fmt.Errorf("%s needs %s, and a session's id or --all", cmd.CommandPath(), userArgument)}
	}
	return nil
}

func (o *operator) revoke(ctx context.Context, user sessionstore.User, id sessionstore.SessionID) error {
	err := o.store.InTx(ctx, func(tx *sessionstore.Store) error {
		ended, err := tx.DeleteSessionByID(ctx, user.ID, id)
		if err != nil {
			return err
		}
		if !ended {
			return fmt.Errorf("%s has no session %q", user.Email, id)
		}
		return o.record(ctx, tx, authflow.Event{Name: authflow.EventSessionRevoked, UserID: user.ID, SessionID: id})
	})
	if err != nil {
		return err
	}
	return o.say("the session has ended")
}

func (o *operator) revokeAll(ctx context.Context, user sessionstore.User) error {
	var ended int64
	err := o.store.InTx(ctx, func(tx *sessionstore.Store) (err error) {
		if ended, err = tx.DeleteSessions(ctx, user.ID); err != nil {
			return err
		}
		return o.record(ctx, tx, authflow.Event{Name: authflow.EventSessionsRevoked, UserID: user.ID})
	})
	if err != nil {
		return err
	}
	return o.say("%d sessions ended", ended)
}
