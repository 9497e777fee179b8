package authflow

// EventNames are all there are, in the order of the catalogue.
func EventNames() []EventName {
	return []EventName{
		EventSignUp,
		EventSignIn,
		EventSignInFailed,
		EventAccountLimited,
		EventNewDevice,
		EventDisavowed,
		EventSignOut,
		EventVerificationSent,
		EventEmailVerified,
		EventPasswordResetRequested,
		EventPasswordReset,
		EventPasswordChanged,
		EventPasswordVerified,
		EventSessionRevoked,
		EventSessionsRevoked,
		EventUserUpdated,
		EventEmailChangeRequested,
		EventEmailChanged,
		EventUserDeletionRequested,
		EventUserDeleted,
		EventAccountLinked,
		EventAccountUnlinked,
		EventUserCreated,
		EventRoleChanged,
		EventUserBanned,
		EventUserUnbanned,
		EventPasswordSet,
		EventImpersonationStarted,
		EventImpersonationStopped,
		EventAdminRefused,
	}
}
