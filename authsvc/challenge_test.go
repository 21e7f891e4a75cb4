package authsvc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

const (
	rightCode  = "287082"
	askedState = "the counter of the last code: 7"
)

// twoFactors has ada prove a second factor.
func twoFactors(s *setup) {
	check := s.config.Authenticate
	load := s.config.Load
	s.config.Authenticate = func(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
		if c.Challenge == nil {
			id, err := check(ctx, c)
			if err == nil {
				err = fmt.Errorf("wrapped: %w", &authsvc.ChallengeError{Method: "totp", State: []byte(askedState)})
			}
			return id, err
		}
		if c.Password != "" || c.Username != "ada" || c.Challenge.Method != "totp" || string(c.Challenge.State) != askedState {
			return authsvc.Identity{}, errors.New("the answer is not to what was asked")
		}
		if c.Challenge.Response != rightCode {
			return authsvc.Identity{}, authsvc.ErrInvalidCredentials
		}
		return load(ctx, adaSubject)
	}
}

func loginRequest(change func(*grpcauthv1.LoginRequest)) *grpcauthv1.LoginRequest {
	req := &grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, Label: "Ada's laptop", Scopes: []string{"notes.read"}, Audiences: []string{"notes"}}
	if change != nil {
		change(req)
	}
	return req
}

// challenged is a login that is asked for more.
func (w *world) challenged() *grpcauthv1.Challenge {
	w.t.Helper()
	resp, err := w.Login(w.t.Context(), loginRequest(nil))
	if err != nil || resp.GetChallenge() == nil || resp.GetTokens() != nil {
		w.t.Fatalf("%v, %v", resp, err)
	}
	w.log.mustNotHold(resp.GetChallenge().GetToken(), askedState, rightCode)
	return resp.GetChallenge()
}

func (w *world) answer(c *grpcauthv1.Challenge, code string, change func(*grpcauthv1.LoginRequest)) (*grpcauthv1.Tokens, error) {
	req := loginRequest(func(r *grpcauthv1.LoginRequest) {
		r.Username, r.Password, r.ChallengeAnswer = "", "", &grpcauthv1.ChallengeAnswer{Token: c.GetToken(), Response: code}
	})
	if change != nil {
		change(req)
	}
	return w.login(req)
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, twoFactors)
		c := w.challenged()
		if c.GetMethod() != "totp" || c.GetExpiresIn().AsDuration() != 5*time.Minute || strings.Contains(c.GetToken(), "ada") {
			t.Errorf("%v", c)
		}
		w.clock.advance(5*time.Minute - time.Second)
		_, err := w.answer(c, "000000", nil)
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
		tokens := w.must(w.answer(c, rightCode, nil))
		if s := w.session(tokens); s.Label != "Ada's laptop" || s.Subject != adaSubject || !s.AuthTime.Equal(w.clock.Now()) {
			t.Errorf("label %q, subject %q, auth_time %s", s.Label, s.Subject, s.AuthTime)
		}
		_, err = w.answer(c, rightCode, nil)
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
		if e := w.entries("login_failed"); len(e) != 1 || e[0].Subject != adaSubject || e[0].Count != 2 {
			t.Errorf("%+v", e)
		}
	})
}

// What was asked for at first is what is answered for.
func TestAnswersThatAreNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoFactors, func(s *setup) {
		s.config.Audiences = []string{"notes", "bank"}
		s.config.Clients = []authsvc.Client{{ID: authsvc.DefaultClient, AllScopes: true}, {ID: "web", AllScopes: true}}
	})
	c := w.challenged()
	for name, change := range map[string]func(*grpcauthv1.LoginRequest){
		"another client":   func(r *grpcauthv1.LoginRequest) { r.ClientId = "web" },
		"more scopes":      func(r *grpcauthv1.LoginRequest) { r.Scopes = append(r.Scopes, "notes.write") },
		"all scopes":       func(r *grpcauthv1.LoginRequest) { r.Scopes = nil },
		"another audience": func(r *grpcauthv1.LoginRequest) { r.Audiences = []string{"bank"} },
		"another label":    func(r *grpcauthv1.LoginRequest) { r.Label = "" },
		"a token of none":  func(r *grpcauthv1.LoginRequest) { r.ChallengeAnswer.Token = "gch_AAAA" },
		"not base64":       func(r *grpcauthv1.LoginRequest) { r.ChallengeAnswer.Token = "gch_!" },
		"without its prefix": func(r *grpcauthv1.LoginRequest) {
			r.ChallengeAnswer.Token = strings.TrimPrefix(r.ChallengeAnswer.GetToken(), "gch_")
		},
		"a changed token": func(r *grpcauthv1.LoginRequest) {
			r.ChallengeAnswer.Token = strings.Replace(r.ChallengeAnswer.GetToken(), r.ChallengeAnswer.GetToken()[20:24], "AAAA", 1)
		},
	} {
		_, err := w.answer(c, rightCode, change)
		if got := refusal(err); got != "Unauthenticated INVALID_CREDENTIALS" {
			t.Errorf("%s: %s", name, got)
		}
	}
	// A challenge to Login is none to Reauthenticate, nor the other way round.
	tokens := w.must(w.answer(c, rightCode, nil))
	other := w.challenged()
	_, err := w.Reauthenticate(w.as(tokens), &grpcauthv1.ReauthenticateRequest{ChallengeAnswer: &grpcauthv1.ChallengeAnswer{Token: other.GetToken(), Response: rightCode}})
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	again, err := w.Reauthenticate(w.as(tokens), &grpcauthv1.ReauthenticateRequest{Password: adaPassword})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.answer(again.GetChallenge(), rightCode, nil)
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
}

func TestAChallengeExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoFactors)
	c := w.challenged()
	w.clock.advance(5 * time.Minute)
	_, err := w.answer(c, rightCode, nil)
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
}

func TestAnswerRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoFactors)
	long := strings.Repeat("x", 8193)
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ChallengeAnswer: &grpcauthv1.ChallengeAnswer{}})
	wantViolations(t, err, "username: must be empty where a challenge is answered", "password: must be empty where a challenge is answered",
		"challenge_answer.token: must not be empty", "challenge_answer.response: must not be empty")
	_, err = w.login(&grpcauthv1.LoginRequest{ChallengeAnswer: &grpcauthv1.ChallengeAnswer{Token: long, Response: long[:1025]}})
	wantViolations(t, err, "challenge_answer.token: must have at most 8192 bytes, has 8193", "challenge_answer.response: must have at most 1024 bytes, has 1025")
	tokens := w.must(w.answer(w.challenged(), rightCode, nil))
	_, err = w.Reauthenticate(w.as(tokens), &grpcauthv1.ReauthenticateRequest{Password: adaPassword, ChallengeAnswer: &grpcauthv1.ChallengeAnswer{Token: "t", Response: "r"}})
	wantViolations(t, err, "password: must be empty where a challenge is answered")
}

// Of many right answers at once, one logs in.
func TestAChallengeIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, twoFactors)
		c := w.challenged()
		answers := make(chan string, 4)
		var callers sync.WaitGroup
		for range cap(answers) {
			callers.Go(func() {
				_, err := w.answer(c, rightCode, nil)
				answers <- refusal(err)
			})
		}
		callers.Wait()
		close(answers)
		counts := map[string]int{}
		for answer := range answers {
			counts[answer]++
		}
		if counts["OK"] != 1 || counts["Unauthenticated INVALID_CREDENTIALS"] != 3 {
			t.Errorf("%v", counts)
		}
	})
}

// What is remembered of an answer outlives the challenge also by a store's clock
// that is ahead of ours.
func TestAChallengeIsAnsweredOnceByAFastClockToo(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		ahead := func(s *setup) {
			s.open = func(t testing.TB, now func() time.Time) store.Store {
				return open(t, func() time.Time { return now().Add(90 * time.Second) })
			}
		}
		w := newWorld(t, ahead, twoFactors)
		c := w.challenged()
		w.clock.advance(4 * time.Minute)
		w.must(w.answer(c, rightCode, nil))
		if _, err := w.store.Sweep(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		_, err := w.answer(c, rightCode, nil)
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	})
}

// checklist: R6
func TestAChallengeDoesNotOutliveThePassword(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"the password was changed": func(w *world) { w.people.change(func(p *person) { p.Version = "2" }) },
		"all sessions were ended": func(w *world) {
			if err := w.store.RaiseSubject(w.t.Context(), adaSubject, "r"); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twoFactors)
			c := w.challenged()
			change(w)
			_, err := w.answer(c, rightCode, nil)
			wantRefusal(t, err, "Aborted CONFLICT")
		})
	}
}

// checklist: P4
func TestGuessesAtASecondFactorAreSlowedDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoFactors)
	c := w.challenged()
	for range 5 { // the password was the first attempt
		_, err := w.answer(c, "000000", nil)
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	}
	_, err := w.answer(c, rightCode, nil)
	wantRefusal(t, err, "ResourceExhausted THROTTLED")
	if retryAfter(err) != time.Second {
		t.Errorf("come again in %s", retryAfter(err))
	}
	w.clock.advance(time.Second)
	w.must(w.answer(c, rightCode, nil))
}

// Who knows the password and guesses at the code from many networks is slowed
// down as well.
//
// checklist: P4
func TestGuessesAtASecondFactorFromEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoFactors, overTLS)
	throttled := 0
	for block := range 4 {
		ctx := w.from(fmt.Sprintf("198.51.%d.1", block))
		resp, err := w.Login(ctx, loginRequest(nil))
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			_, err := w.Login(ctx, loginRequest(func(r *grpcauthv1.LoginRequest) {
				r.Username, r.Password = "", ""
				r.ChallengeAnswer = &grpcauthv1.ChallengeAnswer{Token: resp.GetChallenge().GetToken(), Response: "000000"}
			}))
			if refusal(err) == "ResourceExhausted THROTTLED" {
				throttled++
			}
		}
	}
	if throttled != 16-11 {
		t.Errorf("%d of 16 guesses were refused", throttled)
	}
}

func TestReauthenticateWithASecondFactor(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, twoFactors)
		old := w.must(w.answer(w.challenged(), rightCode, nil))
		w.clock.advance(10 * time.Minute)
		resp, err := w.Reauthenticate(w.as(old), &grpcauthv1.ReauthenticateRequest{Password: adaPassword})
		if err != nil || resp.GetChallenge().GetMethod() != "totp" || resp.GetTokens() != nil {
			t.Fatalf("%v, %v", resp, err)
		}
		answer := &grpcauthv1.ReauthenticateRequest{ChallengeAnswer: &grpcauthv1.ChallengeAnswer{Token: resp.GetChallenge().GetToken(), Response: "000000"}}
		_, err = w.Reauthenticate(w.as(old), answer)
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
		other := w.must(w.answer(w.challenged(), rightCode, nil))
		answer.ChallengeAnswer.Response = rightCode
		_, err = w.Reauthenticate(w.as(other), answer) // another session
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
		resp, err = w.Reauthenticate(w.as(old), proto.CloneOf(answer))
		if err != nil {
			t.Fatal(err)
		}
		if claims := w.claims(resp.GetTokens()); !claims.AuthTime().Equal(w.clock.Now()) {
			t.Errorf("auth_time %s", claims.AuthTime())
		}
		_, err = w.refresh(old.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
	})
}

func TestChallengesThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	ada := authsvc.Identity{Subject: adaSubject, Version: "1"}
	for name, tc := range map[string]struct {
		id        authsvc.Identity
		challenge authsvc.ChallengeError
		want      string
	}{
		"of nobody":        {authsvc.Identity{}, authsvc.ChallengeError{Method: "totp"}, "say beside a ChallengeError whom it is for"},
		"for nothing":      {ada, authsvc.ChallengeError{}, "whose Method has 0 bytes: use 1 to 64"},
		"with a long name": {ada, authsvc.ChallengeError{Method: strings.Repeat("m", 65)}, "whose Method has 65 bytes"},
		"with much to say": {ada, authsvc.ChallengeError{Method: "totp", State: make([]byte, 1025)}, "whose State has 1025 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(s *setup) {
				s.config.Authenticate = func(context.Context, authsvc.Credentials) (authsvc.Identity, error) { return tc.id, &tc.challenge }
			})
			_, err := w.login(loginRequest(nil))
			wantRefusal(t, err, "Internal INTERNAL")
			if !strings.Contains(w.log.String(), tc.want) {
				t.Errorf("the log does not say what to do: %s", w.log)
			}
		})
	}
}

// checklist: B2
func TestChallengesPrintNoState(t *testing.T) {
	t.Parallel()
	c := &authsvc.ChallengeError{Method: "totp", State: []byte(askedState)}
	a := authsvc.ChallengeAnswer{Method: "totp", State: []byte(askedState), Response: rightCode}
	for _, v := range []any{c, a, &a, authsvc.Credentials{ClientID: "web", Challenge: &a}} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		for _, form := range []string{askedState, rightCode, fmt.Sprintf("%x", askedState), fmt.Sprintf("%d", []byte(askedState))} {
			if strings.Contains(out.String(), form) {
				t.Errorf("%T: %s", v, out.String())
			}
		}
	}
}
