package pages

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/posternhq/postern/authflow"
)

// problem is why something did not work: a code of the API or one of those below, for which the language files have words.
type problem struct {
	Status     int
	Code       string
	Message    string   // the API's, in English; shown where there are no words for Code
	Fields     []string // of the form, that are wrong
	RetryAfter string   // seconds
}

// The codes of the pages' own.
const (
	codeNoCookies       = "NO_COOKIES"         // the browser did not send back what it was given
	codeFormExpired     = "FORM_EXPIRED"       // not a form of ours, or an old one
	codeSessionNotKept  = "SESSION_NOT_KEPT"   // somebody signed in, and comes back without a session
	codeNotFound        = "PAGE_NOT_FOUND"     //
	codeTooMany         = "TOO_MANY_REQUESTS"  //
	codeMethod          = "METHOD_NOT_ALLOWED" //
	codeInternal        = "INTERNAL_SERVER_ERROR"
	codeNoAdministrator = "ADMINISTRATORS_ONLY"
	codeNotSure         = "NOT_SURE"
	codeLinkRefused     = "LINK_REFUSED" // a mailed link is incomplete, used or too old
)

func (p *problem) Error() string { return cmp.Or(p.Message, p.Code) }

// newProblem reads a refusal of the API.
func newProblem(answer *recorder) *problem {
	p := &problem{Status: answer.status, RetryAfter: answer.header.Get("Retry-After")}
	var said struct{ Code, Message string }
	_ = json.Unmarshal(answer.body.Bytes(), &said) // some refusals have no body
	p.Code, p.Message = said.Code, said.Message
	switch {
	case p.Status == http.StatusTooManyRequests:
		p.Code = codeTooMany
	case p.Code == "": // better-auth gives some of its errors no code
		p.Code = strings.ToUpper(strings.ReplaceAll(p.Message, " ", "_"))
	}
	p.Fields = fieldsOf(p)
	return p
}

var namedField = regexp.MustCompile(`\[body\.(\w+)\]`)

// fieldsOf are the fields that a refusal is about.
func fieldsOf(p *problem) []string {
	if p.Code == "VALIDATION_ERROR" {
		var names []string
		for _, match := range namedField.FindAllStringSubmatch(p.Message, -1) {
			names = append(names, match[1])
		}
		return names
	}
	return aboutFields[p.Code]
}

// aboutFields tells which fields a code is about; of several, those that the form has.
var aboutFields = map[string][]string{
	"INVALID_EMAIL":                         {"email", "newEmail"},
	"USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL": {"email"},
	"PASSWORD_TOO_SHORT":                    {"newPassword", "password"},
	"PASSWORD_TOO_LONG":                     {"newPassword", "password"},
	"PASSWORD_COMPROMISED":                  {"newPassword", "password"},
	"INVALID_PASSWORD":                      {"currentPassword", "password"},
	"EMAIL_IS_THE_SAME":                     {"newEmail"},
}

// problemOf makes one of the host's errors a problem; another error stays what it is.
func problemOf(err error) error {
	var refused *authflow.Error
	if !errors.As(err, &refused) {
		return err
	}
	return &problem{Status: refused.Status, Code: refused.Code, Message: refused.Message}
}

// told is a problem in somebody's language.
type told struct {
	Text      string
	Detail    string // in English, where there is nothing better
	Code      string
	Fields    map[string]string // what is wrong with a field
	RequestID string            // where it is worth reporting
}

func (v *visit) tell(p *problem) *told {
	t := &told{Code: p.Code, Fields: map[string]string{}}
	key := "problem." + p.Code
	switch {
	case p.Code == codeTooMany:
		seconds, _ := strconv.Atoi(p.RetryAfter) // zero where nothing is said
		if seconds > 90 {
			t.Text = v.words.Say("problem.TOO_MANY_REQUESTS.minutes", "minutes", strconv.Itoa((seconds+59)/60))
		} else {
			t.Text = v.words.Say("problem.TOO_MANY_REQUESTS.seconds", "seconds", strconv.Itoa(max(1, seconds)))
		}
	case v.words.Has(key):
		t.Text = v.words.Say(key, "min", strconv.Itoa(v.pages.Offers.MinPassword), "max", strconv.Itoa(v.pages.Offers.MaxPassword), "host", v.pages.host)
	case p.Code == "VALIDATION_ERROR":
		t.Text = v.words.Say("problem.fields")
	case p.Status >= http.StatusInternalServerError:
		t.Text = v.words.Say("problem." + codeInternal)
	default:
		t.Text, t.Detail = v.words.Say("problem.other"), p.Message
	}
	for _, name := range p.Fields {
		if !v.form.Has(name) {
			continue
		}
		t.Fields[name] = v.words.First("invalid."+p.Code+"."+name, "invalid."+p.Code, "invalid."+name, "invalid.other")
	}
	if p.Status >= http.StatusInternalServerError || p.Code == "INVALID_ORIGIN" {
		t.RequestID = v.pages.RequestID(v.r)
	}
	return t
}
