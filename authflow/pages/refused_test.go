package pages_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/pages"
)

func TestRefusalsOfTheProxyAreReadable(t *testing.T) {
	t.Parallel()
	flow := start(t)
	for _, c := range []struct {
		no     pages.Refusal
		lang   string
		says   []string
		silent []string
	}{
		{pages.Refusal{Status: 502, Code: "BAD_GATEWAY", RequestID: "req-1"}, "en", []string{"<title>The application does not answer · Acme", "<code>req-1</code>", `href="">Try again`}, []string{"Sign in"}},
		{pages.Refusal{Status: 502, Code: "BAD_GATEWAY", RequestID: "req-1"}, "de-AT", []string{`lang="de"`, "Die Anwendung antwortet nicht", "Anfrage:", "Noch einmal versuchen"}, nil},
		{pages.Refusal{Status: 503, Code: "SERVICE_UNAVAILABLE", RequestID: "req-1"}, "", []string{"Not possible at the moment", "Try again"}, nil},
		{pages.Refusal{Status: 504, Code: "GATEWAY_TIMEOUT"}, "", []string{"That took too long", "Try again"}, []string{"<code>"}},
		{pages.Refusal{Status: 403, Code: "FORBIDDEN", RequestID: "req-1"}, "", []string{"You may not see this", `href="/auth/sign-out"`, "req-1"}, []string{"Try again"}},
		{pages.Refusal{Status: 403, Code: "EMAIL_NOT_VERIFIED"}, "", []string{"Confirm your address first", `href="/auth/check-mail"`}, nil},
		{pages.Refusal{Status: 401, Code: "UNAUTHORIZED", SignInURL: "/auth/sign-in?return_to=%2Fx"}, "", []string{"Please sign in", `href="/auth/sign-in?return_to=%2Fx"`}, nil},
		{pages.Refusal{Status: 401, Code: "SESSION_NOT_FRESH", SignInURL: "javascript:alert(1)"}, "", []string{"Please sign in again"}, []string{"javascript:"}},
		{pages.Refusal{Status: 400, Code: "BAD_REQUEST"}, "", []string{"That did not work"}, []string{"Try again"}},
		{pages.Refusal{Status: 500, Code: "<script>", RequestID: "<script>"}, "", []string{"Something went wrong", "&lt;script&gt;"}, []string{"<script>"}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/tasks?secret=x", nil)
		r.Header.Set("Accept-Language", c.lang)
		w := httptest.NewRecorder()
		flow.Pages.ShowRefusal(w, r, c.no)
		answer := &authflowtest.Answer{Status: w.Code, Header: w.Header(), Body: w.Body.String()}
		checkMarkup(t, c.no.Code, answer)
		if w.Code != c.no.Status || len(w.Result().Cookies()) > 0 {
			t.Errorf("%+v: %d, cookies %v", c.no, w.Code, w.Result().Cookies())
		}
		for _, text := range c.says {
			if !strings.Contains(answer.Body, text) {
				t.Errorf("%+v: no %q in\n%s", c.no, text, answer.Body)
			}
		}
		for _, text := range append(c.silent, "secret=x", "[refused") {
			if strings.Contains(answer.Body, text) {
				t.Errorf("%+v: %q in\n%s", c.no, text, answer.Body)
			}
		}
	}
	posted := httptest.NewRecorder()
	flow.Pages.ShowRefusal(posted, httptest.NewRequest(http.MethodPost, "/tasks", nil), pages.Refusal{Status: 502, Code: "BAD_GATEWAY"})
	if strings.Contains(posted.Body.String(), "Try again</a>") {
		t.Error("a form that was posted is to be sent again by a link")
	}
}
