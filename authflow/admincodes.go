package authflow

import "net/http"

// The errors of better-auth's admin plugin.
var (
	// ErrNobody is how the plugin says 401: without a body.
	ErrNobody = &Error{Status: http.StatusUnauthorized}

	ErrMayNotListUsers      = forbidden("LIST_USERS", "list users")
	ErrMayNotGetUser        = forbidden("GET_USER", "get user")
	ErrMayNotCreateUsers    = forbidden("CREATE_USERS", "create users")
	ErrMayNotUpdateUsers    = forbidden("UPDATE_USERS", "update users")
	ErrMayNotDeleteUsers    = forbidden("DELETE_USERS", "delete users")
	ErrMayNotBan            = forbidden("BAN_USERS", "ban users")
	ErrMayNotChangeRole     = forbidden("CHANGE_USERS_ROLE", "change users role")
	ErrMayNotSetPassword    = forbidden("SET_USERS_PASSWORD", "set users password")
	ErrMayNotSetEmail       = forbidden("SET_USERS_EMAIL", "update users email")
	ErrMayNotSetPhone       = forbidden("SET_USERS_PHONE_NUMBER", "update users phone number")
	ErrMayNotImpersonate    = forbidden("IMPERSONATE_USERS", "impersonate users")
	ErrMayNotListSessions   = forbidden("LIST_USERS_SESSIONS", "list users sessions")
	ErrMayNotRevokeSessions = forbidden("REVOKE_USERS_SESSIONS", "revoke users sessions")

	ErrNoImpersonatingAdmins = &Error{Status: http.StatusForbidden, Code: "YOU_CANNOT_IMPERSONATE_ADMINS", Message: "You cannot impersonate admins"}

	ErrNoBanningYourself   = &Error{Status: http.StatusBadRequest, Code: "YOU_CANNOT_BAN_YOURSELF", Message: "You cannot ban yourself"}
	ErrNoRemovingYourself  = &Error{Status: http.StatusBadRequest, Code: "YOU_CANNOT_REMOVE_YOURSELF", Message: "You cannot remove yourself"}
	ErrNoSuchRole          = &Error{Status: http.StatusBadRequest, Code: "YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE", Message: "You are not allowed to set a non-existent role value"}
	ErrInvalidRoleType     = &Error{Status: http.StatusBadRequest, Code: "INVALID_ROLE_TYPE", Message: "Invalid role type"}
	ErrNoDataToUpdate      = &Error{Status: http.StatusBadRequest, Code: "NO_DATA_TO_UPDATE", Message: "No data to update"}
	ErrPasswordNotData     = &Error{Status: http.StatusBadRequest, Code: "PASSWORD_CANNOT_BE_UPDATED_VIA_UPDATE_USER", Message: "Password cannot be updated through update-user. Use the set-user-password endpoint instead"}
	ErrUserIDNotData       = &Error{Status: http.StatusBadRequest, Code: "USER_ID_CANNOT_BE_UPDATED", Message: "User id cannot be updated"}
	ErrEmailTaken          = &Error{Status: http.StatusBadRequest, Code: "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", Message: "User already exists. Use another email."}
	ErrNoSuchUser          = &Error{Status: http.StatusNotFound, Code: "USER_NOT_FOUND", Message: "User not found"}
	ErrNoPermissions       = &Error{Status: http.StatusBadRequest, Message: "invalid permission check. no permission(s) were passed."}
	ErrNotImpersonating    = &Error{Status: http.StatusBadRequest, Message: "You are not impersonating anyone"}
	ErrImpersonatorGone    = &Error{Status: http.StatusInternalServerError, Message: "Failed to find user"}
	ErrNoSessionToReturnTo = &Error{Status: http.StatusInternalServerError, Message: "Failed to find admin session"}
)

func forbidden(code, what string) *Error {
	return &Error{Status: http.StatusForbidden, Code: "YOU_ARE_NOT_ALLOWED_TO_" + code, Message: "You are not allowed to " + what}
}

// ErrBannedSaying is ErrBanned in the operator's words.
func ErrBannedSaying(message string) *Error {
	said := *ErrBanned
	if message != "" {
		said.Message = message
	}
	return &said
}
