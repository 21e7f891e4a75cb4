package authclient

import (
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
)

const bearer = "Bearer "

var errNoToken = errors.New("the server's answer lacks a token")

// grant is what is held at one time. It is immutable; a renewal puts
// another in its place, so that two grants are the same when their pointers
// are.
type grant struct {
	header  string    // the value of the authorization header
	session string    // whose it is; "" for a client's own
	expires time.Time // until when the access token is sent
	renew   time.Time // when the background renewal is due
	over    error     // why there is no grant any more; nil while there is
}

// issued is what an answer says of an access token.
type issued interface {
	GetAccessToken() string
	GetTokenType() string
	GetExpiresIn() *durationpb.Duration
}

// newGrant reads an answer to a request that was sent at sent. Both times of
// the grant count from there and hold a monotonic reading: the server counts
// from later, and nobody's wall clock matters.
func newGrant(t issued, sent time.Time) (*grant, error) {
	lifetime := t.GetExpiresIn().AsDuration()
	switch {
	case t.GetAccessToken() == "":
		return nil, errNoToken
	case !strings.EqualFold(t.GetTokenType(), "Bearer"): // RFC 6749 §7.1
		return nil, errors.New("the server's answer holds tokens that are not bearer tokens")
	case lifetime <= 0:
		return nil, errors.New("the server's answer does not say how long the token lives")
	}
	return &grant{
		header:  bearer + t.GetAccessToken(),
		expires: sent.Add(lifetime),
		renew:   sent.Add(renewAfter(lifetime)),
	}, nil
}

// token is the access token.
func (g *grant) token() string { return g.header[len(bearer):] }

// usable reports whether the access token may still be sent.
func (g *grant) usable() bool { return time.Now().Before(g.expires) }

// renewAfter is the age at which a token is renewed: three quarters of its
// lifetime, give or take a fifth of that, which is 60 to 90 %. Sessions that
// began together drift apart, and a tenth of the lifetime at least is left
// for the renewals that fail.
func renewAfter(lifetime time.Duration) time.Duration {
	return jitter(lifetime / 4 * 3)
}

// jitter is d give or take 20 %.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
