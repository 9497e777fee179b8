package social

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/posternhq/postern/authflow"
)

// code is what a browser that comes back is told, as error=… of the page it is sent to. The words are better-auth's.
type code string

const (
	codeStateNotFound        code = "state_not_found"
	codeStateMismatch        code = "state_mismatch"
	codeInvalidRequest       code = "invalid_callback_request"
	codeInternal             code = "internal_server_error"
	codeNoCode               code = "no_code"
	codeProviderNotFound     code = "oauth_provider_not_found"
	codeIssuerMissing        code = "issuer_missing"
	codeIssuerMismatch       code = "issuer_mismatch"
	codeNonceMissing         code = "nonce_binding_missing"
	codeInvalidCode          code = "invalid_code"
	codeNoUserInfo           code = "unable_to_get_user_info"
	codeNoCallbackURL        code = "no_callback_url"
	codeEmailNotFound        code = "email_not_found"
	codeEmailNotVerified     code = "email_not_verified"
	codeEmailDoesNotMatch    code = "email_does_not_match"
	codeAccountNotLinked     code = "account_not_linked"
	codeUnableToLink         code = "unable_to_link_account"
	codeLinkedToAnother      code = "account_already_linked_to_different_user"
	codeUnableToCreateUser   code = "unable_to_create_user"
	codeSignUpDisabled       code = "signup_disabled"
	codeProviderSessionEnded code = "provider_session_ended"  // differs from better-auth, which is told of no ends
	codeTemporarilyNotThere  code = "temporarily_unavailable" // RFC 6749 §4.1.2.1; differs from better-auth: it has no discovery while serving
)

// refusal ends a sign-in or a link: what the browser is told, and for the log which check failed.
type refusal struct {
	code        code
	description string // from a provider or a gate; empty otherwise
	reason      string // for the audit log, where code is not a word of ours
	cause       error
}

func refuse(c code, cause error) *refusal { return &refusal{code: c, cause: cause} }

func (r *refusal) Error() string {
	if r.cause == nil {
		return string(r.code)
	}
	return string(r.code) + ": " + r.cause.Error()
}

// why is the refusal in a word of ours.
func (r *refusal) why() string { return cmp.Or(r.reason, string(r.code)) }

func (r *refusal) Unwrap() error { return r.cause }

// public is the refusal of a request that is answered in JSON.
func (r *refusal) public() *authflow.Error {
	if r.code == codeEmailNotVerified {
		return authflow.ErrEmailNotVerified
	}
	e := *errNotLinked
	e.Message = strings.ReplaceAll(string(r.code), "_", " ")
	return &e
}

// errNotLinked answers a sign-in by ID token that was refused; its message says why.
var errNotLinked = &authflow.Error{Status: http.StatusUnauthorized, Code: "OAUTH_LINK_ERROR", Message: "account not linked"}
