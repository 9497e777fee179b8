package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// crowd is four users, of the first word of whose addresses nobody else has one.
func (s Subject) crowd(t *testing.T) (id string) {
	id = strings.ToLower(sessionstore.NewID())
	for i, name := range []string{"Ada", "grace_100%", `Back\slash`, "Zoë"} {
		u := s.newUser()
		u.Name, u.Email, u.EmailVerified = name, id+"."+[]string{"d", "c", "b", "a"}[i]+"@example.com", i == 1
		u.CreatedAt = u.CreatedAt.Add(time.Duration(i) * time.Second)
		must(t, s.CreateUser(t.Context(), &u))
	}
	return id
}

func (s Subject) list(t *testing.T, id string, q sessionstore.UserQuery) (names []string, total int64) {
	t.Helper()
	q.Where = append(slices.Clone(q.Where), sessionstore.UserCondition{Field: "email", Operator: sessionstore.StartsWith, Values: []string{id}})
	if q.Limit == 0 {
		q.Limit = 100
	}
	users, total, err := s.ListUsers(t.Context(), q)
	must(t, err)
	for _, u := range users {
		names = append(names, u.Name)
	}
	return names, total
}

var userLists = []test{
	{"users are listed in the order and by the page that is asked for", func(t *testing.T, s Subject) {
		id := s.crowd(t)
		all := []string{"Ada", "grace_100%", `Back\slash`, "Zoë"}
		back := slices.Clone(all)
		slices.Reverse(back)
		for _, c := range []struct {
			query sessionstore.UserQuery
			want  []string
		}{
			{sessionstore.UserQuery{}, all},
			{sessionstore.UserQuery{SortBy: "createdAt", Descending: true}, back},
			{sessionstore.UserQuery{SortBy: "email"}, back},
			{sessionstore.UserQuery{SortBy: "email", Limit: 2, Offset: 1}, back[1:3]},
			{sessionstore.UserQuery{Offset: 9}, nil},
		} {
			names, total := s.list(t, id, c.query)
			equal(t, names, c.want)
			equal(t, total, 4)
		}
	}},
	{"users are found by what is asked of them, taken literally", func(t *testing.T, s Subject) {
		id := s.crowd(t)
		start := s.now()
		for _, c := range []struct {
			field    string
			operator sessionstore.Operator
			values   []string
			want     []string
		}{
			{"name", sessionstore.Equal, []string{"Ada"}, []string{"Ada"}},
			{"name", sessionstore.NotEqual, []string{"Ada"}, []string{"grace_100%", `Back\slash`, "Zoë"}},
			{"name", sessionstore.Contains, []string{"E_"}, []string{"grace_100%"}},
			{"name", sessionstore.Contains, []string{"0%"}, []string{"grace_100%"}},
			{"name", sessionstore.Contains, []string{`\`}, []string{`Back\slash`}},
			{"name", sessionstore.Contains, []string{"%"}, []string{"grace_100%"}},
			{"name", sessionstore.StartsWith, []string{"GR"}, []string{"grace_100%"}},
			{"name", sessionstore.StartsWith, []string{"ce"}, nil},
			{"name", sessionstore.EndsWith, []string{"da"}, []string{"Ada"}},
			{"name", sessionstore.EndsWith, []string{"' OR '1'='1"}, nil},
			{"name", sessionstore.In, []string{"Ada", "Zoë", "nobody"}, []string{"Ada", "Zoë"}},
			{"name", sessionstore.NotIn, []string{"Ada", "Zoë"}, []string{"grace_100%", `Back\slash`}},
			{"emailVerified", sessionstore.Equal, []string{"true"}, []string{"grace_100%"}},
			{"emailVerified", sessionstore.NotEqual, []string{"true"}, []string{"Ada", `Back\slash`, "Zoë"}},
			{"createdAt", sessionstore.Greater, []string{start.Add(time.Second).Format(time.RFC3339Nano)}, []string{`Back\slash`, "Zoë"}},
			{"createdAt", sessionstore.AtMost, []string{start.Format(time.RFC3339Nano)}, []string{"Ada"}},
			{"createdAt", sessionstore.Less, []string{start.Format(time.RFC3339Nano)}, nil},
			{"email", sessionstore.AtLeast, []string{id + ".c"}, []string{"Ada", "grace_100%"}},
		} {
			names, total := s.list(t, id, sessionstore.UserQuery{Where: []sessionstore.UserCondition{{Field: c.field, Operator: c.operator, Values: c.values}}})
			if !slices.Equal(names, c.want) || total != int64(len(c.want)) {
				t.Errorf("%s %s %q: %q, and %d in all; want %q", c.field, c.operator, c.values, names, total, c.want)
			}
		}
	}},
	{"what cannot be asked of users is ErrInvalid", func(t *testing.T, s Subject) {
		condition := func(field string, operator sessionstore.Operator, values ...string) sessionstore.UserQuery {
			return sessionstore.UserQuery{Limit: 1, Where: []sessionstore.UserCondition{{Field: field, Operator: operator, Values: values}}}
		}
		for _, q := range []sessionstore.UserQuery{
			{Limit: -1}, {Limit: 1, Offset: -1}, {Limit: 1, SortBy: "password"}, {Limit: 1, SortBy: `id" --`},
			condition("nothing", sessionstore.Equal, "x"), condition("name", "like", "x"), condition("name", sessionstore.Equal), condition("name", sessionstore.Equal, "a", "b"),
			condition("name", sessionstore.In), condition("emailVerified", sessionstore.Contains, "t"), condition("createdAt", sessionstore.Less, "yesterday"),
			condition("name", sessionstore.Equal, "a\x00b"),
		} {
			_, _, err := s.ListUsers(t.Context(), q)
			is(t, err, sessionstore.ErrInvalid)
		}
	}},
}
