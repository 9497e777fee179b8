package disavow

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/sessionstore"
)

// young is how old an account may be whose first session is no news to its owner.
const young = 24 * time.Hour

// Began writes to the owner of an account if a session was begun on a device that is not known.
func (f *Feature) Began(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User, session sessionstore.Session, method string) error {
	if method == "change-password" || c.KnowsDevice(user.Email) { // the first is the session of a browser that was signed in
		return nil
	}
	others, err := tx.ListSessions(c.R.Context(), user.ID)
	if err != nil {
		return fmt.Errorf("list sessions: %w", err)
	}
	first := true
	for _, s := range others {
		if s.ID == session.ID {
			continue
		}
		if first = false; alike(s, session) {
			return nil
		}
	}
	if first && f.Core.Now().Sub(user.CreatedAt) < young {
		return nil
	}
	return f.write(c, tx, user, session)
}

// alike tells whether two sessions are of the same kind of device in the same network.
func alike(a, b sessionstore.Session) bool {
	return authflow.DeviceLabel(text(a.UserAgent)) == authflow.DeviceLabel(text(b.UserAgent)) && network(text(a.IPAddress)) == network(text(b.IPAddress))
}

// network is what an address is told apart by: of IPv4 the first three numbers, since providers give their customers another one now and then; IPv6
// addresses are stored as /64.
func network(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil || !addr.Is4() {
		return address
	}
	prefix, _ := addr.Prefix(24) // which every IPv4 address has
	return prefix.String()
}

func (f *Feature) write(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User, session sessionstore.Session) error {
	draft, err := f.Complete(c, tx, user, mail.Draft{Kind: "new-device"})
	if err != nil {
		return err
	}
	err = f.Outbox.Enqueue(c.R.Context(), tx, draft.Letter().Message(f.Brand))
	switch {
	case errors.Is(err, mail.ErrPermanent): // the address was written by somebody less strict; its owner may sign in all the same
		f.Core.Logger.LogAttrs(c.R.Context(), slog.LevelWarn, "no letter about a new device", slog.String("user_id", string(user.ID)), slog.Any("err", err))
		return nil
	case err != nil:
		return fmt.Errorf("enqueue letter about a new device: %w", err)
	}
	return c.Record(tx, authflow.Event{Name: authflow.EventNewDevice, UserID: user.ID, SessionID: session.ID})
}

// Complete makes a letter to the user one about what is being done just now, which may not be their doing: it says by what device and where,
// and has a link to say so, made in the transaction of what the letter tells of.
func (f *Feature) Complete(c *authflow.Call, tx *sessionstore.Store, user sessionstore.User, draft mail.Draft) (mail.Draft, error) {
	link, err := f.link(c.R.Context(), tx, user.ID)
	if err != nil {
		return draft, err
	}
	draft.To, draft.Name, draft.Languages, draft.Link, draft.Life = user.Email, user.Name, c.Languages(), link, life
	draft.Seen = mail.Sighting{At: f.Core.Now()}
	draft.Seen.Program, draft.Seen.System = c.Device()
	if addr := c.Client().Addr; addr.IsValid() {
		draft.Seen.Address = addr.String()
		draft.Seen.Place = f.Core.Place(draft.Seen.Address, mail.Words(draft.Languages).Lang)
	}
	return draft, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
