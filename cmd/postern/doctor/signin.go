package doctor

import (
	"encoding/json"
	"net/http"
	"strings"
)

// signIn walks through a whole sign-in with an account that was lent, and out again.
func (x *examination) signIn() {
	if x.Email == "" {
		return
	}
	body, err := json.Marshal(map[string]string{"email": x.Email, "password": x.Password})
	if err != nil {
		x.fail("", "the account cannot be sent: %v", err)
		return
	}
	said, err := x.ask(http.MethodPost, x.api("/sign-in/email"), string(body), "Origin", x.URL.String())
	if err != nil || said.StatusCode != http.StatusOK {
		x.fail("check the address and the password; the answer's code says what is wrong", "%s cannot sign in: %s", x.Email, x.outcome(said, err))
		return
	}
	jar := cookieHeader(said.Cookies())
	if !strings.Contains(jar, "session_token=") {
		x.fail("let the proxy in front pass Set-Cookie on", "signing in sets no cookie")
		return
	}
	x.ok("%s has signed in", x.Email)
	x.walk(jar)
}

func (x *examination) walk(jar string) {
	said, err := x.ask(http.MethodGet, x.api("/get-session"), "", "Cookie", jar)
	if err != nil || !strings.Contains(said.body, x.Email) {
		x.fail("the proxy in front must pass the header Cookie on", "the session is not seen with its cookie: %s", x.outcome(said, err))
		return
	}
	if x.Sensitive != "" {
		said, err := x.ask(http.MethodGet, x.URL.String()+x.Sensitive, "", "Cookie", jar)
		if err != nil || said.StatusCode == http.StatusUnauthorized || said.StatusCode >= 500 {
			x.fail("'postern explain' says why", "%s is not shown to who has signed in: %s", x.Sensitive, x.outcome(said, err))
		} else {
			x.ok("%s is shown to who has signed in (%d)", x.Sensitive, said.StatusCode)
		}
	}
	out, err := x.ask(http.MethodPost, x.api("/sign-out"), "{}", "Cookie", jar, "Origin", x.URL.String())
	again, errAgain := x.ask(http.MethodGet, x.api("/get-session"), "", "Cookie", jar)
	if err != nil || errAgain != nil || out.StatusCode != http.StatusOK || strings.Contains(again.body, x.Email) {
		x.fail("sign out by hand, and look at the log", "the session lives on after signing out: %s", x.outcome(again, errAgain))
		return
	}
	x.ok("the session is over after signing out")
}

func (x *examination) outcome(said answer, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case said.Response == nil:
		return "no answer"
	}
	return said.Status + " " + said.body[:min(len(said.body), 200)]
}

// cookieHeader is what a browser sends back.
func cookieHeader(cookies []*http.Cookie) string {
	var pairs []string
	for _, c := range cookies {
		if c.MaxAge >= 0 {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
	}
	return strings.Join(pairs, "; ")
}
