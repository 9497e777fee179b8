package account

import (
	"fmt"
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func (f *Feature) mountLinked(r *authflow.Router) {
	r.Handle(authflow.Route{
		Method: http.MethodGet, Path: "/list-accounts",
		Summary:     "The ways in which the caller can sign in",
		Session:     authflow.SessionRequired,
		OperationID: "listUserAccounts",
		Answer:      []accountObject{},
		Handle:      f.list,
	})
}

// accountObject is an account on the wire: neither its tokens nor its password are anybody's to see.
type accountObject struct {
	ID         sessionstore.AccountID `json:"id"`
	ProviderID string                 `json:"providerId"`
	AccountID  string                 `json:"accountId"`
	UserID     sessionstore.UserID    `json:"userId"`
	Scopes     []string               `json:"scopes"`
	CreatedAt  authflow.Time          `json:"createdAt"`
	UpdatedAt  authflow.Time          `json:"updatedAt"`
}

func (f *Feature) list(c *authflow.Call) error {
	accounts, err := f.Store.ListAccounts(c.R.Context(), c.Identity().User.ID)
	if err != nil {
		return fmt.Errorf("list accounts: %w", err)
	}
	objects := make([]accountObject, len(accounts))
	for i, a := range accounts {
		objects[i] = accountObject{
			ID: a.ID, ProviderID: a.ProviderID, AccountID: a.AccountID, UserID: a.UserID, Scopes: a.Scopes(),
			CreatedAt: authflow.Time(a.CreatedAt), UpdatedAt: authflow.Time(a.UpdatedAt),
		}
	}
	return c.JSON(objects)
}
