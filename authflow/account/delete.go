package account

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

const (
	// deletePrefix begins a deletion's identifier in the verification table; the token in clear follows, as in better-auth.
	deletePrefix      = "delete-account-"
	deleteTokenLength = 32
	deleteTokenLife   = 24 * time.Hour
	maxTokenBytes     = 512
)

func (f *Feature) mountDelete(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodPost, Path: "/delete-user",
		Summary: "Delete the caller, or mail the link that does",
		Session: authflow.SessionRequired, Sensitive: true, Proof: "password",
		Body: []authflow.Field{
			authflow.Text("callbackURL", "Where the mailed link leads.").Opt(),
			authflow.Password("password", "The password; asked for when no link is mailed and the session is not fresh.").Opt(),
			authflow.Text("token", "The mailed token.").Opt().Max(maxTokenBytes),
		},
		Answer: deleteAnswer{},
		Errors: []*authflow.Error{
			authflow.ErrInvalidPassword, authflow.ErrPasswordTooLong, authflow.ErrCredentialNotFound, authflow.ErrSessionExpired,
			authflow.ErrInvalidToken(http.StatusNotFound), authflow.ErrNotFound, authflow.ErrTooManySignIns,
		},
		Handle: f.delete,
	})
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/delete-user/callback",
		Summary:   "The mailed link: deletes the caller",
		Sensitive: true,
		Query: []authflow.Field{
			authflow.Text("token", "The mailed token.").Max(maxTokenBytes),
			authflow.Text("callbackURL", "Where the browser goes afterwards.").Opt(),
		},
		Answer:    deleteAnswer{},
		Redirects: "To callbackURL, once the user is gone.",
		Errors:    []*authflow.Error{authflow.ErrFailedToGetUserInfo, authflow.ErrInvalidToken(http.StatusNotFound), errLinkNotFound},
		Handle:    f.deleteCallback,
	})
}

type deleteAnswer struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

var userDeleted = deleteAnswer{Success: true, Message: "User deleted"}

// errLinkNotFound is better-auth's answer to a deletion link while deletion is switched off.
var errLinkNotFound = &authflow.Error{Status: http.StatusNotFound, Code: "NOT_FOUND", Message: "Not found"}

func (f *Feature) delete(c *authflow.Call) error {
	if !f.deletion.Enabled {
		c.W.Header().Set("Content-Type", "application/json") // as better-auth, whose answer is as empty
		return authflow.ErrNotFound
	}
	me := c.Identity()
	if password := c.Body.String("password"); password != "" {
		if err := f.Password.Check(c, me.User.ID, password); err != nil {
			return err
		}
	}
	switch {
	case c.Body.String("token") != "":
		return f.redeem(c, c.Body.String("token"), func() error { return c.JSON(userDeleted) })
	case f.deletion.Verification:
		return f.mailLink(c, me.User)
	case c.Body.String("password") == "" && !f.Core.Sessions.Fresh(me.Session):
		return authflow.ErrSessionExpired
	}
	if err := f.remove(c); err != nil {
		return err
	}
	return c.JSON(userDeleted)
}

func (f *Feature) mailLink(c *authflow.Call, user sessionstore.User) error {
	now, token := f.Core.Now(), authflow.RandomString(deleteTokenLength, authflow.AlphabetLower)
	letter := mail.Draft{
		Kind: "delete-user", To: user.Email, Name: user.Name, Languages: c.Languages(), Link: f.deletionLink(token, c.Body.String("callbackURL")), Life: deleteTokenLife,
	}.Letter()
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		err := tx.CreateVerification(c.R.Context(), sessionstore.Verification{
			ID:         sessionstore.VerificationID(sessionstore.NewID()),
			Identifier: deletePrefix + token,
			Value:      string(user.ID),
			ExpiresAt:  now.Add(deleteTokenLife),
			CreatedAt:  now,
			UpdatedAt:  now,
		})
		if err != nil {
			return fmt.Errorf("create deletion token: %w", err)
		}
		if err := f.Outbox.Enqueue(c.R.Context(), tx, letter.Message(f.Brand)); err != nil {
			return fmt.Errorf("enqueue deletion letter: %w", err)
		}
		return c.Record(tx, authflow.Event{Name: authflow.EventUserDeletionRequested, UserID: user.ID})
	})
	if err != nil {
		return err
	}
	return c.JSON(deleteAnswer{Success: true, Message: "Verification email sent"})
}

// deletionLink leads to a page that asks once more, if there is one and the client has no page of its own in mind.
func (f *Feature) deletionLink(token, callbackURL string) string {
	if page := f.Core.Landings.Deletion; page != "" && callbackURL == "" {
		return f.Core.BaseURL + page + "?token=" + token
	}
	return f.Core.APIURL + "/delete-user/callback?token=" + token + "&callbackURL=" + authflow.EscapeComponent(cmp.Or(callbackURL, "/"))
}

func (f *Feature) deleteCallback(c *authflow.Call) error {
	if !f.deletion.Enabled {
		return errLinkNotFound
	}
	target := c.Query.String("callbackURL")
	if err := c.CheckRedirect(target); err != nil {
		return err
	}
	identity, err := c.Session()
	switch {
	case err != nil:
		return err
	case identity == nil:
		return authflow.ErrFailedToGetUserInfo
	}
	return f.redeem(c, c.Query.String("token"), func() error {
		if target != "" {
			return c.Redirect(target)
		}
		return c.JSON(userDeleted)
	})
}

// redeem deletes the caller if the token is theirs. A token shown by someone else is used up by that, as in better-auth: it has
// left its owner's hands.
func (f *Feature) redeem(c *authflow.Call, token string, answer func() error) error {
	if strings.ContainsRune(token, 0) {
		return authflow.ErrInvalidToken(http.StatusNotFound)
	}
	v, err := f.Store.ConsumeVerification(c.R.Context(), deletePrefix+token)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		return authflow.ErrInvalidToken(http.StatusNotFound)
	case err != nil:
		return fmt.Errorf("consume deletion token: %w", err)
	case sessionstore.UserID(v.Value) != c.Identity().User.ID:
		return authflow.ErrInvalidToken(http.StatusNotFound)
	}
	if err := f.remove(c); err != nil {
		return err
	}
	return answer()
}

func (f *Feature) remove(c *authflow.Call) error {
	id := c.Identity().User.ID
	err := f.Store.InTx(c.R.Context(), func(tx *sessionstore.Store) error {
		if err := tx.DeleteUser(c.R.Context(), id); err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
		return c.Record(tx, authflow.Event{Name: authflow.EventUserDeleted, UserID: id})
	})
	if err != nil && !errors.Is(err, sessionstore.ErrNotFound) { // gone already is as good
		return err
	}
	f.Core.Sessions.Expire(c)
	return nil
}
