package password_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/sessionstore"
)

// What strangers say of themselves is stored, mailed and shown again, or refused; it is never a fault.
func TestHostileNamesAndPicturesAreStoredOrRefused(t *testing.T) {
	t.Parallel()
	flow := start(t)
	for i, value := range []string{
		"", " ", "a\x00b", "\x01\x02\x1b[31m", "a\r\nBcc: victim@people.test\r\n\r\nhello", "<a href=\"https://evil.test\">win</a>", "{{.}} ${x} %s %n", "'; DROP TABLE \"user\"; --",
		"\u202eadA", "\ufeff", "é\u0301", "👩‍👩‍👧‍👦", "\U0010ffff", strings.Repeat("a", 1024), strings.Repeat("é", 513), strings.Repeat("a", 70_000), "javascript:alert(1)", "data:image/png;base64,AAAA",
	} {
		for _, field := range []string{"name", "image", "callbackURL", "password"} {
			email := fmt.Sprintf("%s%d@people.test", strings.ToLower(field), i)
			answer := flow.Browser().Post("/sign-up/email", signUp(email, authflowtest.Body{field: value}))
			switch answer.Status {
			case 200:
				user, err := flow.Store.FindUserByEmail(t.Context(), email)
				if err != nil || (field == "name" && user.Name != value) || (field == "image" && *user.Image != value) {
					t.Errorf("%s %.40q is stored as %.40q, %v", field, value, user.Name, err)
				}
				letter := flow.Letter("verify-email", email)
				if strings.ContainsAny(letter.Subject+letter.To, "\r\n\x00") || !strings.HasPrefix(letter.Link(), flow.Core.APIURL) {
					t.Errorf("%s %.40q gets into the letter %q", field, value, letter.Text)
				}
			case 400, 403:
				if !json.Valid([]byte(answer.Body)) || answer.Text("message") == "" {
					t.Errorf("%s %.40q: %s", field, value, answer.Body)
				}
			default:
				t.Errorf("%s %.40q: %d %s", field, value, answer.Status, answer.Body)
			}
		}
	}
}

func TestHostileDevicesAndAddressesAreWrittenDown(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	for _, agent := range []string{"\xff\xfe", strings.Repeat("é", 10_000), "a\tb", "'; DROP TABLE \"session\"; --", "\u202e"} {
		flow.Browser().With("User-Agent", agent).At("::ffff:192.0.2.1").Post("/sign-in/email", signIn(user)).Is(200)
	}
	sessions, err := flow.Store.ListSessions(t.Context(), user.ID)
	if err != nil || len(sessions) != 5 {
		t.Fatalf("%d sessions, %v", len(sessions), err)
	}
	for _, s := range sessions {
		if len(*s.UserAgent) > 512 || *s.IPAddress != "192.0.2.1" || s.UserID != user.ID || s.ID == sessionstore.SessionID(s.Token) {
			t.Errorf("%+v", s)
		}
	}
}

// The database is away at each step: whoever asks is told to come back, and nothing is half done.
func TestWithoutTheDatabaseNothingIsSettled(t *testing.T) {
	t.Parallel()
	flow := start(t)
	user := flow.User("Ada")
	browser := flow.SignedIn(user)
	token := mailedToken(flow, user)
	browser.Get("/get-session").Is(200)
	flow.DatabaseAway(false)
	for path, body := range map[string]authflowtest.Body{
		"/sign-in/email":          signIn(user),
		"/sign-up/email":          signUp("new@people.test"),
		"/request-password-reset": {"email": user.Email},
		"/reset-password":         {"newPassword": newPassword, "token": token},
		"/change-password":        change(),
		"/verify-password":        {"password": authflowtest.Password},
	} {
		answer := browser.Post(path, body).Fails(503, "SERVICE_UNAVAILABLE").Sets()
		if answer.Header.Get("Retry-After") == "" || strings.Contains(answer.Body, "refused") {
			t.Errorf("%s: %v %s", path, answer.Header, answer.Body)
		}
	}
	browser.Get("/reset-password/"+token+"?callbackURL=/reset").Fails(503, "SERVICE_UNAVAILABLE")
	if flow.Hashes() != 0 {
		t.Errorf("%d hashes for nothing", flow.Hashes())
	}
}
