package interceptor_test

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authtest"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// list is what ListNotes answers to a caller who may read notes.
func list(server *authtest.Server, claims map[string]any) error {
	conn := server.With(token.Spec{Subject: "ada", Scopes: []string{"notes.read"}, Claims: claims})
	_, err := notesv1.NewNotesServiceClient(conn).ListNotes(context.Background(), &notesv1.ListNotesRequest{})
	return err
}

// A check of the server's own, for what no rule can say: which tenants are
// open changes while the server runs.
func ExampleWithCheck() {
	closed := map[string]bool{"initech": true}
	check := interceptor.WithCheck(func(_ context.Context, claims *token.Claims) error {
		tenant, ok := claims.Claim("tenant").Text()
		if !ok || closed[tenant] {
			return fmt.Errorf("%w: tenant %q", interceptor.ErrRejected, tenant) // for observers; the client sees the reason alone
		}
		return nil
	})
	exampleServer(notesvc.New(), func(server *authtest.Server) {
		fmt.Println(list(server, map[string]any{"tenant": "acme"}))
		fmt.Println(list(server, map[string]any{"tenant": "initech"}))
	}, check)
	// Output:
	// <nil>
	// rpc error: code = PermissionDenied desc = the token's claims were refused
}

// Whoever may not call a method is not to know that it is there.
func ExampleWithErrorMapper() {
	hide := interceptor.WithErrorMapper(func(_ context.Context, d *interceptor.Denial) error {
		if status.Code(d) == codes.PermissionDenied {
			return status.Errorf(codes.Unimplemented, "unknown method %s", d.Method)
		}
		return d // as it is, with the reason that clients renew their tokens by
	})
	exampleServer(notesvc.New(), func(server *authtest.Server) {
		for _, conn := range []*grpc.ClientConn{server.As("ada", "notes.write"), server.Anonymous()} {
			_, err := notesv1.NewNotesServiceClient(conn).PurgeNotes(context.Background(), &notesv1.PurgeNotesRequest{})
			fmt.Println(err)
		}
	}, hide)
	// Output:
	// rpc error: code = Unimplemented desc = unknown method /notes.v1.NotesService/PurgeNotes
	// rpc error: code = Unauthenticated desc = no bearer token was sent
}

// A server that is in use learns what would be refused before anything is. The
// handler must know what to do for nobody; here it is Ping, which anybody may
// call.
func ExampleInsecureReportOnly() {
	report := interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) {
		if d.Denied() {
			fmt.Println("would be refused:", d.Method, d.Reason)
		}
	})
	exampleServer(notesvc.New(), func(server *authtest.Server) {
		client := notesv1.NewNotesServiceClient(server.Anonymous())
		_, err := client.Ping(context.Background(), &notesv1.PingRequest{})
		fmt.Println(err)
	}, interceptor.InsecureReportOnly(), report,
		interceptor.OverrideRule("/notes.v1.NotesService/Ping", interceptor.Authenticated())) // the rule to come
	// Output:
	// would be refused: /notes.v1.NotesService/Ping REASON_TOKEN_MISSING
	// <nil>
}

// revokedSessions is a checker that keeps what was revoked in memory.
type revokedSessions struct{ ids sync.Map }

func (r *revokedSessions) Check(_ context.Context, claims *token.Claims) error {
	if _, revoked := r.ids.Load(claims.SessionID()); revoked {
		return revocation.ErrRevoked
	}
	return nil
}

// A token that was good a moment ago is refused as soon as its session was
// revoked.
func ExampleWithRevocations() {
	var revoked revokedSessions
	exampleServer(notesvc.New(), func(server *authtest.Server) {
		conn := server.With(token.Spec{Subject: "ada", SessionID: "s-1", Scopes: []string{"notes.read"}})
		client := notesv1.NewNotesServiceClient(conn)
		_, err := client.ListNotes(context.Background(), &notesv1.ListNotesRequest{})
		fmt.Println(err)
		revoked.ids.Store("s-1", true)
		_, err = client.ListNotes(context.Background(), &notesv1.ListNotesRequest{})
		fmt.Println(err)
	}, interceptor.WithRevocations(&revoked))
	// Output:
	// <nil>
	// rpc error: code = Unauthenticated desc = the token was revoked
}

// A rule for a method whose .proto is somebody else's.
func ExampleWithRule() {
	guard, err := interceptor.New(exampleVerifier(), interceptor.WithRule("/bank.v1.Bank/*", &grpcauthv1.Rule{
		Scopes: []string{"bank.write"}, SenderConstrained: true,
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	srv.RegisterService(&grpc.ServiceDesc{ServiceName: "bank.v1.Bank", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "Transfer"}}}, nil)
	if err := guard.Protect(srv); err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range guard.Rules() {
		fmt.Println(r.Method, r.Source, r.Rule.GetScopes())
	}
	// Output: /bank.v1.Bank/Transfer WithRule [bank.write]
}
