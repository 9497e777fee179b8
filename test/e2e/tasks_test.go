package e2e

import (
	"net/http"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

type task struct {
	ID, Title string
	Done      bool
}

// isolation is R11.
func isolation(t *testing.T, s *stack) {
	ann, bob := s.user(t), s.user(t)
	s.visitor().Post(t, "/api/tasks", map[string]any{"title": "nobody's"}).WantError(t, http.StatusUnauthorized, "UNAUTHORIZED")

	var hers task
	ann.Post(t, "/api/tasks", map[string]any{"title": "water the plants"}).Want(t, http.StatusCreated).JSON(t, &hers)
	bob.Post(t, "/api/tasks", map[string]any{"title": "feed the cat"}).Want(t, http.StatusCreated)
	ann.Do(t, http.MethodPatch, "/api/tasks/"+hers.ID, map[string]any{"done": true}).Want(t, http.StatusOK).JSON(t, &hers)
	if !hers.Done || hers.Title != "water the plants" {
		t.Errorf("her task: %+v", hers)
	}
	for method, body := range map[string]any{http.MethodGet: nil, http.MethodPatch: map[string]any{"title": "mine now"}, http.MethodDelete: nil} {
		bob.Do(t, method, "/api/tasks/"+hers.ID, body).Want(t, http.StatusNotFound)
		bob.Do(t, method, "/api/tasks/"+hers.ID, body, harness.Header("X-Postern-User-Id", ann.id)).Want(t, http.StatusNotFound)
	}
	for who, title := range map[*person]string{ann: "water the plants", bob: "feed the cat"} {
		var list []task
		who.Get(t, "/api/tasks").Want(t, http.StatusOK).JSON(t, &list)
		if len(list) != 1 || list[0].Title != title {
			t.Errorf("%s sees %+v", who.name, list)
		}
	}
	var same task
	ann.elsewhere().Get(t, "/api/tasks/"+hers.ID, harness.Bearer(ann.token(t))).Want(t, http.StatusOK).JSON(t, &same)
	ann.Do(t, http.MethodDelete, "/api/tasks/"+hers.ID, nil).Want(t, http.StatusNoContent)
	ann.Get(t, "/api/tasks/"+hers.ID).Want(t, http.StatusNotFound)
}
