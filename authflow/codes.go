package authflow

import (
	"fmt"
	"net/http"
)

// The errors of better-auth's core, with the codes and words its clients know. One list, so that a code is spelled once.
var (
	ErrUnauthorized        = &Error{Status: http.StatusUnauthorized, Code: "UNAUTHORIZED", Message: "Unauthorized"}
	ErrSessionNotFresh     = &Error{Status: http.StatusForbidden, Code: "SESSION_NOT_FRESH", Message: "Session is not fresh"}
	ErrFailedToGetSession  = &Error{Status: http.StatusUnauthorized, Code: "FAILED_TO_GET_SESSION", Message: "Failed to get session"}
	ErrSessionExpired      = &Error{Status: http.StatusBadRequest, Code: "SESSION_EXPIRED", Message: "Session expired. Re-authenticate to perform this action."}
	ErrDeferSessionRefresh = &Error{Status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED", Message: "POST method requires deferSessionRefresh to be enabled in session config"}

	ErrInvalidEmail           = &Error{Status: http.StatusBadRequest, Code: "INVALID_EMAIL", Message: "Invalid email"}
	ErrInvalidPassword        = &Error{Status: http.StatusBadRequest, Code: "INVALID_PASSWORD", Message: "Invalid password"}
	ErrPasswordTooShort       = &Error{Status: http.StatusBadRequest, Code: "PASSWORD_TOO_SHORT", Message: "Password too short"}
	ErrPasswordTooLong        = &Error{Status: http.StatusBadRequest, Code: "PASSWORD_TOO_LONG", Message: "Password too long"}
	ErrPasswordCompromised    = &Error{Status: http.StatusBadRequest, Code: "PASSWORD_COMPROMISED", Message: "The password you entered has been compromised. Please choose a different password."}
	ErrInvalidEmailOrPassword = &Error{Status: http.StatusUnauthorized, Code: "INVALID_EMAIL_OR_PASSWORD", Message: "Invalid email or password"}
	ErrBanned                 = &Error{Status: http.StatusForbidden, Code: "BANNED_USER", Message: "You have been banned from this application. Please contact support if you believe this is an error."}
	ErrEmailNotVerified       = &Error{Status: http.StatusForbidden, Code: "EMAIL_NOT_VERIFIED", Message: "Email not verified"}
	ErrSignUpDisabled         = &Error{Status: http.StatusBadRequest, Code: "EMAIL_PASSWORD_SIGN_UP_DISABLED", Message: "Email and password sign up is not enabled"}
	ErrSignInDisabled         = &Error{Status: http.StatusBadRequest, Code: "EMAIL_PASSWORD_DISABLED", Message: "Email and password is not enabled"}
	ErrUserExists             = &Error{Status: http.StatusUnprocessableEntity, Code: "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", Message: "User already exists. Use another email."}
	ErrFailedToUpdateUser     = &Error{Status: http.StatusUnprocessableEntity, Code: "FAILED_TO_UPDATE_USER", Message: "Failed to update user"}
	ErrFailedToCreateUser     = &Error{Status: http.StatusUnprocessableEntity, Code: "FAILED_TO_CREATE_USER", Message: "Failed to create user"}
	ErrCredentialNotFound     = &Error{Status: http.StatusBadRequest, Code: "CREDENTIAL_ACCOUNT_NOT_FOUND", Message: "Credential account not found"}

	ErrTokenExpired         = &Error{Status: http.StatusUnauthorized, Code: "TOKEN_EXPIRED", Message: "Token expired"}
	ErrUserNotFound         = &Error{Status: http.StatusUnauthorized, Code: "USER_NOT_FOUND", Message: "User not found"}
	ErrInvalidUser          = &Error{Status: http.StatusUnauthorized, Code: "INVALID_USER", Message: "Invalid user"}
	ErrEmailMismatch        = &Error{Status: http.StatusBadRequest, Code: "EMAIL_MISMATCH", Message: "Email mismatch"}
	ErrEmailAlreadyVerified = &Error{Status: http.StatusBadRequest, Code: "EMAIL_ALREADY_VERIFIED", Message: "Email is already verified"}
	ErrFailedToGetUserInfo  = &Error{Status: http.StatusNotFound, Code: "FAILED_TO_GET_USER_INFO", Message: "Failed to get user info"}

	ErrEmailCannotBeUpdated = &Error{Status: http.StatusBadRequest, Code: "EMAIL_CAN_NOT_BE_UPDATED", Message: "Email can not be updated"}
	ErrNoFieldsToUpdate     = &Error{Status: http.StatusBadRequest, Message: "No fields to update"}
	ErrEmailIsTheSame       = &Error{Status: http.StatusBadRequest, Message: "Email is the same"}
	ErrChangeEmailDisabled  = &Error{Status: http.StatusBadRequest, Code: "CHANGE_EMAIL_DISABLED", Message: "Change email is disabled"}

	ErrProviderNotFound      = &Error{Status: http.StatusNotFound, Code: "PROVIDER_NOT_FOUND", Message: "Provider not found"}
	ErrIDTokenNotSupported   = &Error{Status: http.StatusNotFound, Code: "ID_TOKEN_NOT_SUPPORTED", Message: "id_token not supported"}
	ErrUserEmailNotFound     = &Error{Status: http.StatusUnauthorized, Code: "USER_EMAIL_NOT_FOUND", Message: "User email not found"}
	ErrNoUserInfo            = &Error{Status: http.StatusUnauthorized, Code: "FAILED_TO_GET_USER_INFO", Message: "Failed to get user info"}
	ErrSocialAccountLinked   = &Error{Status: http.StatusConflict, Code: "SOCIAL_ACCOUNT_ALREADY_LINKED", Message: "Social account already linked"}
	ErrLinkingNotAllowed     = &Error{Status: http.StatusUnauthorized, Code: "LINKING_NOT_ALLOWED", Message: "Account not linked - linking not allowed"}
	ErrLinkingOtherEmail     = &Error{Status: http.StatusUnauthorized, Code: "LINKING_DIFFERENT_EMAILS_NOT_ALLOWED", Message: "Account not linked - different emails not allowed"}
	ErrLinkingFailed         = &Error{Status: http.StatusExpectationFailed, Code: "LINKING_FAILED", Message: "Account not linked - unable to create account"}
	ErrUnlinkLastAccount     = &Error{Status: http.StatusBadRequest, Code: "FAILED_TO_UNLINK_LAST_ACCOUNT", Message: "You can't unlink your last account"}
	ErrAccountNotFound       = &Error{Status: http.StatusBadRequest, Code: "ACCOUNT_NOT_FOUND", Message: "Account not found"}
	ErrProviderNotConfigured = &Error{Status: http.StatusBadRequest, Code: "PROVIDER_NOT_CONFIGURED", Message: "Account is not associated with a configured social provider."}
	ErrNoAccessToken         = &Error{Status: http.StatusBadRequest, Code: "FAILED_TO_GET_ACCESS_TOKEN", Message: "Failed to get a valid access token"}
	ErrAccessTokenNotFound   = &Error{Status: http.StatusBadRequest, Code: "ACCESS_TOKEN_NOT_FOUND", Message: "Access token not found"}
	ErrRefreshTokenNotFound  = &Error{Status: http.StatusBadRequest, Code: "REFRESH_TOKEN_NOT_FOUND", Message: "Refresh token not found"}
	ErrRefreshFailed         = &Error{Status: http.StatusBadRequest, Code: "FAILED_TO_REFRESH_ACCESS_TOKEN", Message: "Failed to refresh access token"}

	// ErrInvalidLogoutToken answers a provider's server, not a client (OpenID Connect Back-Channel Logout 1.0 §2.8).
	ErrInvalidLogoutToken = &Error{Status: http.StatusBadRequest, Code: "INVALID_LOGOUT_TOKEN", Message: "The logout token is not one of this provider's that ends a session here."}
	// ErrProviderUnavailable is ours: better-auth discovers a provider's endpoints at start, and has no such provider when that failed.
	ErrProviderUnavailable = &Error{Status: http.StatusServiceUnavailable, Code: "PROVIDER_UNAVAILABLE", Message: "The identity provider cannot be reached. Please try again."}

	errMissingOrNullOrigin = &Error{Status: http.StatusForbidden, Code: "MISSING_OR_NULL_ORIGIN", Message: "Missing or null Origin"}
	errInvalidOrigin       = &Error{Status: http.StatusForbidden, Code: "INVALID_ORIGIN", Message: "Invalid origin"}
	errCrossSiteNavigation = &Error{Status: http.StatusForbidden, Code: "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED", Message: "Cross-site navigation login blocked. This request appears to be a CSRF attack."}

	errUnreadableBody = &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "Request body could not be read"}
	errInvalidJSON    = &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "Invalid JSON in request body"}
	errInvalidForm    = &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "Invalid form in request body"}
	errBodyTooLarge   = &Error{Status: http.StatusRequestEntityTooLarge, Code: "PAYLOAD_TOO_LARGE", Message: fmt.Sprintf("Request body is larger than %d bytes", maxBodyBytes)}

	// ErrTooManySignIns answers a request for which hashing has no room or takes too long.
	ErrTooManySignIns = &Error{Status: http.StatusServiceUnavailable, Code: "TOO_MANY_SIGN_INS", Message: "Too many sign-ins at the moment. Please try again.", RetryAfter: 5}

	// ErrNotFound is better-auth's answer to a route that is not there, or is switched off: no body.
	ErrNotFound = &Error{Status: http.StatusNotFound}
	errInternal = &Error{Status: http.StatusInternalServerError, Code: "INTERNAL_SERVER_ERROR", Message: "Internal server error"}

	// errTooManyRequests has no code in better-auth either. RetryAfter is filled in.
	errTooManyRequests = &Error{Status: http.StatusTooManyRequests, Message: "Too many requests. Please try again later."}

	// ErrUnavailable is answered when the database cannot be asked: never 401, which would sign the user out of the page.
	ErrUnavailable = &Error{Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE", Message: "Service is temporarily unavailable. Please try again.", RetryAfter: 1}
)

// errFieldNotAllowed is about an additional field, and names it in better-auth's words.
func errFieldNotAllowed(name string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "FIELD_NOT_ALLOWED", Message: name + " is not allowed to be set"}
}

// ErrMissingField is better-auth's answer where an additional field needs a value and has none.
func ErrMissingField(name string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "MISSING_FIELD", Message: name + " is required"}
}

// ErrInvalidToken is better-auth's INVALID_TOKEN, whose status depends on where the token was shown.
func ErrInvalidToken(status int) *Error {
	return &Error{Status: status, Code: "INVALID_TOKEN", Message: "Invalid token"}
}

// invalidInput is better-auth's VALIDATION_ERROR, which tells what is wrong in zod's words.
func invalidInput(message string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "VALIDATION_ERROR", Message: message}
}

func unsupportedMediaType(message string) *Error {
	return &Error{Status: http.StatusUnsupportedMediaType, Code: "UNSUPPORTED_MEDIA_TYPE", Message: message}
}

// notText answers a redirect target that is no text at all.
func notText(label string) *Error {
	return &Error{Status: http.StatusBadRequest, Message: "Invalid " + label + ": expected a string"}
}

// ErrProviderNotSupported is the answer for an account that no configured provider stands behind, such as one with a password.
func ErrProviderNotSupported(provider string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "PROVIDER_NOT_SUPPORTED", Message: "Provider " + provider + " is not supported."}
}

// redirectErrors are the answers to a redirect target that is not trusted, by the field that named it.
var redirectErrors = map[string]*Error{
	"callbackURL":        {Status: http.StatusForbidden, Code: "INVALID_CALLBACK_URL", Message: "Invalid callbackURL"},
	"redirectURL":        {Status: http.StatusForbidden, Code: "INVALID_REDIRECT_URL", Message: "Invalid redirectURL"},
	"errorCallbackURL":   {Status: http.StatusForbidden, Code: "INVALID_ERROR_CALLBACK_URL", Message: "Invalid errorCallbackURL"},
	"newUserCallbackURL": {Status: http.StatusForbidden, Code: "INVALID_NEW_USER_CALLBACK_URL", Message: "Invalid newUserCallbackURL"},
}
