package authsvc_test

import (
	"errors"
	"strings"
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// checklist: I4
func TestNobodyIsAskedForTheUserOfAService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.must(w.clientToken(bySecret("crawler", w.addClient())))
	w.people.fail(errors.New("asked for a user"))
	info, err := w.GetUserInfo(w.as(tokens), &grpcauthv1.GetUserInfoRequest{})
	if err != nil || info.GetSubject() != "client:crawler" || info.GetUsername() != "" {
		t.Errorf("GetUserInfo = %v, %v", info, err)
	}
}

// What is wrong with a client is told to its operator, and to nobody else.
func TestTheLogSaysWhatIsWrongWithAClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addClient()
	_, err := w.clientToken(bySecret("crawler", "gcs_not-its-own"))
	wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
	if text := w.log.String(); !strings.Contains(text, "the secret is not its own, or has expired") {
		t.Errorf("the log has no cause: %s", text)
	}
}
