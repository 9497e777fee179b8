package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func newUser(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "List, show, create, ban and change users",
		Long: "Works at the configured database, whether or not a server runs: it hears of every change. Each change leaves an audit event whose\n" +
			"reason is " + commandLine + ". A user is named by id or address.",
		Args: noMoreArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newUserList(s), newUserShow(s), newUserCreate(s), newUserBan(s), newUserUnban(s), newUserSetRole(s), newUserSetPassword(s))
	return cmd
}

func newUserList(s streams) *cobra.Command {
	var search string
	var limit, offset int
	cmd := operated(s, "list", "List users, the oldest first", noMoreArguments, func(ctx context.Context, o *operator, _ []string) error {
		q := sessionstore.UserQuery{Limit: limit, Offset: offset}
		if search != "" {
			q.Where = []sessionstore.UserCondition{{Field: "email", Operator: sessionstore.Contains, Values: []string{search}}}
		}
		users, total, err := o.store.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		objects, rows := []authflow.UserObject{}, [][]string{}
		for _, u := range users {
			objects = append(objects, authflow.NewUserObject(u))
			rows = append(rows, []string{string(u.ID), u.Email, u.Name, roleOf(u), stateOf(u), u.CreatedAt.Format(time.DateOnly)})
		}
		if err := o.print(objects, []string{"ID", "ADDRESS", "NAME", "ROLE", "STATE", "SINCE"}, rows); err != nil {
			return err
		}
		if shown := int64(len(users)); shown+int64(offset) < total {
			return o.say("%d of %d; --offset %d shows the next", shown, total, shown+int64(offset))
		}
		return nil
	})
	cmd.Flags().StringVar(&search, "search", "", "only users whose address holds this")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most")
	cmd.Flags().IntVar(&offset, "offset", 0, "how many to leave out at the beginning")
	return cmd
}

func roleOf(u sessionstore.User) string {
	if u.Role == nil {
		return ""
	}
	return *u.Role
}

func stateOf(u sessionstore.User) string {
	switch {
	case u.BannedAt(time.Now()):
		return "banned"
	case !u.EmailVerified:
		return "unverified"
	}
	return "ok"
}

func newUserShow(s streams) *cobra.Command {
	return operated(s, "show USER", "Show a user with sessions and ways to sign in", one(userArgument), func(ctx context.Context, o *operator, args []string) error {
		user, err := o.find(ctx, args[0])
		if err != nil {
			return err
		}
		sessions, err := o.store.ListSessions(ctx, user.ID)
		if err != nil {
			return err
		}
		accounts, err := o.store.ListAccounts(ctx, user.ID)
		if err != nil {
			return err
		}
		return o.show(user, sessions, accounts)
	})
}

// shownUser is what show says as JSON.
type shownUser struct {
	User     authflow.UserObject `json:"user"`
	Sessions int                 `json:"sessions"`
	Accounts []string            `json:"accounts"`
}

func (o *operator) show(u sessionstore.User, sessions []sessionstore.Session, accounts []sessionstore.Account) error {
	shown := shownUser{User: authflow.NewUserObject(u), Sessions: len(sessions), Accounts: []string{}}
	ways := ""
	for _, a := range accounts {
		shown.Accounts = append(shown.Accounts, a.ProviderID)
		ways += a.ProviderID + " "
	}
	if o.asJSON {
		return o.print(shown, nil, nil)
	}
	rows := [][]string{
		{"address", u.Email}, {"verified", strconv.FormatBool(u.EmailVerified)}, {"name", u.Name}, {"state", stateOf(u)}, {"since", u.CreatedAt.Format(time.RFC3339)},
		{"signs in by", ways}, {"sessions", strconv.Itoa(len(sessions))},
	}
	for _, f := range u.Fields {
		if f.Value != nil && f.Field.Returned {
			rows = append(rows, []string{f.Field.Name, f.Text()})
		}
	}
	return o.print(nil, []string{"id", string(u.ID)}, rows)
}

func newUserCreate(s streams) *cobra.Command {
	var email, name, role string
	var verified, withPassword bool
	cmd := operated(s, "create", "Make an account for somebody", noMoreArguments, func(ctx context.Context, o *operator, _ []string) error {
		if !authflow.IsEmail(email) {
			return usageError{fmt.Errorf("--email: %q is no address", email)}
		}
		hash := ""
		if withPassword {
			var err error
			if hash, err = o.password(); err != nil {
				return err
			}
		}
		var change sessionstore.UserChange
		if role != "" {
			var err error
			if change, err = o.adminFields(map[string]any{"role": role}); err != nil {
				return err
			}
		}
		now := time.Now().UTC().Truncate(time.Millisecond)
		user := sessionstore.User{
			ID: sessionstore.UserID(sessionstore.NewID()), Name: name, Email: email, EmailVerified: verified, CreatedAt: now, UpdatedAt: now, Fields: change.Fields,
		}
		if err := o.create(ctx, &user, hash); err != nil {
			return err
		}
		if o.asJSON {
			return o.print(authflow.NewUserObject(user), nil, nil)
		}
		return o.say("%s", user.ID)
	})
	cmd.Flags().StringVar(&email, "email", "", "address of the user; required")
	cmd.Flags().StringVar(&name, "name", "", "what the user is called")
	cmd.Flags().StringVar(&role, "role", "", "role, or roles separated by commas; auth.admin.default_role without")
	cmd.Flags().BoolVar(&verified, "verified", false, "the address is known to be the user's")
	cmd.Flags().BoolVar(&withPassword, "password-stdin", false, "read a password from standard input; without one the user comes by another way, or by a reset")
	return cmd
}
