package mail_test

import (
	"flag"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/mail"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var brand = mail.Brand{Name: "Example", URL: "https://app.example.com"}

func verifyLetter() mail.Letter {
	return mail.Letter{
		Kind:      "verify-email",
		To:        "ada@example.com",
		Subject:   "Confirm your address",
		Heading:   "Welcome to Example",
		Lines:     []string{"Hello Ada Lovelace,", "please confirm that this address is yours."},
		Action:    "Confirm address",
		ActionURL: "https://app.example.com/api/auth/verify-email?token=abc.def-ghi_jkl&callbackURL=%2Ftasks%3Fa%3D1%26b%3D2",
		Note:      "The link works for 15 minutes. If you did not sign up, ignore this letter.",
	}
}

func TestLettersLookAsReviewed(t *testing.T) {
	t.Parallel()
	for name, letter := range map[string]mail.Letter{
		"verify": verifyLetter(),
		"german": mail.Draft{
			Kind: "confirm-change-email", To: "ada@example.com", Name: "Ada", Languages: "fr;q=0.5, de-CH", Link: "https://app.example.com/x",
			Life: 15 * time.Minute, Values: []string{"email", "ada@new.example"},
		}.Letter(),
		"notice": {
			Kind: "password-changed", To: "ada@example.com", Subject: "Your password was changed",
			Lines: []string{"Hello,", "the password of your account was changed on 1 May 2026 at 10:00 UTC."},
			Note:  "If this was not you, reset your password now.",
		},
		"hostile": {
			Kind: "verify-email", To: "eve@example.com",
			Subject:   "Hi <a href=\"https://evil.example\">click</a>\r\nBcc: victim@example.com",
			Heading:   "<script>alert(1)</script>",
			Lines:     []string{"<img src=x onerror=alert(1)> & \u202egnirts\u202c", "two\nlines"},
			Action:    "Go <b>now</b>",
			ActionURL: "https://app.example.com/?a=1&b=\"><script>alert(2)</script>",
			Note:      "a < b",
		},
	} {
		message := letter.Message(brand)
		golden(t, name+".txt", "Subject: "+message.Subject+"\n\n"+message.Text)
		golden(t, name+".html", message.HTML)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run go test -update and review the change\n--- got\n%s\n--- want\n%s", name, got, want)
	}
}

// A link with ? and & must arrive as it was made, in both forms.
func TestLinkSurvivesBothForms(t *testing.T) {
	t.Parallel()
	letter := verifyLetter()
	message := letter.Message(brand)
	if !strings.Contains(message.Text, "\n"+letter.ActionURL+"\n") {
		t.Errorf("text does not have the link on a line of its own:\n%s", message.Text)
	}
	if got := strings.Count(html.UnescapeString(message.HTML), `href="`+letter.ActionURL+`"`); got != 2 {
		t.Errorf("HTML links to the address %d times, want 2 (button and fall-back):\n%s", got, message.HTML)
	}
}

// D88: markup in a name is escaped in HTML and gone from text and subject; line breaks are gone from all.
func TestD88MarkupAndLineBreaksInNamesAreHarmless(t *testing.T) {
	t.Parallel()
	name := "Eve<a href=\"https://evil.example\">\r\nBcc: v@example.com\x00\u2028</a>"
	message := mail.Letter{Kind: "k", To: "eve@example.com", Subject: "For " + name, Lines: []string{"Hello " + name}}.Message(mail.Brand{Name: name})
	if err := message.Validate(); err != nil {
		t.Errorf("message is not valid: %v", err)
	}
	if strings.ContainsAny(message.Subject, "<>\r\n\x00\u2028") || strings.ContainsAny(message.Text, "<>\r\x00\u2028") {
		t.Errorf("markup or breaks left in subject %q or text %q", message.Subject, message.Text)
	}
	if strings.Contains(message.Text, "\nBcc") || strings.Contains(message.HTML, "<a href=\"https://evil") {
		t.Errorf("the name broke out:\n%s\n%s", message.Text, message.HTML)
	}
	if !strings.Contains(message.HTML, "Eve&lt;a href=") {
		t.Errorf("the name is not escaped in HTML:\n%s", message.HTML)
	}
}

func TestScriptLinksAreNotLinked(t *testing.T) {
	t.Parallel()
	letter := verifyLetter()
	letter.ActionURL = "javascript:alert(1)"
	if message := letter.Message(brand); strings.Contains(message.HTML, `href="javascript`) {
		t.Errorf("HTML links to a script:\n%s", message.HTML)
	}
}

func TestGreetingLeavesOutWhatCouldBecomeALink(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Ada":                      "Hello Ada,",
		"  Ada \t Lovelace\n":      "Hello Ada Lovelace,",
		"J. R. R. Tolkien":         "Hello J. R. R. Tolkien,",
		"Zoë":                      "Hello Zoë,",
		"山田 太郎":                    "Hello 山田 太郎,",
		"<b>Ada</b>":               "Hello Ada,",
		"":                         "Hello,",
		"\r\n":                     "Hello,",
		"win at evil.example":      "Hello,",
		"https://evil.example":     "Hello,",
		"WWW.x":                    "Hello,",
		"a@b":                      "Hello,",
		"пример.рф":                "Hello,",
		strings.Repeat("long ", 9): "Hello long long long long long long long long long,",
		strings.Repeat("x", 61):    "Hello,",
		"bad\xffutf8":              "Hello badutf8,",
	} {
		if got := (mail.Draft{Kind: "verify-email", Name: name}).Letter().Lines[0]; got != want {
			t.Errorf("%q is greeted by %q, want %q", name, got, want)
		}
	}
}

func FuzzLettersStayInOnePiece(f *testing.F) {
	f.Add("Ada", "https://app.example.com/?a=b&c=d")
	f.Add("<a href=x>\r\nBcc: y", "javascript:alert(1)")
	f.Add("\u202e\u2029\x00", "\" onmouseover=\"x")
	f.Fuzz(func(t *testing.T, name, link string) {
		message := mail.Letter{
			Kind: "k", To: "a@example.com", Subject: "For " + name, Lines: []string{name}, Action: name, ActionURL: link, Note: name,
		}.Message(mail.Brand{Name: name})
		if len(message.Subject) <= 900 {
			if err := message.Validate(); err != nil {
				t.Errorf("Validate: %v", err)
			}
		}
		if strings.ContainsAny(message.Subject, "\r\n<>") || message.HTML == "" {
			t.Errorf("subject %q, HTML of %d bytes", message.Subject, len(message.HTML))
		}
		if tags := strings.Count(message.HTML, "<script"); tags != 0 {
			t.Errorf("%d scripts in\n%s", tags, message.HTML)
		}
	})
}
