package authsvc_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// lines is what the log has of an event.
func (l *logbook) lines(t *testing.T, event string) []map[string]string {
	t.Helper()
	var found []map[string]string
	for text := range strings.Lines(l.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if line["msg"] != event {
			continue
		}
		attrs := map[string]string{}
		for key, value := range line {
			if text, ok := value.(string); ok && key != "msg" && key != "time" {
				attrs[key] = text
			}
		}
		found = append(found, attrs)
	}
	return found
}

// line is how an entry is logged.
func line(level string, e store.Entry) map[string]string {
	attrs := map[string]string{
		"level": level, "actor": e.Actor, "subject": e.Subject, "session": e.SessionID, "client": e.ClientID,
		"address": e.Address, "other_address": e.OtherAddress, "reason": e.Reason,
	}
	maps.DeleteFunc(attrs, func(_, value string) bool { return value == "" })
	return attrs
}

// Each entry of the audit record is in the log, whole and once.
func TestTheLogHasTheAuditRecord(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, fromProxies, builtIn)
		w.addAda(nil)
		first := w.signIn()
		_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: "wrong password"})
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
		owner := w.must(w.reauthenticate(first, adaPassword))
		stolen := owner.GetRefreshToken()
		for range 2 { // the second time by replay
			w.must(w.keyed(w.at(ownersAddress), stolen, aKey))
		}
		_, err = w.keyed(w.at(anotherAddress), stolen, anotherKey)
		wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
		second := w.must(w.changePassword(w.signIn(), adaPassword, newPassword))
		if _, err := w.Logout(w.as(second), &grpcauthv1.LogoutRequest{}); err != nil {
			t.Fatal(err)
		}
		third := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: newPassword}))
		if _, err := w.RevokeAllSessions(w.as(third), &grpcauthv1.RevokeAllSessionsRequest{}); err != nil {
			t.Fatal(err)
		}
		times := map[string]int{"login": 4} // one of them after the change of the password
		for kind, level := range map[string]string{
			"login": "INFO", "login_failed": "INFO", "reauthenticated": "INFO", "refresh_replayed": "INFO", "refresh_reused": "WARN",
			"password_changed": "INFO", "session_revoked": "INFO", "sessions_revoked": "INFO",
		} {
			var want []map[string]string
			for _, e := range w.entries(kind) {
				want = append(want, line(level, e))
			}
			if got := w.log.lines(t, kind); len(want) != max(times[kind], 1) || !slices.EqualFunc(got, want, maps.Equal) {
				t.Errorf("%s: the log has %q, the record %q", kind, got, want)
			}
		}
		if reused := w.log.lines(t, "refresh_reused"); len(reused) != 1 || reused[0]["address"] != anotherAddress || reused[0]["other_address"] != ownersAddress {
			t.Errorf("the log has not both addresses: %q", reused)
		}
		if failed := w.log.lines(t, "login_failed"); len(failed) != 1 || failed[0]["subject"] != adaSubject {
			t.Errorf("the log has not whose password was guessed: %q", failed)
		}
	})
}

// A refusal that is not in the audit record is in the log, by its reason.
func TestARefusalThatIsNotRecordedIsLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Login(w.at(anotherAddress), &grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Unauthenticated PLAINTEXT")
	if got := w.log.lines(t, "login_failed"); len(got) != 1 || got[0]["reason"] != "PLAINTEXT" {
		t.Errorf("the log has %q", got)
	}
}

// Nobody is named as the one who ended the session of a user who is gone.
func TestTheSessionOfAUserWhoIsGoneIsEndedByNobody(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		tokens := w.signIn()
		w.people.remove("ada")
		_, err := w.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
		found := w.entries("session_revoked")
		if len(found) != 1 || found[0].Actor != "" || found[0].Subject != adaSubject || found[0].Reason != "the user is gone" {
			t.Errorf("the record has %+v", found)
		}
		if got := w.log.lines(t, "session_revoked"); len(got) != 1 || got[0]["actor"] != "" || got[0]["session"] != tokens.GetSessionId() {
			t.Errorf("the log has %q", got)
		}
	})
}
