package authclient

import (
	"errors"
	"slices"
)

// Option changes what is asked for or insisted on. The zero set of options
// asks for the default client, for every scope and every audience that may be
// granted, keeps tokens in memory only, and refuses plaintext.
type Option func(*config)

// config is what the options say. Those that mean nothing to what they are
// given to are refused there, not ignored.
type config struct {
	clientID, label   string
	scopes, audiences []string
	store             TokenStore
	transport         transportGuard
}

func newConfig(opts []Option) config {
	var c config
	for _, o := range opts {
		o(&c)
	}
	return c
}

// WithClientID names the client, that is the app, the user signs in with.
// Unset, the server's default client is meant. It is for [Login].
func WithClientID(id string) Option {
	return func(c *config) { c.clientID = id }
}

// WithScopes asks for these scopes only (RFC 6749 §3.3). The server may grant
// fewer; it refuses with SCOPE_NOT_GRANTED when it can grant none. It is for
// [Login] and [NewClientCredentials].
func WithScopes(scopes ...string) Option {
	return func(c *config) { c.scopes = slices.Clone(scopes) }
}

// WithAudiences asks for tokens that are meant for these services only. It is
// for [Login] and [NewClientCredentials].
func WithAudiences(audiences ...string) Option {
	return func(c *config) { c.audiences = slices.Clone(audiences) }
}

// WithLabel names the session so that its owner will recognise it in a list
// ("Ada's laptop"). It is for [Login].
func WithLabel(label string) Option {
	return func(c *config) { c.label = label }
}

// WithStore keeps the session in a store, so that it survives the program:
// [Resume] goes on with it. What the store held before is replaced, and the
// session that this was goes on at the server: log it out first if it shall
// not. It is for [Login].
func WithStore(store TokenStore) Option {
	return func(c *config) { c.store = store }
}

// InsecureAllowPlaintext lets passwords and tokens out over connections that
// others can read. Without it only TLS and local connections (Unix sockets,
// loopback, in-memory) carry them. It is for a network that encrypts below
// gRPC, such as a service mesh.
func InsecureAllowPlaintext() Option {
	return func(c *config) { c.transport.allowPlaintext = true }
}

// resumable refuses what was settled when the user logged in.
func (c config) resumable() error {
	if c.clientID != "" || c.label != "" || c.scopes != nil || c.audiences != nil || c.store != nil {
		return errors.New("authclient: resume: the client, the scopes, the audiences and the label are those of the login, and the store is an argument: leave these options out")
	}
	return nil
}

// forClient refuses what only a user's session has.
func (c config) forClient() error {
	if c.clientID != "" || c.label != "" || c.store != nil {
		return errors.New("authclient: client credentials: WithClientID, WithLabel and WithStore are for a user's session: leave them out")
	}
	return nil
}
