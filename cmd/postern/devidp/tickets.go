package devidp

import (
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// mostTickets bounds the memory: the oldest goes when another comes.
const mostTickets = 10_000

// tickets are random strings that stand for a grant, for a while.
type tickets struct {
	life time.Duration
	now  func() time.Time
	mu   sync.Mutex
	kept *simplelru.LRU[string, ticket]
}

type ticket struct {
	grant
	until time.Time
}

func newTickets(life time.Duration, now func() time.Time) *tickets {
	kept, _ := simplelru.NewLRU[string, ticket](mostTickets, nil) // fails on a size of zero alone
	return &tickets{life: life, now: now, kept: kept}
}

// issue makes a ticket of 256 random bits.
func (t *tickets) issue(g grant) string {
	var b [32]byte
	rand.Read(b[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	name := base64.RawURLEncoding.EncodeToString(b[:])
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept.Add(name, ticket{g, t.now().Add(t.life)})
	return name
}

// look leaves the ticket good, take uses it up: of those who take one at once, one gets it.
func (t *tickets) look(name string) (grant, bool) { return t.find(name, false) }

func (t *tickets) take(name string) (grant, bool) { return t.find(name, true) }

func (t *tickets) find(name string, use bool) (grant, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, ok := t.kept.Get(name)
	if use {
		t.kept.Remove(name)
	}
	return found.grant, ok && t.now().Before(found.until)
}
