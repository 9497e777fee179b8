package authflowtest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/openapi"
)

// What holds answers to their description must see each way in which they can differ from it.
func TestAnswersThatWereNotPromisedAreSeen(t *testing.T) {
	t.Parallel()
	type owner struct {
		Name string `json:"name"`
	}
	text, err := openapi.Describe(openapi.About{}, slices.Values([]*authflow.Route{{
		Method: http.MethodGet, Path: "/things/:id", Session: authflow.SessionRequired, Redirects: "Elsewhere.",
		Errors: []*authflow.Error{{Status: 404, Code: "NO_THING", Message: "No such thing"}, {Status: 410}},
		Answer: (*struct {
			ID     string `json:"id"`
			Note   string `json:"note,omitempty"`
			Owner  owner  `json:"owner"`
			Tags   []owner
			Former *owner `json:"former"`
		})(nil),
	}}))
	if err != nil {
		t.Fatal(err)
	}
	made, err := readPromises(text)
	if err != nil {
		t.Fatal(err)
	}
	check := func(status int, media, body string) error {
		answer := &keeper{ResponseWriter: httptest.NewRecorder(), status: status}
		answer.Header().Set("Content-Type", media)
		answer.body.WriteString(body)
		return made.check("GET /things/:id", answer)
	}
	for _, kept := range []struct {
		status      int
		media, body string
	}{
		{200, "application/json", `{"id":"a","owner":{"name":"x"},"Tags":[],"former":null}`},
		{200, "application/json", `{"id":"a","note":"b","owner":{"name":"x"},"Tags":[{"name":"y"}],"former":{"name":"z"}}`},
		{200, "application/json", `null`},
		{302, "application/json", ""}, {410, "", ""},
		{401, "application/json", `{"message":"Unauthorized","code":"UNAUTHORIZED"}`},
		{404, "application/json", `{"message":"No such thing","code":"NO_THING"}`},
		{429, "application/json", `{"message":"Too many requests. Please try again later."}`},
	} {
		if err := check(kept.status, kept.media, kept.body); err != nil {
			t.Errorf("%d %s: %v", kept.status, kept.body, err)
		}
	}
	for _, broken := range []struct {
		status      int
		media, body string
	}{
		{201, "application/json", `{}`},
		{200, "text/plain", `null`},
		{200, "application/json", ``},
		{200, "application/json", `{"id":"a"`},
		{200, "application/json", `{"id":1,"owner":{"name":"x"},"Tags":[],"former":null}`},
		{200, "application/json", `{"id":"a","owner":{"name":"x"},"Tags":[]}`},
		{200, "application/json", `{"id":"a","owner":{"name":"x"},"Tags":null,"former":null}`},
		{200, "application/json", `{"id":"a","owner":{"name":"x"},"Tags":[],"former":null,"secret":1}`},
		{200, "application/json", `{"id":"a","owner":{"name":"x","secret":1},"Tags":[],"former":null}`},
		{200, "application/json", `{"id":"a","owner":{"name":"x"},"Tags":[{}],"former":null}`},
		{410, "application/json", `{"message":"x"}`},
		{404, "application/json", `{"message":"No such thing","code":"ANOTHER"}`},
		{404, "application/json", `{"message":"No such thing"}`},
		{404, "application/json", `{"code":"NO_THING"}`},
		{404, "application/json", `{"message":"No such thing","code":"NO_THING","cause":"x"}`},
	} {
		if check(broken.status, broken.media, broken.body) == nil {
			t.Errorf("%d %s %s is taken for promised", broken.status, broken.media, broken.body)
		}
	}
}

func TestASessionThatWasHandedOutIsTold(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	answer := http.Header{"Set-Auth-Token": {"token.signature"}}
	if !issues(request, answer) || issues(request, http.Header{}) {
		t.Error("a new session is not told from none")
	}
	request.Header.Set("Cookie", "better-auth.session_token=token.signature")
	if issues(request, answer) {
		t.Error("a renewed session is taken for a new one")
	}
}
