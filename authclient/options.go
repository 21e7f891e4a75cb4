package authclient

import (
	"slices"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Option changes what [Login] asks for or insists on. The zero set of options
// asks for the default client, for every scope and every audience that may be
// granted, and refuses plaintext.
type Option func(*config)

type config struct {
	request   grpcauthv1.LoginRequest
	transport transportGuard
}

// newLogin is the request and the transport check that the options ask for.
func newLogin(username, password string, opts []Option) *config {
	c := &config{}
	c.request.Username, c.request.Password = username, password
	for _, o := range opts {
		o(c)
	}
	return c
}

// WithClientID names the client, that is the app, the user signs in with.
// Unset, the server's default client is meant.
func WithClientID(id string) Option {
	return func(c *config) { c.request.ClientId = id }
}

// WithScopes asks for these scopes only (RFC 6749 §3.3). The server may grant
// fewer; it refuses with SCOPE_NOT_GRANTED when it can grant none.
func WithScopes(scopes ...string) Option {
	return func(c *config) { c.request.Scopes = slices.Clone(scopes) }
}

// WithAudiences asks for tokens that are meant for these services only.
func WithAudiences(audiences ...string) Option {
	return func(c *config) { c.request.Audiences = slices.Clone(audiences) }
}

// WithLabel names the session so that its owner will recognise it in a list
// ("Ada's laptop").
func WithLabel(label string) Option {
	return func(c *config) { c.request.Label = label }
}

// InsecureAllowPlaintext lets passwords and tokens out over connections that
// others can read. Without it only TLS and local connections (Unix sockets,
// loopback, in-memory) carry them. It is for a network that encrypts below
// gRPC, such as a service mesh.
func InsecureAllowPlaintext() Option {
	return func(c *config) { c.transport.allowPlaintext = true }
}
