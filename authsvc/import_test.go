package authsvc_test

import (
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// checklist: P1
func TestImportedHashesAreReplacedAtTheFirstLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtIn)
	for name, hash := range map[string]string{
		"bcrypt":  `$2a$10$N9qo8uLOickgx2ZMRZoMye7hLCKuEIm4BcKHuoCJsBy/5Q0NErxWS`,
		"passlib": `$pbkdf2$131$.yBFao.02f4jSG2St9wBJg$A6pRTzhK.cYPtnjOqIkAl1HyiH0`,
		"django":  `pbkdf2_sha256$29$aB3dE5gH7jK9$MMlpwy+oZcyUjXSC5V0d7jrwiaTq7d4+UPMPmSrMh4k=`,
	} {
		w.addAda(func(u *store.User) { u.Subject, u.Username, u.PasswordHash = "u-"+name, name, hash })
		_, err := w.login(&grpcauthv1.LoginRequest{Username: name, Password: "wrong horse"})
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
		for range 2 {
			w.must(w.login(&grpcauthv1.LoginRequest{Username: name, Password: "correct horse"}))
		}
		user, err := w.store.UserBySubject(t.Context(), "u-"+name)
		if err != nil || !strings.HasPrefix(user.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("%s: the hash was not replaced (%v)", name, err)
		}
	}
}
