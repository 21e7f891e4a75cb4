package interceptor_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcauth/grpcauth/authtest"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/internal/testkit"
	"github.com/grpcauth/grpcauth/token"
)

// exampleVerifier trusts one issuer, whose keys are at hand.
func exampleVerifier() *token.Verifier {
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		log.Fatal(err)
	}
	keys, err := token.NewStaticKeys(key.Public())
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{{
		Issuer: "https://auth.example", Audiences: []string{"https://notes.example"}, Keys: keys,
	}}})
	if err != nil {
		log.Fatal(err)
	}
	return verifier
}

func newNotesServer(verifier *token.Verifier, tls credentials.TransportCredentials, notes notesv1.NotesServiceServer) (*grpc.Server, error) {
	// readme:start server
	guard, err := interceptor.New(verifier, interceptor.WithPublicInfrastructure()) // health, reflection
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer(
		grpc.Creds(tls),
		grpc.UnaryInterceptor(guard.Unary()),
		grpc.StreamInterceptor(guard.Stream()),
	)
	notesv1.RegisterNotesServiceServer(srv, notes)
	if err := guard.Protect(srv); err != nil {
		return nil, err // a method without a rule is never served
	}
	// readme:end
	return srv, nil
}

// A guarded server. The rules are those of notes.proto.
func Example() {
	srv, err := newNotesServer(exampleVerifier(), insecure.NewCredentials(), notesvc.New())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(srv.GetServiceInfo()), "service is guarded")
	// Output: 1 service is guarded
}

// Protect tells what is open and which line closes it.
func ExampleGuard_Protect() {
	guard, err := interceptor.New(exampleVerifier())
	if err != nil {
		log.Fatal(err)
	}
	srv := grpc.NewServer(grpc.UnaryInterceptor(guard.Unary())) // the other half is forgotten
	notesv1.RegisterNotesServiceServer(srv, notesvc.New())
	fmt.Println(guard.Protect(srv))
	// Output:
	// interceptor: the server is not protected, 1 problem:
	//     streams pass unguarded: give grpc.NewServer the option grpc.StreamInterceptor(guard.Stream()), or guard.ServerOptions()...
}

// A rule of the .proto is replaced knowingly, and listed as such.
func ExampleOverrideRule() {
	guard, err := interceptor.New(exampleVerifier(),
		interceptor.OverrideRule("/notes.v1.NotesService/PurgeNotes", interceptor.Roles("operator")))
	if err != nil {
		log.Fatal(err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	notesv1.RegisterNotesServiceServer(srv, notesvc.New())
	if err := guard.Protect(srv); err != nil {
		log.Fatal(err)
	}
	for _, r := range guard.Rules() {
		fmt.Printf("%-36s %s\n", r.Method, r.Source)
	}
	// Output:
	// /notes.v1.NotesService/CreateNote    method option
	// /notes.v1.NotesService/ListNotes     service option
	// /notes.v1.NotesService/Ping          method option
	// /notes.v1.NotesService/PurgeNotes    OverrideRule
	// /notes.v1.NotesService/SyncNotes     method option
	// /notes.v1.NotesService/WatchNotes    service option
}

// An observer sees every decision, with the cause that the client does not
// see.
func ExampleWithObserver() {
	observe := interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) {
		fmt.Println(d.Method, d.Reason, d.Cause)
	})
	testkit.Example(func(t testing.TB) {
		server := authtest.NewServer(t, authtest.NewIssuer(t), func(r grpc.ServiceRegistrar) {
			notesv1.RegisterNotesServiceServer(r, notesvc.New())
		}, observe)
		_, err := notesv1.NewNotesServiceClient(server.Anonymous()).ListNotes(context.Background(), &notesv1.ListNotesRequest{})
		fmt.Println(err)
	})
	// Output:
	// /notes.v1.NotesService/ListNotes REASON_TOKEN_MISSING interceptor: no token in the metadata
	// rpc error: code = Unauthenticated desc = no bearer token was sent
}
