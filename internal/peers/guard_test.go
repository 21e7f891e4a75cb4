package peers_test

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcauth/grpcauth/authclient"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// cooldown is the least time between two fetches of the issuer's keys.
const cooldown = 200 * time.Millisecond

// service is the notes service under a guard that trusts an issuer.
type service struct {
	t     *testing.T
	keys  *token.RemoteKeys
	notes notesv1.NotesServiceClient
}

// startService starts one that finds the issuer's keys by discovery. Its name
// is our audience, and others.
func startService(t *testing.T, trusted *issuer, audiences ...string) service {
	t.Helper()
	return startServiceWith(t, trusted, token.RemoteKeysConfig{Issuer: trusted.Issuer, Cooldown: cooldown}, audiences...)
}

func startServiceWith(t *testing.T, trusted *issuer, config token.RemoteKeysConfig, audiences ...string) service {
	t.Helper()
	keys, err := token.NewRemoteKeys(config)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{{
		Issuer: trusted.Issuer, Audiences: append(audiences, audience), Keys: keys, Profile: token.RFC9068(),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := interceptor.New(verifier)
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	notesv1.RegisterNotesServiceServer(srv, notesvc.New())
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	return service{t, keys, notesv1.NewNotesServiceClient(dial(t, srv))}
}

// dial serves in memory until the test ends.
func dial(t *testing.T, srv *grpc.Server) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(listener) // ends with Stop below
	}()
	t.Cleanup(func() {
		srv.Stop()
		<-served
	})
	conn, err := grpc.NewClient("passthrough:bufconn",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// as is the context of a call with a token.
func (s service) as(raw string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+raw), cancel
}

// list calls a method that wants the scope notes.read, and says why it was
// refused: unspecified when it was not.
func (s service) list(raw string) grpcauthv1.Reason {
	s.t.Helper()
	ctx, cancel := s.as(raw)
	defer cancel()
	_, err := s.notes.ListNotes(ctx, &notesv1.ListNotesRequest{})
	return s.reason(err)
}

// create calls a method that wants the scope notes.write.
func (s service) create(raw string) grpcauthv1.Reason {
	s.t.Helper()
	ctx, cancel := s.as(raw)
	defer cancel()
	_, err := s.notes.CreateNote(ctx, &notesv1.CreateNoteRequest{Text: "buy milk"})
	return s.reason(err)
}

func (s service) reason(err error) grpcauthv1.Reason {
	s.t.Helper()
	reason := authclient.Reason(err)
	if err != nil && reason == passed {
		s.t.Fatalf("failed for a reason that is not ours: %v", err)
	}
	return reason
}

// The reasons that these tests are about.
const (
	passed      = grpcauthv1.Reason_REASON_UNSPECIFIED
	unknownKey  = grpcauthv1.Reason_REASON_TOKEN_KEY_UNKNOWN
	unavailable = grpcauthv1.Reason_REASON_KEYS_UNAVAILABLE
)
