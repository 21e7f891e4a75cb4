package interceptor_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authtest"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/internal/testkit"
	"github.com/grpcauth/grpcauth/token"
)

// exampleServer serves the notes, guarded, and hands over what tests of
// services have. In a test of yours t is the *testing.T.
func exampleServer(notes notesv1.NotesServiceServer, then func(server *authtest.Server), options ...interceptor.Option) {
	testkit.Example(func(t testing.TB) {
		then(authtest.NewServer(t, authtest.NewIssuer(t), func(r grpc.ServiceRegistrar) {
			notesv1.RegisterNotesServiceServer(r, notes)
		}, options...))
	})
}

// Account is a row of your user table.
type Account struct{ Name, Plan string }

var accounts = map[string]*Account{"u-1": {Name: "Ada", Plan: "gold"}}

func loadAccount(_ context.Context, claims *token.Claims) (*Account, error) {
	account, ok := accounts[claims.Subject()]
	if !ok {
		return nil, interceptor.ErrNoUser // UNAUTHENTICATED; any other error is UNAVAILABLE
	}
	return account, nil
}

// accountNotes signs each note with its author's name.
type accountNotes struct{ *notesvc.Notes }

func (n accountNotes) CreateNote(ctx context.Context, req *notesv1.CreateNoteRequest) (*notesv1.CreateNoteResponse, error) {
	account, _ := interceptor.UserFrom[*Account](ctx)
	req.Text += " (" + account.Name + ", " + account.Plan + ")"
	return n.Notes.CreateNote(ctx, req)
}

// The caller's account is loaded before the handler runs.
func ExampleWithUser() {
	exampleServer(accountNotes{notesvc.New()}, func(server *authtest.Server) {
		for _, subject := range []string{"u-1", "u-2"} {
			client := notesv1.NewNotesServiceClient(server.As(subject, "notes.write"))
			res, err := client.CreateNote(context.Background(), &notesv1.CreateNoteRequest{Text: "buy milk"})
			fmt.Println(res.GetNote().GetText(), err)
		}
	}, interceptor.WithUser(loadAccount))
	// Output:
	// buy milk (Ada, gold) <nil>
	//  rpc error: code = Unauthenticated desc = the token's user does not exist
}

// A test of a handler needs no server.
func ExampleNewUserContext() {
	ctx := interceptor.NewUserContext(context.Background(), &Account{Name: "Ada"})

	account, ok := interceptor.UserFrom[*Account](ctx) // as a handler does
	fmt.Println(account.Name, ok)

	_, ok = interceptor.UserFrom[*Account](context.Background()) // as on a public method
	fmt.Println(ok)
	// Output:
	// Ada true
	// false
}

// auditedNotes asks more of a Ping than the public rule beside it in
// notes.proto: the handler knows when. It gets the Guard by a function, because
// the Guard comes to be after the service.
type auditedNotes struct {
	*notesvc.Notes
	guard func() *interceptor.Guard
}

func (n auditedNotes) Ping(ctx context.Context, _ *notesv1.PingRequest) (*notesv1.PingResponse, error) {
	ctx, err := n.guard().Authenticate(ctx, interceptor.AnyScopes("notes.admin", "notes.audit"))
	if err != nil {
		return nil, err // a *Denial: it is the answer
	}
	claims, _ := token.FromContext(ctx)
	fmt.Println("ping of", claims.Subject())
	return &notesv1.PingResponse{}, nil
}

// Ping is public in notes.proto. This handler knows when it should not be.
func ExampleGuard_Authenticate() {
	var guard *interceptor.Guard
	notes := auditedNotes{notesvc.New(), func() *interceptor.Guard { return guard }}
	exampleServer(notes, func(server *authtest.Server) {
		guard = server.Guard()
		for _, conn := range []*grpc.ClientConn{server.As("grace", "notes.audit"), server.As("ada"), server.Anonymous()} {
			_, err := notesv1.NewNotesServiceClient(conn).Ping(context.Background(), &notesv1.PingRequest{})
			fmt.Println(err)
		}
	})
	// Output:
	// ping of grace
	// <nil>
	// rpc error: code = PermissionDenied desc = the token lacks a scope
	// rpc error: code = Unauthenticated desc = no bearer token was sent
}

// Tokens are read from two places; the first that is there decides.
func ExampleWithTokenSource() {
	sources := interceptor.WithTokenSource(interceptor.Metadata("authorization", "Bearer"), interceptor.Metadata("x-api-token", ""))
	seen := interceptor.WithCheck(func(ctx context.Context, _ *token.Claims) error {
		md, _ := metadata.FromIncomingContext(ctx)
		fmt.Println("authorization:", len(md.Get("authorization")), "x-api-token:", len(md.Get("x-api-token")))
		return nil
	})
	testkit.Example(func(t testing.TB) {
		issuer := authtest.NewIssuer(t)
		server := authtest.NewServer(t, issuer, func(r grpc.ServiceRegistrar) {
			notesv1.RegisterNotesServiceServer(r, notesvc.New())
		}, sources, seen)
		raw := issuer.Token(token.Spec{Subject: "ada", Scopes: []string{"notes.read"}})
		client := notesv1.NewNotesServiceClient(server.Anonymous())
		for _, pairs := range [][]string{{"x-api-token", raw}, {"authorization", "Bearer " + raw}, {"authorization", "Bearer junk", "x-api-token", raw}} {
			ctx := metadata.NewOutgoingContext(context.Background(), metadata.Pairs(pairs...))
			_, err := client.ListNotes(ctx, &notesv1.ListNotesRequest{})
			fmt.Println(strings.TrimPrefix(fmt.Sprint(err), "rpc error: "))
		}
	})
	// Output:
	// authorization: 0 x-api-token: 1
	// <nil>
	// authorization: 1 x-api-token: 0
	// <nil>
	// code = Unauthenticated desc = the token is malformed
}
