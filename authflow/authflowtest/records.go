package authflowtest

import (
	"embed"
	"net/netip"
	"regexp"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

//go:embed queries.sql
var queries embed.FS

// Letter is one that was written, in a transaction that was committed.
type Letter struct {
	Kind, To, Subject, Text string
}

// Letters are all that have been written so far, the oldest first.
func (f *Flow) Letters() []Letter {
	f.t.Helper()
	var letters []Letter
	f.read("Letters", func(scan func(...any) error) error {
		var l Letter
		err := scan(&l.Kind, &l.To, &l.Subject, &l.Text)
		letters = append(letters, l)
		return err
	})
	return letters
}

// Letter is the latest of a kind to an address. The test fails when there is none.
func (f *Flow) Letter(kind, to string) Letter {
	f.t.Helper()
	letters := f.Letters()
	for i := len(letters) - 1; i >= 0; i-- {
		if letters[i].Kind == kind && letters[i].To == to {
			return letters[i]
		}
	}
	f.t.Fatalf("no %s letter to %s among %d letters", kind, to, len(letters))
	return Letter{}
}

// LettersTo counts those of a kind to an address.
func (f *Flow) LettersTo(kind, to string) int {
	f.t.Helper()
	n := 0
	for _, l := range f.Letters() {
		if l.Kind == kind && l.To == to {
			n++
		}
	}
	return n
}

var linkLine = regexp.MustCompile(`(?m)^https?://\S+$`)

// Link is the letter's link.
func (l Letter) Link() string { return linkLine.FindString(l.Text) }

// Events are the audit rows so far, the oldest first.
func (f *Flow) Events() []authflow.Event {
	f.t.Helper()
	var events []authflow.Event
	f.read("Events", func(scan func(...any) error) error {
		var e authflow.Event
		var address string
		err := scan((*string)(&e.Name), (*string)(&e.Outcome), (*string)(&e.UserID), (*string)(&e.ActorID), (*string)(&e.SessionID), &e.Account, &address, &e.Reason, &e.Place)
		if err == nil && address != "" {
			e.ClientIP, err = netip.ParseAddr(address)
		}
		events = append(events, e)
		return err
	})
	return events
}

// LastEvent is the latest audit row of a name; the zero Event when there is none.
func (f *Flow) LastEvent(name authflow.EventName) authflow.Event {
	f.t.Helper()
	var last authflow.Event
	for _, e := range f.Events() {
		if e.Name == name {
			last = e
		}
	}
	return last
}

func (f *Flow) read(query string, each func(scan func(...any) error) error, args ...any) {
	f.t.Helper()
	f.must(f.tables.Query(f.t.Context(), f.Store.Store, query, args, each))
}

// InTx runs do in a transaction that must succeed.
func (f *Flow) InTx(do func(tx *sessionstore.Store) error) {
	f.t.Helper()
	f.must(f.Store.InTx(f.t.Context(), do))
}
