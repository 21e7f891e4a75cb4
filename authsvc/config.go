package authsvc

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/token"
)

// What [New] takes where the Config says nothing.
const (
	DefaultAccessTTL  = 15 * time.Minute
	DefaultRefreshTTL = 30 * 24 * time.Hour
	DefaultSessionTTL = 90 * 24 * time.Hour
)

// minSecret is what an HMAC-SHA256 key needs (RFC 7518 §3.2).
const minSecret = 32

// Config sets up a Service. Issuer, Audiences, Secret and Store are required;
// the rest has a default that is right for most.
type Config struct {
	// Issuer is who we are, the `iss` of every token: the URL people reach
	// this service by, such as "https://auth.example". Compared byte by byte.
	Issuer string

	// Audiences is whom our access tokens may be for: the names of the
	// services that will accept them (RFC 8707 calls them resources).
	Audiences []string

	// Secret is at least 32 random bytes that only this service knows
	// (`openssl rand 32`). The keys of the refresh tokens are derived from it
	// (HKDF, RFC 5869) and, where SigningKey is nil, the HS256 key of the
	// access tokens. Replicas share it; whoever changes it ends every
	// session, unless the one before goes to RetiredSecrets.
	Secret []byte `json:"-"`

	// RetiredSecrets are what Secret was before. Refresh tokens that were made
	// under one are still taken, and followed by one under Secret. Give every
	// replica the new Secret as a retired one first, then change it, and drop
	// the old one after SessionTTL: no session is older. Access tokens under a
	// key derived from Secret are refused from the change on, and renewed.
	RetiredSecrets [][]byte `json:"-"`

	// SigningKey signs the access tokens. nil: HS256 under a key derived from
	// Secret, which only this process can verify, so choose a public key as
	// soon as another service must.
	SigningKey *token.SigningKey

	// Store keeps the sessions and, unless you bring your own, the users.
	// Package memory is for tests and for sessions that may end with the
	// process, package sqlstore for everything else. Closing it is yours.
	Store store.Store

	// Authenticate checks the credentials of a login and says whose they are.
	// It returns [ErrInvalidCredentials] when they are wrong, for an unknown
	// user as for a wrong password, and should take as long for either, as a
	// [password.Hasher] does; its ErrBusy is told as it is. Any other error
	// means that the answer can't be known now and is told to the client as
	// UNAVAILABLE. A login is refused when RaiseSubject of the Store ends all
	// sessions of the user while it runs: see [Identity.Version].
	//
	// An Identity with the Subject beside ErrInvalidCredentials tells whose
	// password was wrong, for the audit record. A [ChallengeError] asks the
	// user for a second factor.
	//
	// Attempts are slowed down before it is called, for each name as
	// [NormalizeUsername] spells it and each block of addresses. So accept a
	// name in no other spelling than that makes one of; else each one is
	// another name to guess by.
	//
	// Authenticate and Load go together; without them the users are those of
	// Store. Both are called by many goroutines at once.
	Authenticate func(ctx context.Context, c Credentials) (Identity, error)

	// Load says who a subject is now. It is asked at every login, at every
	// refresh and for GetUserInfo, so what changed for a user is in their
	// next access token. [ErrGone] means that the user may not be logged in
	// any more: the session ends. Any other error is told as UNAVAILABLE and
	// changes nothing.
	Load func(ctx context.Context, subject string) (Identity, error)

	// Claims adds claims of yours to the access token of a user and the client
	// it is for, at every login and every refresh. A name that is in
	// Identity.Claims too has the value from there. A name that has a meaning
	// already ("sub", "scope") fails the call and is logged; an error is told
	// as UNAVAILABLE and changes nothing. nil: Identity.Claims alone.
	Claims func(ctx context.Context, id Identity, clientID string) (map[string]any, error)

	// Audit is told of every entry of the audit record, after the change that
	// it tells of was committed: to send it elsewhere. Seq is not set, and At
	// is by our clock; of failures, which the record adds up, it is told each.
	// It must not block, and is called by many goroutines at once. What the
	// process did not live to tell is in the Store, as is what you change there
	// yourself. nil: nobody is told.
	Audit func(ctx context.Context, e store.Entry)

	// Hasher checks the passwords of the Store's users. Bring yours to bound
	// how many hashes run and how many wait, to share them with code of your
	// own, or to compute them in a process of their own, where they don't hold
	// up the other calls ([password.Process]). nil: one with its defaults.
	Hasher *password.Hasher

	// Clients are the apps that may log users in. Empty: one, named
	// [DefaultClient], which may be granted every scope the user has. Those of
	// the Store come on top; New refuses an id that both have.
	Clients []Client

	// AccessTTL is how long an access token lives, at most a day. Zero: 15
	// minutes. An access token outlives its session by at most this.
	AccessTTL time.Duration

	// RefreshTTL is how long a session lives without a refresh. Zero: 30
	// days.
	RefreshTTL time.Duration

	// SessionTTL is how long a session lives at all; then the user logs in
	// again. Zero: 90 days, or RefreshTTL if that is more.
	SessionTTL time.Duration

	// AllowPlaintextFrom is where the proxy sits that terminates TLS before
	// this server. Empty: passwords and refresh tokens are taken from TLS
	// connections and from this machine only.
	//
	// Name every such proxy in Proxies as well. Else all calls through it have
	// its address, and somebody who goes on guessing at an account there can
	// keep its owner from logging in.
	AllowPlaintextFrom []netip.Prefix

	// Proxies are the proxies that tell for whom they call, by x-forwarded-for:
	// each adds, at its end, the address that called it. The last one there
	// that is no proxy's is the caller's. Attempts to log in are slowed down by
	// it, for each account and block of addresses (IPv4 /24, IPv6 /48) and for
	// each block; hashes are shared out between such blocks, and the audit
	// record tells the address. It decides about nothing else.
	//
	// Name the proxies alone, and each that there is on the way: whoever calls
	// from one of these addresses can claim any. A proxy that passes the
	// header on as it came lets its callers do so, too. For all others the
	// address of the connection counts. That is the caller's also where a
	// balancer passes connections on and your listener reads the PROXY protocol
	// from it: refuse the connections there for which it tells no address, and
	// name the balancer here.
	Proxies []netip.Prefix

	// Logger is told of every entry of the audit record, of refreshes and
	// refusals, never a secret. nil: [slog.Default].
	Logger *slog.Logger

	// Now is the clock of the tokens; the store has its own. nil: [time.Now].
	Now func() time.Time
}

// Format prints the issuer only, whatever the verb: a Config holds secrets.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.text()) }

// LogValue logs the issuer only.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c Config) text() string { return "authsvc.Config{issuer=" + c.Issuer + "}" }

// withDefaults is c with nothing left to guess, and nothing that the caller can
// still change.
func (c Config) withDefaults() Config {
	c.Audiences = slices.Clone(c.Audiences)
	c.AllowPlaintextFrom, c.Proxies = slices.Clone(c.AllowPlaintextFrom), slices.Clone(c.Proxies)
	c.Clients = slices.Clone(c.Clients)
	for i, client := range c.Clients {
		c.Clients[i].Scopes, c.Clients[i].Audiences = slices.Clone(client.Scopes), slices.Clone(client.Audiences)
	}
	if len(c.Clients) == 0 {
		c.Clients = []Client{{ID: DefaultClient, AllScopes: true}}
	}
	if c.AccessTTL == 0 {
		c.AccessTTL = DefaultAccessTTL
	}
	if c.RefreshTTL == 0 {
		c.RefreshTTL = DefaultRefreshTTL
	}
	if c.SessionTTL == 0 {
		c.SessionTTL = max(DefaultSessionTTL, c.RefreshTTL)
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Store != nil {
		c.Store = &told{Store: c.Store, log: c.Logger, now: c.Now, tell: c.Audit}
	}
	return c
}
