package pages

import (
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/posternhq/postern/sessionstore"
)

// signUpView is what the form held, and what else the application wants to know of new users.
type signUpView struct {
	Name, Email string
	More        []moreField
}

// moreField is an additional field of users that must be given.
type moreField struct {
	Name, Label, Kind, Value string // Kind is one of input's types, or select
	Choices                  []string
	Checked                  bool
}

func showSignUp(v *visit) error {
	if !v.pages.Offers.SignUp && len(v.pages.Providers) == 0 {
		return &problem{Status: http.StatusNotFound, Code: "EMAIL_PASSWORD_SIGN_UP_DISABLED"}
	}
	if err := v.greet(); err != nil {
		return err
	}
	return v.show("sign-up", signUpView{Name: v.line("name"), Email: v.line("email"), More: v.more()})
}

func signUp(v *visit) error {
	email := v.line("email")
	body := fields{
		"name": v.line("name"), "email": email, "password": v.text("password"), "rememberMe": true, "callbackURL": v.carrying(verifyPath),
	}
	for _, f := range v.pages.required() {
		body[f.Name] = v.valueOf(f)
	}
	var made struct{ Token *string }
	if err := v.call(http.MethodPost, "/sign-up/email", body, &made); err != nil {
		return err
	}
	switch {
	case made.Token != nil:
		return v.enter()
	case v.pages.Offers.ProveEmail:
		v.expectLetter(email)
		return v.redirect(v.carrying(mailPath))
	}
	v.kept.Notice = "account_made"
	return v.redirect(v.carrying(SignInPath))
}

// required are the additional fields without which the API makes no user. Lists and JSON are beyond a form.
func (p *Pages) required() (list []*sessionstore.AdditionalField) {
	for _, f := range p.Core.UserFields {
		switch f.Kind {
		case sessionstore.FieldStrings, sessionstore.FieldNumbers, sessionstore.FieldJSON:
			continue
		}
		if f.Input && f.Required && f.Default == nil {
			list = append(list, f)
		}
	}
	return list
}

func (v *visit) more() (list []moreField) {
	for _, f := range v.pages.required() {
		m := moreField{Name: f.Name, Label: humanized(f.Name), Kind: "text", Value: v.line(f.Name), Choices: f.OneOf, Checked: v.form.Has(f.Name)}
		if key := "field." + f.Name; v.words.Has(key) {
			m.Label = v.words.Say(key)
		}
		switch {
		case len(f.OneOf) > 0:
			m.Kind = "select"
		case f.Kind == sessionstore.FieldNumber:
			m.Kind = "number"
		case f.Kind == sessionstore.FieldBoolean:
			m.Kind = "checkbox"
		case f.Kind == sessionstore.FieldDate:
			m.Kind = "date"
		}
		list = append(list, m)
	}
	return list
}

// valueOf is what was typed as the API wants it. What does not fit goes there as it is, to be refused by its name.
func (v *visit) valueOf(f *sessionstore.AdditionalField) any {
	text := v.line(f.Name)
	switch f.Kind {
	case sessionstore.FieldBoolean:
		return v.form.Has(f.Name)
	case sessionstore.FieldNumber:
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	}
	return text
}

// humanized makes "Company name" of companyName and company_name.
func humanized(name string) string {
	var out strings.Builder
	for i, letter := range name {
		switch {
		case i == 0:
			out.WriteRune(unicode.ToUpper(letter))
		case letter == '_':
			out.WriteByte(' ')
		case unicode.IsUpper(letter):
			out.WriteByte(' ')
			out.WriteRune(unicode.ToLower(letter))
		default:
			out.WriteRune(letter)
		}
	}
	return out.String()
}
