package authsvc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

const (
	challengePrefix = "gch_"
	// challengeTTL is how long a challenge can be answered.
	challengeTTL = 5 * time.Minute

	maxMethod = 64
	maxState  = 1024
)

// ChallengeError is what Config.Authenticate returns where the credentials are
// right so far and the user must prove a second factor. The Identity that goes
// with it holds the Subject and the Version.
//
// The client is asked by the method; nothing is stored. Its answer comes to
// Authenticate as [Credentials.Challenge], within five minutes, and unless the
// user's credentials changed in between. For a wrong answer Authenticate returns
// [ErrInvalidCredentials], and the user may try again. A right answer counts
// once.
type ChallengeError struct {
	// Method is what is asked for, such as "totp", at most 64 bytes. The
	// client is told.
	Method string
	// State is whatever Authenticate wants back with the answer, at most 1024
	// bytes. The client keeps it, encrypted.
	State []byte `json:"-"`
}

// check is the challenge itself, or what is wrong with it.
func (e *ChallengeError) check() error {
	switch {
	case e.Method == "" || len(e.Method) > maxMethod:
		return fmt.Errorf("authsvc: Config.Authenticate returned a ChallengeError whose Method has %d bytes: use 1 to %d", len(e.Method), maxMethod)
	case len(e.State) > maxState:
		return fmt.Errorf("authsvc: Config.Authenticate returned a ChallengeError whose State has %d bytes: use at most %d, and keep the rest yourself", len(e.State), maxState)
	}
	return e
}

// Error names the method only.
func (e *ChallengeError) Error() string {
	return "authsvc: the user must answer a challenge: " + e.Method
}

// Format prints the method only, whatever the verb.
func (e *ChallengeError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// LogValue logs the method only.
func (e *ChallengeError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// ChallengeAnswer is a user's answer to a [ChallengeError]. However it is
// printed or logged, it shows the method only.
type ChallengeAnswer struct {
	// Method and State are those of the ChallengeError.
	Method string
	State  []byte `json:"-"`
	// Response is what the user gave, not empty and at most 1024 bytes.
	Response string `json:"-"`
}

// Format prints the method only, whatever the verb.
func (a ChallengeAnswer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.text()) }

// LogValue logs the method only.
func (a ChallengeAnswer) LogValue() slog.Value { return slog.StringValue(a.text()) }

func (a ChallengeAnswer) text() string { return "authsvc.ChallengeAnswer{method=" + a.Method + "}" }

var errNoChallenge = fmt.Errorf("%w: the challenge is unknown, has expired or was answered", ErrInvalidCredentials)

// asked is what the token of a challenge holds: the user, as far as proven.
// It is sealed for the call and everything that was asked for in it.
type asked struct {
	ID       string    `json:"id"`
	Username string    `json:"username"` // as it was typed
	Account  string    `json:"account"`  // whom attempts are counted for
	Subject  string    `json:"subject"`
	Version  []byte    `json:"version"` // a digest of Identity.Version
	Counter  int64     `json:"counter"` // the subject's
	Method   string    `json:"method"`
	State    []byte    `json:"state"`
	Expires  time.Time `json:"expires"`
}

// ask gives the challenge of a user who has more to prove.
func (s *server) ask(ctx context.Context, p proof, user proven, c *ChallengeError) (*grpcauthv1.Challenge, error) {
	content, err := json.Marshal(asked{
		ID: rand.Text(), Username: p.Username, Account: p.account, Subject: user.Subject,
		Version: digest(user.Version), Counter: user.counters.Subject,
		Method: c.Method, State: c.State, Expires: s.cfg.Now().Add(challengeTTL),
	})
	if err != nil {
		return nil, fmt.Errorf("authsvc: writing a challenge: %w", err)
	}
	s.event(ctx, slog.LevelInfo, "challenge", slog.String("subject", user.Subject), slog.String("client", p.ClientID), slog.String("method", c.Method))
	return &grpcauthv1.Challenge{
		Token:     challengePrefix + s.challenges.seal(content, p.purpose...),
		Method:    c.Method,
		ExpiresIn: durationpb.New(challengeTTL),
	}, nil
}

// answered makes p the proof that an answer is. It stays as it is without one.
func (s *server) answered(p proof, answer *grpcauthv1.ChallengeAnswer) (proof, error) {
	if answer == nil {
		return p, nil
	}
	text, ok := strings.CutPrefix(answer.GetToken(), challengePrefix)
	if !ok {
		return proof{}, errNoChallenge
	}
	content, ok := s.challenges.open(text, p.purpose...)
	if !ok {
		return proof{}, errNoChallenge
	}
	a := &asked{}
	if err := json.Unmarshal(content, a); err != nil {
		return proof{}, fmt.Errorf("authsvc: reading a challenge of our own: %w", err)
	}
	if !s.cfg.Now().Before(a.Expires) {
		return proof{}, errNoChallenge
	}
	p.asked, p.account, p.subject, p.Username = a, a.Account, a.Subject, a.Username
	p.Challenge = &ChallengeAnswer{Method: a.Method, State: a.State, Response: answer.GetResponse()}
	return p, nil
}

// of is whose challenge it is, "" for none.
func (a *asked) of() string {
	if a == nil {
		return ""
	}
	return a.Subject
}

// stillOf refuses an answer when the user's credentials, or what they may do,
// have changed since the question.
func (a *asked) stillOf(id Identity, now store.Counters) error {
	if a == nil || now.Subject == a.Counter && subtle.ConstantTimeCompare(digest(id.Version), a.Version) == 1 {
		return nil
	}
	return errChanged
}

// useUp: a challenge is answered once.
func (s *server) useUp(ctx context.Context, a *asked) error {
	if a == nil {
		return nil
	}
	err := s.store.UseOnce(ctx, "challenge:"+a.ID, a.Expires.Add(token.MaxLeeway)) // the store's clock may be another
	if errors.Is(err, store.ErrExists) {
		return errNoChallenge
	}
	return err
}

func digest(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
