package main

import (
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// killing is a server on PostgreSQL that is killed at one point after the other
// and started again on the same data.
type killing struct {
	*testing.T
	whole    *testing.T // that the servers live as long as
	b        binaries
	gate     *gate
	key      string
	server   *authServer
	at       authClient
	onlooker *honest // whose tokens were all answered before a server died
}

// How the statements begin that a session lives by.
const (
	rotation    = "UPDATE session SET prev_hash = cur_hash"
	update      = "UPDATE session SET"
	create      = "INSERT INTO session"
	newPassword = "UPDATE users SET password_hash"
)

// testKilled kills the server before, in and after each transaction that a
// session lives by: nobody honest is logged out, no reuse is let through, and
// nothing that was answered is lost.
//
// checklist: R1 R2 R3
func testKilled(t *testing.T, b binaries) {
	k := &killing{T: t, whole: t, b: b, gate: newGate(t, testkit.Postgres(t)), key: keyFile(t)}
	k.restart()
	b.addTo(t, k.gate.url, "ada")
	b.addTo(t, k.gate.url, "bob")
	k.onlooker = logIn(t, k.at, true)
	before := func(statement string) checkpoint { return checkpoint{statement: statement} }
	inside := func(statement string) checkpoint { return checkpoint{statement: "COMMIT", within: statement} }
	after := func(point checkpoint) checkpoint { point.done = true; return point }
	for _, c := range []struct {
		name  string
		point checkpoint
		play  func(*killing, fatal)
	}{
		{"a refresh, before its statement", before(rotation), (*killing).refresh},
		{"a refresh, after its commit", after(before(rotation)), (*killing).refresh},
		{"a replay, before its transaction", before("BEGIN"), (*killing).replay},
		{"a replay, before its commit", inside(update), (*killing).replay},
		{"a replay, after its commit", after(inside(update)), (*killing).replay},
		{"a reuse, before its transaction", before("BEGIN"), (*killing).reuse},
		{"a reuse, before its commit", inside(update), (*killing).reuse},
		{"a reuse, after its commit", after(inside(update)), (*killing).reuse},
		{"a login, before its commit", inside(create), (*killing).login},
		{"a login, after its commit", after(inside(create)), (*killing).login},
		{"a new proof, before its commit", inside(create), (*killing).reauthenticate},
		{"a new proof, after its commit", after(inside(create)), (*killing).reauthenticate},
		{"a logout, before its commit", inside(update), (*killing).logout},
		{"a logout, after its commit", after(inside(update)), (*killing).logout},
		{"a logout everywhere, before its commit", inside(update), (*killing).revokeAll},
		{"a logout everywhere, after its commit", after(inside(update)), (*killing).revokeAll},
		{"a new password, before its commit", inside(newPassword), (*killing).changePassword},
		{"a new password, after its commit", after(inside(newPassword)), (*killing).changePassword},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.T, k.onlooker.t = t, t
			k.onlooker.mustRefresh(k.at)
			c.play(k, fatal{c.point.done, func(call func() error) { k.kill(c.point, call) }})
			k.onlooker.mustRefresh(k.at)
		})
	}
}

// fatal is how the server dies in a call: with its change made, or not.
type fatal struct {
	done bool
	call func(call func() error)
}

// restart starts a server, in the place of one that is dead.
func (k *killing) restart() {
	k.Helper()
	k.server = k.b.servePostgres(k.whole, k.gate.url, k.key)
	k.at = k.server.client()
}

// kill kills the server in a call, and starts another.
func (k *killing) kill(point checkpoint, call func() error) {
	k.Helper()
	reached := k.gate.set(point)
	ended := make(chan error, 1)
	go func() { ended <- call() }()
	select {
	case <-reached:
	case err := <-ended:
		k.Fatalf("it was not stopped at %q: %v", point.statement, err)
	}
	if err := k.server.cmd.Process.Kill(); err != nil {
		k.Fatal(err)
	}
	k.server.wait()
	if err := <-ended; !isUnavailable(err) {
		k.Errorf("the call that the server died in: %v", err)
	}
	k.restart()
}

func (k *killing) refresh(death fatal) {
	k.Helper()
	h := logIn(k.T, k.at, true)
	h.mustRefresh(k.at)
	death.call(func() error { return h.refresh(k.at) })
	h.mustRefresh(k.at)
	h.mustRefresh(k.at)
	if got := generation(k.T, h.newest()); got != 4 {
		k.Errorf("three refreshes are generation %d", got)
	}
	_, err := present(k.T, k.at, h.past[1], "another client's key")
	wantReason(k.T, "an old token", err, isReused)
	wantReason(k.T, "the newest after that", h.refresh(k.at), isRevoked)
}

func (k *killing) replay(death fatal) {
	k.Helper()
	h := logIn(k.T, k.at, false)
	first := h.newest()
	h.mustRefresh(k.at)
	again := func() error {
		tokens, err := present(k.T, k.at, first, "")
		if err == nil && tokens.GetRefreshToken() != h.newest() {
			k.Error("a replay gets another successor")
		}
		return err
	}
	death.call(again)
	if err := again(); err != nil {
		k.Errorf("a replay after the restart: %v", err)
	}
	h.mustRefresh(k.at)
}

func (k *killing) reuse(death fatal) {
	k.Helper()
	h := logIn(k.T, k.at, true)
	h.mustRefresh(k.at)
	h.mustRefresh(k.at)
	thief := func() error { _, err := present(k.T, k.at, h.past[0], "a thief's own key"); return err }
	death.call(thief)
	found := isReused
	if death.done {
		found = isRevoked
	}
	wantReason(k.T, "the thief, once more", thief(), found)
	wantReason(k.T, "the owner after the thief", h.refresh(k.at), isRevoked)
}

func (k *killing) login(death fatal) {
	k.Helper()
	h := &honest{t: k.T, keyed: true, name: "ada", password: goodPassword}
	death.call(func() error { return h.logIn(k.at) })
	if err := h.logIn(k.at); err != nil {
		k.Fatal(err)
	}
	h.mustRefresh(k.at)
}

func (k *killing) logout(death fatal) {
	k.Helper()
	h := logIn(k.T, k.at, true)
	death.call(func() error { return h.logOut(k.at) })
	if !death.done {
		h.mustRefresh(k.at)
	} else {
		wantReason(k.T, "Refresh after a logout that nobody was told of", h.refresh(k.at), isRevoked)
	}
	if err := h.logOut(k.at); err != nil {
		k.Errorf("logging out once more: %v", err)
	}
	wantReason(k.T, "Refresh after the logout", h.refresh(k.at), isRevoked)
}

// reauthenticate: the session is replaced or it stands.
func (k *killing) reauthenticate(death fatal) {
	k.Helper()
	h := logIn(k.T, k.at, true)
	h.mustRefresh(k.at)
	death.call(func() error {
		_, err := k.at.Reauthenticate(h.context(), &grpcauthv1.ReauthenticateRequest{Password: goodPassword})
		return err
	})
	if !death.done {
		h.mustRefresh(k.at)
		return
	}
	wantReason(k.T, "Refresh of a session that was replaced", h.refresh(k.at), isRevoked)
}

// revokeAll: all of a user's sessions end or none.
func (k *killing) revokeAll(death fatal) {
	k.Helper()
	one, two := logInAs(k.T, k.at, true, "bob", goodPassword), logInAs(k.T, k.at, true, "bob", goodPassword)
	all := func() error {
		_, err := k.at.RevokeAllSessions(one.context(), &grpcauthv1.RevokeAllSessionsRequest{})
		return err
	}
	death.call(all)
	if !death.done {
		two.mustRefresh(k.at)
		if err := all(); err != nil {
			k.Errorf("once more: %v", err)
		}
	}
	wantReason(k.T, "Refresh after a logout everywhere", one.refresh(k.at), isRevoked)
	wantReason(k.T, "Refresh elsewhere after that", two.refresh(k.at), isRevoked)
}

// changePassword: the password is new and every session has ended, or neither.
func (k *killing) changePassword(death fatal) {
	k.Helper()
	const changed = "another good password"
	h := logInAs(k.T, k.at, true, "bob", goodPassword)
	death.call(func() error {
		_, err := k.at.ChangePassword(h.context(), &grpcauthv1.ChangePasswordRequest{OldPassword: goodPassword, NewPassword: changed})
		return err
	})
	if !death.done {
		h.mustRefresh(k.at)
		return
	}
	wantReason(k.T, "Refresh after a new password", h.refresh(k.at), isRevoked)
	wantReason(k.T, "the old password", h.logIn(k.at), grpcauthv1.Reason_REASON_INVALID_CREDENTIALS)
	logInAs(k.T, k.at, true, "bob", changed)
}
