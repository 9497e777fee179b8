package authflowtest

import (
	"net/http"
	"strings"
	"sync"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// witness stands before the gates of a test and remembers which requests came by. No session may be issued without having passed:
// so every test of every room shows that its way of signing in asks the gates, also one that is written later.
type witness struct {
	gates []authflow.Gate

	mu     sync.Mutex
	visits map[*http.Request]visit
}

type visit int

const (
	neverCame visit = iota
	admitted
	refused
)

// Admit asks the test's own gates.
func (w *witness) Admit(c *authflow.Call, tx *sessionstore.Store, u sessionstore.User, method string) error {
	outcome, err := admitted, error(nil)
	for _, gate := range w.gates {
		if err = gate.Admit(c, tx, u, method); err != nil {
			outcome = refused
			break
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.visits[c.R] = outcome
	return err
}

// Refusals are none: what a test's gate says is the test's own business.
func (w *witness) Refusals() []*authflow.Error { return nil }

// saw tells, once, whether a request came by.
func (w *witness) saw(r *http.Request) visit {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.visits[r]
	delete(w.visits, r)
	return seen
}

// issues tells whether an answer hands out another session than that of the request.
func issues(r *http.Request, answer http.Header) bool {
	token, _, _ := strings.Cut(answer.Get("Set-Auth-Token"), ".")
	return token != "" && !strings.Contains(strings.Join(append(r.Header["Cookie"], r.Header["Authorization"]...), "\n"), token)
}
