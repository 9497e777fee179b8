package admin

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountBans(r *authflow.Router) {
	seconds := authflow.Number("banExpiresIn", "How long the ban lasts, in seconds; for ever unless the settings say otherwise.").Opt()
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/ban-user",
		Summary:     "Keep a user out, and end their sessions",
		Body:        []authflow.Field{userID(), authflow.Text("banReason", "Why.").Opt(), seconds},
		OperationID: "banUser",
		Answer:      userAnswer{},
		Errors:      []*authflow.Error{authflow.ErrMayNotBan, authflow.ErrNoSuchUser, authflow.ErrNoBanningYourself},
		Handle:      f.ban,
	})
	handle(r, authflow.Route{
		Method: http.MethodPost, Path: "/admin/unban-user",
		Summary:     "Let a user in again",
		Body:        []authflow.Field{userID()},
		OperationID: "unbanUser",
		Answer:      userAnswer{},
		Errors:      []*authflow.Error{authflow.ErrMayNotBan, authflow.ErrNoSuchUser},
		Handle:      f.unban,
	})
}

// maxBan, in seconds, is longer than anybody bans for, and short enough for time.Duration.
const maxBan = 250 * 365 * 24 * 60 * 60

func (f *Feature) ban(c *authflow.Call) error {
	id := sessionstore.UserID(c.Body.String("userId"))
	if err := f.require(c, authflow.ErrMayNotBan, id, "user", "ban"); err != nil {
		return err
	}
	if _, err := f.find(c, id); err != nil {
		return err
	}
	if id == c.Identity().User.ID {
		return authflow.ErrNoBanningYourself
	}
	change := f.set(map[string]any{
		"banned": true, "banReason": cmp.Or(c.Body.String("banReason"), f.cfg.DefaultBanReason, "No reason"), "banExpires": f.banEnd(c.Body),
	})
	user, err := f.change(c, id, change, endSessions(c, id), authflow.Event{Name: authflow.EventUserBanned})
	if err != nil {
		return err
	}
	return c.JSON(userAnswer{authflow.NewUserObject(user)})
}

// banEnd is when a ban ends, or nil.
func (f *Feature) banEnd(body authflow.Values) any {
	if seconds, _ := body["banExpiresIn"].(float64); seconds != 0 {
		seconds = max(-maxBan, min(seconds, maxBan))
		return f.Core.Now().Add(time.Duration(seconds * float64(time.Second)))
	}
	if f.cfg.DefaultBanExpiresIn > 0 {
		return f.Core.Now().Add(f.cfg.DefaultBanExpiresIn)
	}
	return nil
}

// endSessions ends all sessions of the user in the transaction in which they are banned.
func endSessions(c *authflow.Call, id sessionstore.UserID) func(tx *sessionstore.Store) error {
	return func(tx *sessionstore.Store) error {
		if _, err := tx.DeleteSessions(c.R.Context(), id); err != nil {
			return fmt.Errorf("delete sessions: %w", err)
		}
		return nil
	}
}

func (f *Feature) unban(c *authflow.Call) error {
	id := sessionstore.UserID(c.Body.String("userId"))
	if err := f.require(c, authflow.ErrMayNotBan, id, "user", "ban"); err != nil {
		return err
	}
	change := f.set(map[string]any{"banned": false, "banReason": nil, "banExpires": nil})
	user, err := f.change(c, id, change, nil, authflow.Event{Name: authflow.EventUserUnbanned})
	if err != nil {
		return err
	}
	return c.JSON(userAnswer{authflow.NewUserObject(user)})
}
