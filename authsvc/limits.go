package authsvc

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/grpcauth/grpcauth/authsvc/password"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// What a request may hold, in bytes unless it says otherwise.
const (
	maxUsername     = 256
	maxPassword     = 1024
	maxClientID     = 128
	maxLabel        = 128
	maxRefreshToken = 512
	minIdempotency  = 16
	maxIdempotency  = 128
	maxScope        = 128
	maxAudience     = 256
	maxEntries      = 64 // of a list
	maxChallenge    = 8192
	maxResponse     = 1024
	maxSessionID    = 64
	maxPageToken    = 256
	maxPage         = 100
	defaultPage     = 50
)

// violations gathers every field at fault, so that a client hears of all of
// them at once.
type violations []fault.Detail

func checkLogin(r *grpcauthv1.LoginRequest) error {
	var v violations
	if answer := r.GetChallengeAnswer(); answer != nil {
		v.empty("username", r.GetUsername())
		v.answer(answer, r.GetPassword())
	} else {
		v.required("username", r.GetUsername(), maxUsername)
		v.plain("username", r.GetUsername())
		v.required("password", r.GetPassword(), maxPassword)
	}
	v.atMost("client_id", r.GetClientId(), maxClientID)
	v.scopes("scopes", r.GetScopes())
	v.list("audiences", r.GetAudiences(), maxAudience)
	v.atMost("label", r.GetLabel(), maxLabel)
	v.plain("label", r.GetLabel())
	return v.err()
}

func checkReauthenticate(r *grpcauthv1.ReauthenticateRequest) error {
	var v violations
	if answer := r.GetChallengeAnswer(); answer != nil {
		v.answer(answer, r.GetPassword())
	} else {
		v.required("password", r.GetPassword(), maxPassword)
	}
	return v.err()
}

func checkChangePassword(r *grpcauthv1.ChangePasswordRequest) error {
	var v violations
	v.required("old_password", r.GetOldPassword(), maxPassword)
	if err := password.Check(r.GetNewPassword()); err != nil {
		v.add("new_password", "%s", strings.TrimPrefix(err.Error(), "password: "))
	}
	return v.err()
}

// answer stands in place of a name and a password.
func (v *violations) answer(a *grpcauthv1.ChallengeAnswer, password string) {
	v.empty("password", password)
	v.required("challenge_answer.token", a.GetToken(), maxChallenge)
	v.required("challenge_answer.response", a.GetResponse(), maxResponse)
}

func checkRefresh(r *grpcauthv1.RefreshRequest) error {
	var v violations
	v.required("refresh_token", r.GetRefreshToken(), maxRefreshToken)
	v.atMost("client_id", r.GetClientId(), maxClientID)
	v.scopes("scopes", r.GetScopes())
	v.atMost("idempotency_key", r.GetIdempotencyKey(), maxIdempotency)
	if key := r.GetIdempotencyKey(); key != "" && len(key) < minIdempotency {
		v.add("idempotency_key", "must have at least %d bytes, has %d: make it of 128 random bits", minIdempotency, len(key))
	}
	return v.err()
}

func checkListSessions(r *grpcauthv1.ListSessionsRequest) error {
	var v violations
	if size := r.GetPageSize(); size < 0 || size > maxPage {
		v.add("page_size", "must be 1 to %d, or 0 for %d, is %d", maxPage, defaultPage, size)
	}
	v.atMost("page_token", r.GetPageToken(), maxPageToken)
	return v.err()
}

func checkRevokeSession(r *grpcauthv1.RevokeSessionRequest) error {
	var v violations
	v.required("session_id", r.GetSessionId(), maxSessionID)
	v.plain("session_id", r.GetSessionId())
	return v.err()
}

func (v *violations) add(field, format string, args ...any) {
	*v = append(*v, fault.Field(field, fmt.Sprintf(format, args...)))
}

func (v *violations) required(field, value string, limit int) {
	if value == "" {
		v.add(field, "must not be empty")
	}
	v.atMost(field, value, limit)
}

func (v *violations) empty(field, value string) {
	if value != "" {
		v.add(field, "must be empty where a challenge is answered")
	}
}

func (v *violations) atMost(field, value string, limit int) {
	if len(value) > limit {
		v.add(field, "must have at most %d bytes, has %d", limit, len(value))
	}
}

// plain keeps out what plays with the terminal that shows it one day, and NUL,
// which not every database takes.
func (v *violations) plain(field, value string) {
	if strings.ContainsFunc(value, unicode.IsControl) {
		v.add(field, "must hold no control characters")
	}
}

// list reports the first entry at fault: one of them is enough to know.
func (v *violations) list(field string, values []string, limit int) bool {
	if len(values) > maxEntries {
		v.add(field, "must have at most %d entries, has %d", maxEntries, len(values))
		return false
	}
	for i, value := range values {
		if value == "" || len(value) > limit {
			v.add(fmt.Sprintf("%s[%d]", field, i), "must have 1 to %d bytes, has %d", limit, len(value))
			return false
		}
	}
	return true
}

func (v *violations) scopes(field string, values []string) {
	if !v.list(field, values, maxScope) {
		return
	}
	for i, value := range values {
		if !token.IsScope(value) {
			v.add(fmt.Sprintf("%s[%d]", field, i), "must be printable ASCII without spaces, quotes and backslashes")
			return
		}
	}
}

func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	return fault.Because(grpcauthv1.Reason_REASON_INVALID_REQUEST, nil, v...)
}
