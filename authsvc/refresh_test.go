package authsvc_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// checklist: I3 R1
func TestRefreshGivesNewTokens(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		first := w.signIn()
		w.clock.advance(10 * time.Minute)
		second := w.must(w.refresh(first.GetRefreshToken()))
		if second.GetRefreshToken() == first.GetRefreshToken() || second.GetAccessToken() == first.GetAccessToken() {
			t.Error("a token came back")
		}
		if second.GetSessionId() != first.GetSessionId() {
			t.Error("the session is another")
		}
		before, after := w.claims(first), w.claims(second)
		if !after.AuthTime().Equal(before.AuthTime()) {
			t.Errorf("auth_time moved from %s to %s", before.AuthTime(), after.AuthTime())
		}
		if !after.IssuedAt().Equal(w.clock.Now()) || after.ID() == before.ID() {
			t.Error("the access token is an old one")
		}
		if !slices.Equal(after.Scopes(), before.Scopes()) || !slices.Equal(after.Roles(), before.Roles()) || !slices.Equal(after.Audience(), before.Audience()) {
			t.Error("scopes, roles or audience changed")
		}
		w.must(w.refresh(second.GetRefreshToken()))
	})
}

// checklist: R2
func TestALostAnswerIsGivenAgain(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		first := w.signIn()
		lost := w.must(w.refresh(first.GetRefreshToken()))
		for i := range 5 {
			w.clock.advance(5 * time.Second)
			again := w.must(w.refresh(first.GetRefreshToken()))
			if again.GetRefreshToken() != lost.GetRefreshToken() {
				t.Fatalf("replay %d gives another successor", i+1)
			}
			if w.claims(again).ID() == w.claims(lost).ID() {
				t.Error("a replay gives an old access token")
			}
		}
		w.must(w.refresh(lost.GetRefreshToken()))
	})
}

// checklist: R1 R2
func TestReuseEndsTheSession(t *testing.T) {
	t.Parallel()
	for name, reuse := range map[string]func(*world, *grpcauthv1.Tokens) string{
		"after the window": func(w *world, first *grpcauthv1.Tokens) string {
			w.must(w.refresh(first.GetRefreshToken()))
			w.clock.advance(31 * time.Second)
			return first.GetRefreshToken()
		},
		"after the successor was used": func(w *world, first *grpcauthv1.Tokens) string {
			second := w.must(w.refresh(first.GetRefreshToken()))
			w.must(w.refresh(second.GetRefreshToken()))
			return first.GetRefreshToken()
		},
		"for the sixth time": func(w *world, first *grpcauthv1.Tokens) string {
			for range 6 {
				w.must(w.refresh(first.GetRefreshToken()))
			}
			return first.GetRefreshToken()
		},
		"in the third generation running": func(w *world, first *grpcauthv1.Tokens) string {
			presented := first.GetRefreshToken()
			for range 2 {
				next := w.must(w.refresh(presented))
				w.must(w.refresh(presented))
				presented = next.GetRefreshToken()
			}
			w.must(w.refresh(presented))
			return presented
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyStore(t, func(t *testing.T, open opener) {
				w := newWorld(t, open.use)
				used := reuse(w, w.signIn())
				_, err := w.refresh(used)
				wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
				_, err = w.refresh(used)
				wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
				if !strings.Contains(w.log.String(), `"msg":"refresh_reused"`) {
					t.Error("the log has no event")
				}
			})
		})
	}
}

// A generation without a replay between two with one starts the count anew.
//
// checklist: R2
func TestReplaysNowAndThenAreNoReuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	presented := w.signIn().GetRefreshToken()
	for range 4 {
		next := w.must(w.refresh(presented))
		w.must(w.refresh(presented))
		presented = w.must(w.refresh(next.GetRefreshToken())).GetRefreshToken()
	}
}

// checklist: R1
func TestThiefAndOwner(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		stolen := w.signIn().GetRefreshToken()
		owner := w.must(w.refresh(stolen))
		owner = w.must(w.refresh(owner.GetRefreshToken()))

		_, err := w.refresh(stolen)
		wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
		_, err = w.refresh(owner.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
		if session := w.session(owner); session.RevokedAt.IsZero() || session.Reason == "" {
			t.Error("the session stands")
		}
	})
}

// checklist: R4
func TestSessionsExpire(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		short := func(s *setup) { s.config.RefreshTTL, s.config.SessionTTL = time.Hour, 3*time.Hour }
		idle := newWorld(t, open.use, short)
		tokens := idle.signIn()
		idle.clock.advance(time.Hour)
		_, err := idle.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")

		busy := newWorld(t, open.use, short)
		tokens = busy.signIn()
		for _, want := range []time.Duration{time.Hour, time.Hour, 45 * time.Minute} {
			busy.clock.advance(45 * time.Minute)
			tokens = busy.must(busy.refresh(tokens.GetRefreshToken()))
			if got := tokens.GetRefreshExpiresIn().AsDuration(); got != want {
				t.Errorf("the refresh token is said to live for %s, want %s", got, want)
			}
		}
		busy.clock.advance(45 * time.Minute)
		_, err = busy.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")
	})
}

// checklist: R4 I5
func TestRefreshNarrowsOneAccessToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, Scopes: []string{"notes.read", "notes.write"}}))
	_, err := w.refresh(tokens.GetRefreshToken(), "notes.read", "notes.admin")
	wantRefusal(t, err, "PermissionDenied SCOPE_NOT_GRANTED")

	narrow := w.must(w.refresh(tokens.GetRefreshToken(), "notes.read"))
	if !slices.Equal(narrow.GetScopes(), []string{"notes.read"}) || !slices.Equal(w.claims(narrow).Scopes(), []string{"notes.read"}) {
		t.Errorf("narrowed to %q", narrow.GetScopes())
	}
	wide := w.must(w.refresh(narrow.GetRefreshToken()))
	if !slices.Equal(wide.GetScopes(), []string{"notes.read", "notes.write"}) {
		t.Errorf("afterwards %q", wide.GetScopes())
	}
}

// checklist: R4 R6
func TestRefreshAsksWhoTheUserIsNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, Scopes: []string{"notes.read"}}))
	w.people.change(func(p *person) {
		p.Scopes, p.Roles, p.Claims = []string{"notes.read", "notes.write"}, []string{"editor"}, map[string]any{"tier": "tin"}
	})
	tokens = w.must(w.refresh(tokens.GetRefreshToken()))
	claims := w.claims(tokens)
	if !slices.Equal(claims.Scopes(), []string{"notes.read"}) {
		t.Errorf("scopes widened to %q", claims.Scopes())
	}
	if tier, _ := claims.Claim("tier").Text(); tier != "tin" || !slices.Equal(claims.Roles(), []string{"editor"}) {
		t.Errorf("tier %q, roles %q", tier, claims.Roles())
	}
	w.people.change(func(p *person) { p.Scopes, p.Roles = nil, nil })
	tokens = w.must(w.refresh(tokens.GetRefreshToken()))
	if claims := w.claims(tokens); len(claims.Scopes()) != 0 || len(claims.Roles()) != 0 {
		t.Errorf("scopes %q, roles %q", claims.Scopes(), claims.Roles())
	}
}

// checklist: R6
func TestRefreshOfAUserWhoIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	w.people.remove("ada")
	for range 2 {
		_, err := w.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
	}
	if session := w.session(tokens); session.RevokedAt.IsZero() {
		t.Error("the session stands")
	}
}

// checklist: R6
func TestRefreshAfterADisable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	if err := w.store.RaiseSubject(t.Context(), adaSubject, "disabled"); err != nil {
		t.Fatal(err)
	}
	_, err := w.refresh(tokens.GetRefreshToken())
	wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
}

func TestAnOutageOfTheUsersRotatesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	was := w.session(tokens)
	w.people.fail(errors.New("down"))
	for range 10 {
		_, err := w.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unavailable USER_UNAVAILABLE")
	}
	if is := w.session(tokens); is.Gen != was.Gen || !bytes.Equal(is.CurHash, was.CurHash) {
		t.Error("the session was rotated")
	}
	w.people.fail(nil)
	w.must(w.refresh(tokens.GetRefreshToken()))
}

// Reuse is found out even while nobody can say who the user is.
//
// checklist: R1
func TestReuseDuringAnOutageOfTheUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.signIn()
	second := w.must(w.refresh(first.GetRefreshToken()))
	w.must(w.refresh(second.GetRefreshToken()))
	w.people.fail(errors.New("down"))
	_, err := w.refresh(first.GetRefreshToken())
	wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
}

// checklist: R4
func TestRefreshTokenOfAnotherClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		s.config.Clients = []authsvc.Client{{ID: "web", AllScopes: true}, {ID: "phone", AllScopes: true}}
	})
	tokens := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "web"}))
	for client, want := range map[string]string{
		"phone": "Unauthenticated REFRESH_INVALID", "": "Unauthenticated INVALID_CLIENT", "other": "Unauthenticated INVALID_CLIENT",
	} {
		_, err := w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), ClientId: client})
		wantRefusal(t, err, want)
	}
	_, err := w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), ClientId: "web"})
	wantRefusal(t, err, "OK")
}

func TestRefreshRequestFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.refresh("")
	wantRefusal(t, err, "InvalidArgument INVALID_REQUEST")
	_, err = w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{
		RefreshToken: strings.Repeat("r", 513), ClientId: strings.Repeat("c", 129),
		Scopes: []string{"a b"}, IdempotencyKey: strings.Repeat("i", 129),
	})
	wantRefusal(t, err, "InvalidArgument INVALID_REQUEST")
	if got := fieldsAtFault(err); !slices.Equal(got, []string{"refresh_token", "client_id", "scopes[0]", "idempotency_key"}) {
		t.Errorf("fields at fault %q", got)
	}
}

// A closed store shows whether it was asked.
func TestJunkNeverReachesTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	genuine := tokens.GetRefreshToken()
	for _, junk := range []string{"junk", tokens.GetAccessToken()[:400], genuine + "A", otherEnd(genuine), "grt_" + rand.Text()} {
		_, err := w.refresh(junk)
		wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")
	}
	_, err := w.refresh(genuine)
	wantRefusal(t, err, "Unavailable STORE_UNAVAILABLE")
}

// otherEnd is the text with another last character.
func otherEnd(text string) string {
	last := "A"
	if strings.HasSuffix(text, last) {
		last = "B"
	}
	return text[:len(text)-1] + last
}

func TestForgedTokensRaiseAnAlarm(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		for _, ahead := range []int64{-1, 0, 1, 1000} {
			w := newWorld(t, open.use)
			first := w.signIn()
			second := w.must(w.refresh(first.GetRefreshToken()))
			_, err := w.refresh(w.service.ForgeRefreshToken(second.GetRefreshToken(), ahead))
			wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")
			if !strings.Contains(w.log.String(), `"level":"ERROR","msg":"refresh_forged"`) {
				t.Error("no alarm")
			}
			w.must(w.refresh(second.GetRefreshToken()))
		}
	})
}

func Test28RefreshTokenAsBearer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	if _, err := w.verifier.Verify(t.Context(), tokens.GetRefreshToken()); !errors.Is(err, token.ErrMalformed) {
		t.Errorf("the verifier says %v", err)
	}
	_, err := w.GetUserInfo(w.as(&grpcauthv1.Tokens{AccessToken: tokens.GetRefreshToken()}), &grpcauthv1.GetUserInfoRequest{})
	wantRefusal(t, err, "Unauthenticated TOKEN_MALFORMED")
	_, err = w.refresh(tokens.GetAccessToken())
	wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")
}

// What the store holds of a session gives nobody a token.
//
// checklist: R5
func TestTheStoreHoldsNoToken(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		first := w.signIn()
		second := w.must(w.refresh(first.GetRefreshToken()))
		session := w.session(second)
		for _, tokens := range []*grpcauthv1.Tokens{first, second} {
			raw := decoded(t, tokens.GetRefreshToken())
			secret := raw[29:61]
			for what, column := range map[string][]byte{"cur_hash": session.CurHash, "prev_hash": session.PrevHash, "sealed": session.Sealed} {
				if bytes.Contains(column, secret) || bytes.Contains(column, []byte(tokens.GetRefreshToken())) {
					t.Errorf("%s holds a secret", what)
				}
			}
		}
		if len(session.CurHash) != 32 || len(session.PrevHash) != 32 {
			t.Errorf("hashes of %d and %d bytes", len(session.CurHash), len(session.PrevHash))
		}
	})
}
