package sessionstore

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	postgrestest "github.com/posternhq/postern/test/postgres"
)

var (
	lifeSteps = flag.Int("life-steps", 2000, "steps of the test of the life of sessions")
	lifeSeed  = flag.Uint64("life-seed", 0, "its seed; 0 takes another one each time")
)

// What two replicas say of sessions is held against a model that is no more than two maps, over thousands of steps taken at random: sessions
// are begun, used, renewed and ended, users banned, changed and deleted, by either replica and by somebody at psql.
//
//   - What a replica did itself, it knows at once. What others did, it knows with its next poll; until then it says what was true at some time since
//     the last.
//   - What has ended never comes back, whoever renews it.
func TestTheLifeOfSessionsIsThatOfTheModel(t *testing.T) {
	t.Parallel()
	seed := *lifeSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	l := newLife(t, rand.New(rand.NewPCG(seed, 0)))
	for step := range *lifeSteps {
		l.step()
		if l.ask(); t.Failed() {
			t.Fatalf("at step %d with -life-seed %d, after:\n%s", step, seed, l.story())
		}
		if step%100 == 99 {
			if l.compareRows(); t.Failed() {
				t.Fatalf("at step %d with -life-seed %d, after:\n%s", step, seed, l.story())
			}
		}
	}
}

type (
	modelUser struct {
		name, role string
		banned     bool
	}
	modelSession struct {
		user    UserID
		expires time.Time // of the row
	}
	// mirror is a replica, and what it may be wrong about.
	mirror struct {
		*Cache
		coherence *Coherence
		name      string
		said      map[Token][]string // what was true of each session since the last poll
		renewing  map[Token]Renewal  // that the database has not heard of
	}
)

type life struct {
	t        *testing.T
	ctx      context.Context
	random   *rand.Rand
	replicas [2]*mirror
	psql     *pgx.Conn
	users    map[UserID]*modelUser
	sessions map[Token]*modelSession
	ever     []Token // all tokens there have been
	made     int
	told     []string
}

func newLife(t *testing.T, random *rand.Rand) *life {
	t.Helper()
	l := &life{t: t, ctx: t.Context(), random: random, users: map[UserID]*modelUser{}, sessions: map[Token]*modelSession{}}
	cfg := Config{URL: postgrestest.URL(t), AutoMigrate: true}
	l.psql = connectTo(t, cfg.URL)
	open := func() *Store {
		store, err := Open(t.Context(), cfg, Options{Migrations: []MigrationSet{CoherenceMigrations()}})
		check(t, err)
		t.Cleanup(store.Close)
		return store
	}
	open()
	l.execute(`ALTER TABLE "user" ADD role text, ADD banned boolean, ADD "banReason" text, ADD "banExpires" timestamptz`)
	for i, name := range []string{"A", "B"} {
		m := &mirror{name: name, said: map[Token][]string{}, renewing: map[Token]Renewal{}}
		m.Cache = NewCache(open(), CacheConfig{Size: 8, TTL: time.Hour, NegativeTTL: time.Hour, Coherence: CoherenceConfig{Enabled: true, PollInterval: time.Minute, MaxLag: time.Hour}}, CacheOptions{})
		var err error
		m.coherence, err = NewCoherence(m.Cache, cfg, CoherenceOptions{})
		check(t, err)
		check(t, m.coherence.step(t.Context()))
		l.replicas[i] = m
	}
	return l
}

func (l *life) tell(format string, args ...any) {
	l.told = append(l.told, fmt.Sprintf(format, args...))
}

func (l *life) story() (text string) {
	for _, line := range l.told[max(0, len(l.told)-60):] {
		text += line + "\n"
	}
	return text
}

func (l *life) execute(sql string, args ...any) {
	l.t.Helper()
	_, err := l.psql.Exec(l.ctx, sql, args...)
	check(l.t, err)
}

// truth is what the model says of a session: gone, or whose it is and what there is to know of them.
func (l *life) truth(token Token) string {
	s := l.sessions[token]
	if s == nil || !time.Now().Before(s.expires) {
		return "gone"
	}
	u := l.users[s.user]
	return fmt.Sprintf("%s is %s, %q, banned: %t", s.user, u.name, u.role, u.banned)
}

// says is what a replica does.
func (l *life) says(m *mirror, token Token) string {
	l.t.Helper()
	identity, err := m.FindSession(l.ctx, token)
	switch {
	case errors.Is(err, ErrNotFound):
		return "gone"
	case err != nil:
		l.t.Fatal(err)
	case !time.Now().Before(identity.Session.ExpiresAt):
		return "gone"
	}
	u, role := identity.User, ""
	if u.Role != nil {
		role = *u.Role
	}
	return fmt.Sprintf("%s is %s, %q, banned: %t", u.ID, u.Name, role, u.BannedAt(time.Now()))
}

// change is made by a replica, or by somebody else where that is nil: who made it knows.
func (l *life) change(by *mirror, make func()) {
	before := map[Token]string{}
	for _, token := range l.ever {
		before[token] = l.truth(token)
	}
	make()
	for _, token := range l.ever {
		now := l.truth(token)
		for _, m := range l.replicas {
			switch {
			case now == before[token]:
			case m == by:
				m.said[token] = []string{now}
			case !slices.Contains(m.said[token], now):
				m.said[token] = append(m.said[token], now)
			}
		}
	}
}

func (l *life) poll(m *mirror) {
	l.tell("%s polls", m.name)
	check(l.t, m.coherence.step(l.ctx))
	for _, token := range l.ever {
		m.said[token] = []string{l.truth(token)}
	}
}

// ask asks a replica about a session of any age.
func (l *life) ask() {
	l.t.Helper()
	if len(l.ever) == 0 {
		return
	}
	m, token := l.replicas[l.random.IntN(2)], l.token()
	if got := l.says(m, token); !slices.Contains(m.said[token], got) {
		l.t.Errorf("%s says of %s: %s; want one of %q", m.name, token, got, m.said[token])
	}
}

// token is that of a session, often of a recent one.
func (l *life) token() Token {
	if recent := 12; l.random.IntN(4) > 0 && len(l.ever) > recent {
		return l.ever[len(l.ever)-1-l.random.IntN(recent)]
	}
	return l.ever[l.random.IntN(len(l.ever))]
}

func (l *life) user() UserID {
	var ids []UserID
	for id := range l.users {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return ""
	}
	slices.Sort(ids)
	return ids[l.random.IntN(len(ids))]
}

func (l *life) step() {
	m := l.replicas[l.random.IntN(2)]
	user := l.user()
	switch what := l.random.IntN(100); {
	case len(l.users) < 2 || what < 3 && len(l.users) < 6:
		l.signUp(m)
	case what < 20:
		l.signIn(m, user)
	case what < 40:
		l.renew(m)
	case what < 46:
		l.write(m)
	case what < 62:
		l.poll(m)
	case what < 70:
		l.revoke(m)
	case what < 73:
		l.revokeAll(m, user)
	case what < 76:
		l.revokeOthers(m)
	case what < 80:
		l.rename(m, user)
	case what < 82:
		l.deleteUser(m, user)
	default:
		l.stranger(user)
	}
}

func (l *life) signUp(m *mirror) {
	l.made++
	u := User{ID: UserID(fmt.Sprintf("u%d", l.made)), Name: "New", Email: fmt.Sprintf("u%d@people.test", l.made)}
	l.tell("%s makes %s", m.name, u.ID)
	check(l.t, m.CreateUser(l.ctx, &u))
	l.change(m, func() { l.users[u.ID] = &modelUser{name: "New"} })
}

func (l *life) signIn(m *mirror, user UserID) {
	l.made++
	s := Session{ID: SessionID(fmt.Sprintf("s%d", l.made)), Token: Token(fmt.Sprintf("t%d", l.made)), UserID: user, ExpiresAt: millis(time.Now().Add(time.Hour))}
	l.tell("%s begins %s for %s", m.name, s.Token, user)
	check(l.t, m.CreateSession(l.ctx, &s))
	l.ever = append(l.ever, s.Token)
	l.change(m, func() { l.sessions[s.Token] = &modelSession{user, s.ExpiresAt} })
}

func (l *life) renew(m *mirror) {
	if len(l.ever) == 0 {
		return
	}
	token := l.token()
	identity, err := m.FindSession(l.ctx, token)
	if err != nil || !time.Now().Before(identity.Session.ExpiresAt) {
		return
	}
	until := millis(time.Now().Add(time.Hour + time.Duration(l.random.IntN(1000))*time.Second))
	l.tell("%s renews %s from %s to %s", m.name, token, identity.Session.ExpiresAt, until)
	if m.Renew(identity, until) == nil {
		l.t.Errorf("%s does not renew %s", m.name, token)
	}
	if _, waits := m.renewing[token]; !waits {
		m.renewing[token] = Renewal{Was: identity.Session.ExpiresAt, Until: until}
	}
}

// write has the database hear of a replica's renewals, each of which counts if the row is what it was.
func (l *life) write(m *mirror) {
	l.tell("%s writes %d renewals", m.name, len(m.renewing))
	check(l.t, m.WriteRenewals(l.ctx))
	for token, r := range m.renewing {
		if s := l.sessions[token]; s != nil && s.expires.Equal(r.Was) && time.Now().Before(s.expires) {
			s.expires = r.Until
		}
	}
	clear(m.renewing)
}

func (l *life) revoke(m *mirror) {
	if len(l.ever) == 0 {
		return
	}
	token := l.token()
	l.tell("%s ends %s", m.name, token)
	_, err := m.DeleteSession(l.ctx, token)
	check(l.t, err)
	l.end(m, func(t Token, _ *modelSession) bool { return t == token })
}

func (l *life) revokeAll(m *mirror, user UserID) {
	l.tell("%s ends all of %s", m.name, user)
	_, err := m.DeleteSessions(l.ctx, user)
	check(l.t, err)
	l.end(m, func(_ Token, s *modelSession) bool { return s.user == user })
}

func (l *life) revokeOthers(m *mirror) {
	if len(l.ever) == 0 {
		return
	}
	token := l.token()
	kept := l.sessions[token]
	if kept == nil {
		return
	}
	l.tell("%s ends all of %s but %s", m.name, kept.user, token)
	_, err := m.DeleteOtherSessions(l.ctx, kept.user, token)
	check(l.t, err)
	l.end(m, func(t Token, s *modelSession) bool { return s.user == kept.user && t != token })
}

func (l *life) end(by *mirror, which func(Token, *modelSession) bool) {
	l.change(by, func() {
		for token, s := range l.sessions {
			if which(token, s) {
				delete(l.sessions, token)
			}
		}
	})
}

func (l *life) rename(m *mirror, user UserID) {
	l.made++
	name := fmt.Sprintf("N%d", l.made)
	l.tell("%s calls %s %s", m.name, user, name)
	_, err := m.UpdateUser(l.ctx, user, UserChange{Name: &name})
	check(l.t, err)
	l.change(m, func() { l.users[user].name = name })
}

func (l *life) deleteUser(m *mirror, user UserID) {
	l.tell("%s deletes %s", m.name, user)
	check(l.t, m.DeleteUser(l.ctx, user))
	l.forgetUser(m, user)
}

func (l *life) forgetUser(by *mirror, user UserID) {
	l.end(by, func(_ Token, s *modelSession) bool { return s.user == user })
	delete(l.users, user)
}

// stranger is whoever else is at the database.
func (l *life) stranger(user UserID) {
	u := l.users[user]
	l.made++
	switch l.random.IntN(8) {
	case 0:
		l.tell("psql bans or unbans %s", user)
		l.execute(`UPDATE "user" SET banned = $2 WHERE id = $1`, string(user), !u.banned)
		l.change(nil, func() { u.banned = !u.banned })
	case 1:
		role := fmt.Sprintf("r%d", l.made)
		l.tell("psql makes %s %s", user, role)
		l.execute(`UPDATE "user" SET role = $2 WHERE id = $1`, string(user), role)
		l.change(nil, func() { u.role = role })
	case 2:
		l.tell("psql ends all of %s", user)
		l.execute(`DELETE FROM session WHERE "userId" = $1`, string(user))
		l.end(nil, func(_ Token, s *modelSession) bool { return s.user == user })
	case 3:
		if l.random.IntN(4) == 0 {
			l.tell("psql deletes %s", user)
			l.execute(`DELETE FROM "user" WHERE id = $1`, string(user))
			l.forgetUser(nil, user)
		}
	default:
		l.strangerAt()
	}
}

// strangerAt does something to one session.
func (l *life) strangerAt() {
	if len(l.ever) == 0 {
		return
	}
	token := l.token()
	s := l.sessions[token]
	if s == nil || !time.Now().Before(s.expires) {
		return
	}
	switch l.random.IntN(3) {
	case 0:
		l.tell("psql expires %s", token)
		past := millis(time.Now().Add(-time.Minute))
		l.execute(`UPDATE session SET "expiresAt" = $2 WHERE token = $1`, string(token), past)
		l.change(nil, func() { s.expires = past })
	case 1:
		l.tell("a better-auth server renews %s", token)
		s.expires = millis(time.Now().Add(2*time.Hour + time.Duration(l.made)*time.Millisecond))
		l.execute(`UPDATE session SET "expiresAt" = $2 WHERE token = $1`, string(token), s.expires)
	default:
		l.tell("psql ends %s", token)
		l.execute(`DELETE FROM session WHERE token = $1`, string(token))
		l.end(nil, func(t Token, _ *modelSession) bool { return t == token })
	}
}

// compareRows holds the table against the model: nothing has come back, and each renewal counted once or not at all.
func (l *life) compareRows() {
	l.t.Helper()
	rows, err := l.psql.Query(l.ctx, `SELECT token, "userId", "expiresAt" FROM session`)
	check(l.t, err)
	found := map[Token]bool{}
	var token, user string
	var expires time.Time
	_, err = pgx.ForEachRow(rows, []any{&token, &user, &expires}, func() error {
		found[Token(token)] = true
		if s := l.sessions[Token(token)]; s == nil {
			l.t.Errorf("%s has come back", token)
		} else if string(s.user) != user || !s.expires.Equal(expires) {
			l.t.Errorf("%s of %s expires %s; in the model it is of %s and expires %s", token, user, expires, s.user, s.expires)
		}
		return nil
	})
	check(l.t, err)
	for token := range l.sessions {
		if !found[token] {
			l.t.Errorf("%s is gone", token)
		}
	}
}
