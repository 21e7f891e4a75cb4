package store

// Kinds are those of the entries that the AuthService and the commands of
// grpcauth write, by name. What else adds to the record may have its own. The
// slice is the caller's.
func Kinds() []string {
	return []string{
		"client_added",
		"client_changed",
		"client_disabled",
		"client_enabled",
		"client_failed",
		"client_keys_replaced",
		"client_secret_added",
		"client_secret_removed",
		"login",
		"login_failed",
		"password_change_failed",
		"password_changed",
		"reauthenticated",
		"reauthentication_failed",
		"recovered",
		"refresh_replayed",
		"refresh_reused",
		"session_revoked",
		"sessions_revoked",
		"token_revoked",
		"user_added",
		"user_disabled",
		"user_enabled",
	}
}
