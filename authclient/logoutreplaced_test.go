package authclient_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/grpcauth/grpcauth/authclient"
)

// logoutMeanwhile is a session whose Reauthenticate waits, when the server has
// replaced the session, for the Logout to come to a step; and that waits
// there, if it is at the server, for the Reauthenticate to be over.
type logoutMeanwhile struct {
	step                     string
	replaced, reached, saved chan struct{}
	once                     sync.Once
}

func (m *logoutMeanwhile) at(name string) error {
	if name == "after Reauthenticate" {
		close(m.replaced)
		<-m.reached
		return nil
	}
	select {
	case <-m.replaced:
	default:
		return nil
	}
	if name == m.step {
		m.once.Do(func() { close(m.reached) })
		if name == "after Logout" {
			<-m.saved
		}
	}
	return nil
}

// A logout ends the session that takes the place of the one it was called for.
func TestALogoutWhileTheSessionIsReplaced(t *testing.T) {
	t.Parallel()
	everyGuard(t, func(t *testing.T, i *issuer) {
		for step, want := range map[string]error{"before Lock": authclient.ErrSessionEnded, "after Logout": nil} {
			files, _ := newFileStore(t)
			m := &logoutMeanwhile{step: step, replaced: make(chan struct{}), reached: make(chan struct{}), saved: make(chan struct{})}
			w := &watched{TokenStore: files, step: m.at}
			session := login(t, w.way(i.connect(t)), authclient.WithStore(w))
			proven, out := make(chan error, 1), make(chan error, 1)
			go func() { proven <- session.Reauthenticate(t.Context(), "correct horse") }()
			<-m.replaced
			go func() { out <- session.Logout(t.Context()) }()
			if err := <-proven; !errors.Is(err, want) {
				t.Errorf("%s: Reauthenticate = %v, want %v", step, err, want)
			}
			close(m.saved)
			if err := <-out; err != nil {
				t.Errorf("%s: Logout = %v", step, err)
			}
			standing, err := i.store.SessionsOf(t.Context(), "u-1815", "", 10)
			if err != nil || len(standing) != 0 {
				t.Errorf("%s: %d sessions stand, %v", step, len(standing), err)
			}
			if saved, err := files.Load(t.Context()); err != nil || saved != (authclient.Saved{}) {
				t.Errorf("%s: the store holds %v, %v", step, saved, err)
			}
			if _, err := session.Token(t.Context()); !errors.Is(err, authclient.ErrSessionEnded) {
				t.Errorf("%s: Token = %v", step, err)
			}
		}
	})
}
