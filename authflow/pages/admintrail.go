package pages

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// trailEntry is an event as administrators see it.
type trailEntry struct {
	Text, Name      string
	Failed          bool
	At              time.Time
	User, Actor     string // ids
	UserPage        string
	ActorPage       string
	Account, Reason string
	Address, Place  string
	Program, System string
	RequestID       string
}

// eventText is what an event is called for who was not the one it happened to.
func (v *visit) eventText(name authflow.EventName) string {
	return v.words.First("trail."+string(name), "event."+string(name), "event.other")
}

// trail finds events, and says where the next page of them begins; "" when there is none.
func (v *visit) trail(f authflow.EventFilter) (entries []trailEntry, next string, err error) {
	found, err := v.pages.Admin.Trail(v.r.Context(), f)
	if err != nil {
		return nil, "", err
	}
	for _, e := range found {
		shown := trailEntry{
			Text: v.eventText(e.Name), Name: string(e.Name), Failed: e.Outcome == authflow.OutcomeFailure, At: e.At,
			User: string(e.UserID), Actor: string(e.ActorID), Account: e.Account, Reason: e.Reason, Place: e.Place, RequestID: e.RequestID,
			UserPage: userPage(e.UserID), ActorPage: userPage(e.ActorID),
		}
		if e.ClientIP.IsValid() {
			shown.Address = e.ClientIP.String()
		}
		if e.UserAgent != "" {
			shown.Program, shown.System = authflow.Device(e.UserAgent)
		}
		entries = append(entries, shown)
	}
	if len(found) == f.Limit {
		last := found[len(found)-1].Cursor
		next = fmt.Sprintf("%d-%s", last.At.UnixMilli(), last.ID)
	}
	return entries, next, nil
}

type trailView struct {
	Name, Outcome, Who, Address string
	Names                       []eventChoice
	Entries                     []trailEntry
	Older                       string
	Off                         bool // nothing is written down
}

type eventChoice struct{ Name, Text string }

func showTrail(v *visit) error {
	if me, err := v.overseer(); err != nil || me == nil {
		return err
	}
	asked := v.r.URL.Query()
	view := trailView{Name: asked.Get("event"), Outcome: asked.Get("outcome"), Who: strings.TrimSpace(asked.Get("who")), Address: strings.TrimSpace(asked.Get("address"))}
	if v.pages.Admin.Trail == nil {
		view.Off = true
		return v.show("trail", view)
	}
	for _, name := range authflow.EventNames() {
		view.Names = append(view.Names, eventChoice{string(name), v.eventText(name)})
	}
	slices.SortFunc(view.Names, func(a, b eventChoice) int { return strings.Compare(a.Text, b.Text) })
	filter := authflow.EventFilter{
		Name: authflow.EventName(view.Name), Outcome: authflow.EventOutcome(view.Outcome), Who: sessionstore.UserID(view.Who), Address: view.Address,
		Limit: perPage, Before: readCursor(asked.Get("before")),
	}
	if strings.Contains(view.Who, "@") { // an address will do as well
		id, err := v.idOf(view.Who)
		if err != nil {
			return err
		}
		filter.Who = id
	}
	entries, next, err := v.trail(filter)
	if err != nil {
		return err
	}
	if view.Entries = entries; next != "" {
		asked.Set("before", next)
		view.Older = adminPath + "/events?" + asked.Encode()
	}
	return v.show("trail", view)
}

// idOf is the id of the user with this address; of nobody it is the address, which is nobody's id.
func (v *visit) idOf(email string) (sessionstore.UserID, error) {
	var answer struct{ Users []found }
	query := url.Values{"filterField": {"email"}, "filterValue": {strings.ToLower(email)}, "limit": {"1"}}
	if err := v.call("GET", "/admin/list-users?"+query.Encode(), nil, &answer); err != nil {
		return "", err
	}
	if len(answer.Users) == 0 {
		return sessionstore.UserID(email), nil
	}
	return answer.Users[0].ID, nil
}

func readCursor(text string) authflow.EventCursor {
	millis, id, _ := strings.Cut(text, "-")
	var at int64
	if _, err := fmt.Sscanf(millis, "%d", &at); err != nil || at <= 0 || at > 253402300799999 || len(id) > 64 {
		return authflow.EventCursor{}
	}
	return authflow.EventCursor{At: time.UnixMilli(at).UTC(), ID: id}
}

type healthView struct {
	Health
	HitRate string // in per cent; empty: nobody was looked up
	Lag     string // empty: nothing was heard
	Well    bool   // the database answers
}

// healthRefresh is how often a browser asks again, in seconds.
const healthRefresh = "15"

func showHealth(v *visit) error {
	if me, err := v.overseer(); err != nil || me == nil {
		return err
	}
	view := healthView{Health: v.pages.Admin.Health()}
	view.Well = view.Database == "ok"
	if view.Lookups > 0 {
		view.HitRate = fmt.Sprintf("%.1f %%", 100*float64(view.Hits)/float64(view.Lookups))
	}
	if view.Invalidations > 0 {
		view.Lag = view.InvalidationLag.Round(100 * time.Microsecond).String()
	}
	v.w.Header().Set("Refresh", healthRefresh)
	return v.show("health", view)
}
