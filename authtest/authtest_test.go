package authtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/internal/testkit"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

func TestTokensAreWhatTheySay(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	for name, tc := range map[string]struct {
		raw  string
		want error
	}{
		"good":             {issuer.Token(token.Spec{}), nil},
		"12 expired":       {issuer.Expired(token.Spec{}), token.ErrExpired},
		"16 audience":      {issuer.WrongAudience(token.Spec{}), token.ErrAudience},
		"25 wrong key":     {issuer.WrongKey(token.Spec{}), token.ErrSignature},
		"28 another kind":  {issuer.Token(token.Spec{Kind: "password-reset+jwt"}), token.ErrKind},
		"another issuer's": {authtest.NewIssuer(t).Token(token.Spec{}), token.ErrUnknownKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := issuer.Verifier().Verify(t.Context(), tc.raw); !errors.Is(err, tc.want) {
				t.Errorf("Verify = %v, want %v", err, tc.want)
			}
		})
	}
}

func TestSpecIsFilledInAndKept(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	claims, err := issuer.Verifier().Verify(t.Context(), issuer.Token(token.Spec{Subject: "ada", Roles: []string{"owner"}}))
	if err != nil {
		t.Fatal(err)
	}
	if claims.Subject() != "ada" || !claims.HasRole("owner") || claims.ClientID() != authtest.ClientID || claims.Issuer() != authtest.IssuerName {
		t.Errorf("claims: subject %q, roles %q, client %q, issuer %q", claims.Subject(), claims.Roles(), claims.ClientID(), claims.Issuer())
	}
}

// failing is a test that can fail without failing this one.
type failing struct {
	testing.TB
	failed string
}

func (*failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.failed = fmt.Sprintf(format, args...)
	panic(f)
}

func TestServerWithAGapFailsTheTest(t *testing.T) {
	t.Parallel()
	f := &failing{TB: t}
	func() {
		defer func() { _ = recover() }()
		authtest.NewServer(f, authtest.NewIssuer(t), func(r grpc.ServiceRegistrar) {
			testkitv1.RegisterUnruledServiceServer(r, testkitv1.UnimplementedUnruledServiceServer{})
		})
	}()
	if f.failed == "" {
		t.Error("a server with a method left open was started")
	}
}

// In a test of yours t is the *testing.T.
func Example() {
	testkit.Example(func(t testing.TB) {
		issuer := authtest.NewIssuer(t)
		server := authtest.NewServer(t, issuer, func(r grpc.ServiceRegistrar) {
			notesv1.RegisterNotesServiceServer(r, notesvc.New())
		})
		ada := notesv1.NewNotesServiceClient(server.As("ada", "notes.read"))
		_, err := ada.ListNotes(context.Background(), &notesv1.ListNotesRequest{})
		fmt.Println("may read:", err == nil)
		_, err = ada.CreateNote(context.Background(), &notesv1.CreateNoteRequest{Text: "buy milk"})
		fmt.Println("may write:", err == nil)
	})
	// Output:
	// may read: true
	// may write: false
}
