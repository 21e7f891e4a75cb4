package authsvc

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// How many attempts in a row cost no wait: of one account from one block of
// addresses, of one block whatever the account, and to answer the challenges of
// one account from wherever.
const (
	freeOfAccount = 5
	freeOfBlock   = 1000
	freeOfFactor  = 10
)

var errThrottled = fault.New(grpcauthv1.Reason_REASON_THROTTLED, "authsvc: too many attempts")

// throttle slows down guesses. An account is counted for each block of
// addresses apart, so that nobody can make somebody elsewhere wait; see
// docs/adr/0007.
type throttle struct {
	origins
	attempts store.Attempts
	key      []byte // of the names of what is counted
}

func newThrottle(cfg Config) (*throttle, error) {
	key, err := derive(cfg.Secret, labelAttempt, keyLen)
	if err != nil {
		return nil, err
	}
	return &throttle{origins: newOrigins(cfg), attempts: cfg.Store, key: key}, nil
}

// tried is an attempt that was counted.
type tried struct {
	attempts store.Attempts
	account  []string // forgotten when it was right
	block    []string // one less when it was right
}

// begin counts an attempt on an account, or refuses it because it is too
// early. factor is whose challenge it answers, or "".
func (t *throttle) begin(ctx context.Context, account, factor string) (tried, error) {
	block := t.block(ctx).String()
	keys := []store.AttemptKey{{Key: t.name("account", account, block), Free: freeOfAccount}}
	if factor != "" {
		keys = append(keys, store.AttemptKey{Key: t.name("factor", factor), Free: freeOfFactor})
	}
	began := tried{attempts: t.attempts}
	for _, k := range keys {
		began.account = append(began.account, k.Key)
	}
	if !t.shared(ctx) {
		keys = append(keys, store.AttemptKey{Key: t.name("block", block), Free: freeOfBlock, Unless: keys[0].Key})
		began.block = []string{keys[len(keys)-1].Key}
	}
	if err := t.count(ctx, keys...); err != nil {
		return tried{}, err
	}
	return began, nil
}

// count counts an attempt for every key, or refuses it because it is too early
// for one.
func (t *throttle) count(ctx context.Context, keys ...store.AttemptKey) error {
	wait, err := t.attempts.Attempt(ctx, keys...)
	if err == nil && wait > 0 {
		return fault.Because(grpcauthv1.Reason_REASON_THROTTLED, errThrottled, fault.RetryAfter(wait))
	}
	return err
}

// forgive: it was right.
func (t tried) forgive(ctx context.Context) error {
	return t.attempts.Forgive(ctx, t.account, t.block)
}

// halfway: what was tried is right, but the user has more to prove.
func (t tried) halfway(ctx context.Context, challenge error) error {
	if len(t.block) > 0 {
		if err := t.attempts.Forgive(ctx, nil, t.block); err != nil {
			return err
		}
	}
	return challenge
}

// pardon: nobody has judged it.
func (t tried) pardon(ctx context.Context) error {
	return t.attempts.Forgive(ctx, nil, append(t.block, t.account...))
}

// name is what the store knows of an account or a block: without our secret it
// tells nothing.
func (t *throttle) name(texts ...string) string {
	h := hmac.New(sha256.New, t.key)
	h.Write(join(texts...))
	return b64.EncodeToString(h.Sum(nil))
}

// byName is what is counted for who logs in by name: the name in its one
// spelling, whether or not somebody has it.
func byName(typed string) string {
	name, err := NormalizeUsername(typed)
	if err != nil {
		name = typed
	}
	return "name " + name
}

// bySubject is what is counted for somebody who is logged in.
func bySubject(subject string) string { return "subject " + subject }
