package admin

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

const (
	defaultLimit = 100 // as better-auth's adapters
	// maxLimit bounds what one answer holds.
	//
	// Differs from better-auth, which has no limit.
	maxLimit = 10_000
)

func (f *Feature) mountList(r *authflow.Router) {
	var operators []string
	for _, o := range sessionstore.Operators() {
		operators = append(operators, string(o))
	}
	handle(r, authflow.Route{
		Method: http.MethodGet, Path: "/admin/list-users",
		Summary: "Users that are meant, a page at a time",
		Query: []authflow.Field{
			authflow.Text("searchValue", "What to look for.").Opt(),
			authflow.OneOf("searchField", "Where to look for it; default email.", "email", "name"),
			authflow.OneOf("searchOperator", "How; default contains.", "contains", "starts_with", "ends_with"),
			authflow.Choice("limit", "How many users at most; default 100.").Opt(),
			authflow.Choice("offset", "How many to leave out at the beginning.").Opt(),
			authflow.Text("sortBy", "The field that gives the order; default createdAt.").Opt(),
			authflow.OneOf("sortDirection", "Default asc.", "asc", "desc"),
			authflow.Text("filterField", "The field that is to hold filterValue; default email.").Opt(),
			authflow.TextOr("filterValue", "What it is to hold. With in and not_in the parameter may be repeated.").Opt(),
			authflow.OneOf("filterOperator", "How to compare; default eq.", operators...),
		},
		OperationID: "listUsers",
		Answer:      listAnswer{},
		Errors:      []*authflow.Error{authflow.ErrMayNotListUsers},
		Handle:      f.list,
	})
}

type listAnswer struct {
	Users  []authflow.UserObject `json:"users"`
	Total  int64                 `json:"total"` // without limit and offset
	Limit  *int                  `json:"limit,omitempty"`
	Offset *int                  `json:"offset,omitempty"`
}

func (f *Feature) list(c *authflow.Call) error {
	if err := f.require(c, authflow.ErrMayNotListUsers, "", "user", "list"); err != nil {
		return err
	}
	query, answer := readQuery(c.Query)
	users, total, err := f.Store.ListUsers(c.R.Context(), query)
	if errors.Is(err, sessionstore.ErrInvalid) { // a field that there is not, and the like
		return c.JSON(listAnswer{Users: []authflow.UserObject{}})
	}
	if err != nil {
		return err
	}
	answer.Users, answer.Total = make([]authflow.UserObject, len(users)), total
	for i, u := range users {
		answer.Users[i] = authflow.NewUserObject(u)
	}
	return c.JSON(answer)
}

func readQuery(v authflow.Values) (sessionstore.UserQuery, listAnswer) {
	answer := listAnswer{Limit: number(v.String("limit")), Offset: number(v.String("offset"))}
	q := sessionstore.UserQuery{SortBy: v.String("sortBy"), Descending: v.String("sortDirection") == "desc", Limit: defaultLimit}
	if answer.Limit != nil {
		*answer.Limit = min(*answer.Limit, maxLimit)
		q.Limit = *answer.Limit
	}
	if answer.Offset != nil {
		q.Offset = *answer.Offset
	}
	if q.SortBy == "" {
		q.Descending = false
	}
	if search := v.String("searchValue"); search != "" {
		q.Where = append(q.Where, sessionstore.UserCondition{
			Field: cmp.Or(v.String("searchField"), "email"), Operator: sessionstore.Operator(cmp.Or(v.String("searchOperator"), "contains")), Values: []string{search},
		})
	}
	if v.Has("filterValue") {
		filter := sessionstore.UserCondition{
			Field: cmp.Or(v.String("filterField"), "email"), Operator: sessionstore.Operator(cmp.Or(v.String("filterOperator"), "eq")), Values: v.TextOr("filterValue"),
		}
		if _, one := v["filterValue"].(string); one && filter.Operator == sessionstore.In {
			filter.Values = nil // as better-auth, which wants a list, and takes one value for none
		}
		q.Where = append(q.Where, filter)
	}
	return q, answer
}

// number is JavaScript's Number(text) || undefined.
func number(text string) *int {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || n == 0 || math.IsNaN(n) || math.Abs(n) > math.MaxInt32 {
		return nil
	}
	whole := int(n)
	return &whole
}
