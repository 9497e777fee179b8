package assertion

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// slots bounds how many assertions are kept for use with later requests, and so the memory: about a kilobyte each. Two that
// meet in a slot cost a signature each time, and nothing else.
const slots = 4096

// Minter makes assertions. It is safe for concurrent use.
//
// A signature costs nearly half as much processor time as a request. So an assertion is sent again for half of its life, with
// requests for which it would say the same: same session, same user as they are now, same method, same path, same key. Unless applications want to see
// each once: then every one has an id of its own.
type Minter struct {
	keys   *keyring
	config Config
	issuer string
	now    func() time.Time
	seed   maphash.Seed
	made   [slots]atomic.Pointer[minted]
}

// minted is an assertion and all that it depends on.
type minted struct {
	subject
	method, path string
	key          *key
	until        int64 // when a new one is made, in Unix nanoseconds
	line         [1]string
}

// Options are what New takes besides settings. All but Issuer may be left out.
type Options struct {
	Issuer string // claim iss: the public origin
	Logger *slog.Logger
	Now    func() time.Time
}

// New finds the key that signs, or makes the first, in a store whose migrations were run.
func New(ctx context.Context, config Config, store *sessionstore.Store, sealer Sealer, o Options) (*Minter, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	t, err := newTable(store)
	if err != nil {
		return nil, err
	}
	m := &Minter{
		keys:   &keyring{table: t, sealer: sealer, config: config, now: o.Now, logger: o.Logger, readable: map[string]*key{}},
		config: config, issuer: o.Issuer, now: o.Now, seed: maphash.MakeSeed(),
	}
	if err := m.keys.refresh(ctx); err != nil {
		return nil, fmt.Errorf("find assertion key: %w", err)
	}
	return m, nil
}

// Run looks for new keys until ctx ends, and makes the next one in time.
func (m *Minter) Run(ctx context.Context) error {
	ticker := time.NewTicker(refreshEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := m.keys.refresh(ctx); err != nil && ctx.Err() == nil {
				m.keys.logger.LogAttrs(ctx, slog.LevelWarn, "assertion keys not looked at; the present one goes on signing", slog.Any("err", err))
			}
		}
	}
}

// Assert returns the value of the header, as a line that is shared: it must not be changed. target is what the application gets, of
// which the query is not a part of what is said.
func (m *Minter) Assert(identity *sessionstore.Identity, method, target string) ([]string, error) {
	path, _, _ := strings.Cut(target, "?")
	who, key, now := subjectOf(identity), m.keys.current.Load(), m.now()
	if m.config.SingleUse {
		made, err := m.mint(who, method, path, key, now, sessionstore.NewID())
		if err != nil {
			return nil, err
		}
		return made.line[:], nil
	}
	slot := &m.made[m.slot(who.Session, method, path)]
	if have := slot.Load(); have != nil && have.key == key && have.path == path && have.method == method && have.subject == who && now.UnixNano() < have.until {
		return have.line[:], nil
	}
	made, err := m.mint(who, method, path, key, now, "")
	if err != nil {
		return nil, err
	}
	slot.Store(made)
	return made.line[:], nil
}

func (m *Minter) mint(who subject, method, path string, key *key, now time.Time, id string) (*minted, error) {
	issued := now.Unix()
	payload, err := json.Marshal(claims{
		Issuer: m.issuer, Audience: m.config.Audience, IssuedAt: issued, Expires: issued + int64(m.config.TTL/time.Second), ID: id,
		subject: who, Roles: who.roles(), Method: method, Path: path,
	})
	if err != nil {
		return nil, fmt.Errorf("encode assertion: %w", err)
	}
	token, err := key.sign(payload)
	if err != nil {
		return nil, err
	}
	return &minted{subject: who, method: method, path: path, key: key, until: now.Add(m.config.TTL / 2).UnixNano(), line: [1]string{token}}, nil
}

func (m *Minter) slot(session sessionstore.SessionID, method, path string) uint64 {
	var h maphash.Hash
	h.SetSeed(m.seed)
	_, _ = h.WriteString(string(session)) // a hash never fails to take bytes
	_, _ = h.WriteString(method)
	_, _ = h.WriteString(path)
	return h.Sum64() % slots
}

// ServeHTTP answers with the public keys.
func (m *Minter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	set, err := m.keys.keySet(r.Context())
	if err != nil {
		h.Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"code":"SERVICE_UNAVAILABLE","message":"Keys cannot be read at the moment; try again"}` + "\n"))
		return
	}
	h.Set("Cache-Control", "public, max-age=300") // far below the overlap
	_, _ = w.Write(set)                           // a client that left needs no answer
}
