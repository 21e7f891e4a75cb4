package authsvc

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// Service logs people in and issues, renews and ends their tokens. It is safe
// for concurrent use, holds no state of its own beside its keys and how often
// each client has asked, and needs no closing. Run [Service.Housekeep] beside
// it.
type Service struct {
	server   *server
	trusted  token.TrustedIssuer
	verifier *token.Verifier
	jwks     []byte
}

// server is the Service as gRPC calls it. It is apart so that nobody calls a
// handler by mistake without the guard.
type server struct {
	grpcauthv1.UnimplementedAuthServiceServer
	people
	origins

	cfg     Config
	clients *clients
	users   directory
	store   store.Store
	issuer  *token.Issuer
	codec   *refreshCodec
	keys    []*structpb.Struct

	verifier *token.Verifier // of our own access tokens

	issued, revoked *pace // of tokens by their clients

	warned atomic.Bool // of a proxy, see warnOfProxy
}

// startTimeout is how long New waits for the store.
const startTimeout = 30 * time.Second

// New checks cfg and makes a Service. The error names the field at fault and
// what to do about it.
func New(cfg Config) (*Service, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	key, err := signingKey(cfg)
	if err != nil {
		return nil, err
	}
	srv, err := newServer(cfg, key)
	if err != nil {
		return nil, err
	}
	return newService(srv, key.Public())
}

func newServer(cfg Config, key *token.SigningKey) (*server, error) {
	issuer, err := token.NewIssuer(token.IssuerConfig{
		Issuer:      cfg.Issuer,
		Audience:    cfg.Audiences,
		Key:         key,
		Lifetime:    cfg.AccessTTL,
		MaxLifetime: maxAccessTTL,
		Now:         cfg.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("authsvc: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	ledger, err := cfg.Store.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	codec, err := newRefreshCodec(cfg.Issuer, ledger.Epoch, append([][]byte{cfg.Secret}, cfg.RetiredSecrets...)...)
	if err != nil {
		return nil, err
	}
	users, err := newDirectory(cfg)
	if err != nil {
		return nil, err
	}
	clients := newClients(cfg)
	if err := clients.distinct(ctx); err != nil {
		return nil, err
	}
	return &server{origins: newOrigins(cfg), cfg: cfg, clients: clients, users: users, store: cfg.Store, issuer: issuer, codec: codec, issued: newPace(cfg.Now), revoked: newPace(cfg.Now)}, nil
}

func newService(srv *server, key *token.Key) (*Service, error) {
	keys, err := token.NewStaticKeys(key)
	if err != nil {
		return nil, fmt.Errorf("authsvc: %w", err)
	}
	jwks, err := token.MarshalJWKS(key)
	if err != nil {
		return nil, fmt.Errorf("authsvc: %w", err)
	}
	if srv.keys, err = keyMessages(jwks); err != nil {
		return nil, err
	}
	if srv.people, err = newPeople(srv.cfg); err != nil {
		return nil, err
	}
	trusted := token.TrustedIssuer{Issuer: srv.cfg.Issuer, Audiences: srv.cfg.Audiences, Keys: keys}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{trusted}, Now: srv.cfg.Now})
	if err != nil {
		return nil, fmt.Errorf("authsvc: %w", err)
	}
	srv.verifier = verifier
	return &Service{server: srv, trusted: trusted, verifier: verifier, jwks: jwks}, nil
}

// Register adds the AuthService to a server. The server needs a guard over
// [Service.Verifier]: without one, the methods that are not public
// refuse every call with NOT_GUARDED.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	grpcauthv1.RegisterAuthServiceServer(r, s.server)
}

// Verifier accepts our access tokens and nobody else's: what a guard in this
// process is made of. It is the same one at every call.
func (s *Service) Verifier() *token.Verifier { return s.verifier }

// TrustedIssuer is for a verifier of your own that trusts other issuers too,
// in this process. Another process trusts us by our JWK Set.
func (s *Service) TrustedIssuer() token.TrustedIssuer {
	trusted := s.trusted
	trusted.Audiences = slices.Clone(trusted.Audiences)
	return trusted
}

// JWKS is the JWK Set (RFC 7517) of the keys that verify our access tokens,
// for an HTTP endpoint. It holds no key where tokens are signed with HS256: a
// secret is never published. The bytes are the caller's to keep.
func (s *Service) JWKS() ([]byte, error) { return append([]byte(nil), s.jwks...), nil }

// Format prints the issuer only, whatever the verb: a Service holds keys.
func (s *Service) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.text()) }

// LogValue logs the issuer only.
func (s *Service) LogValue() slog.Value { return slog.StringValue(s.text()) }

func (s *Service) text() string { return "authsvc.Service{issuer=" + s.trusted.Issuer + "}" }
