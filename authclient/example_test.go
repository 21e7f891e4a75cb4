package authclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcauth/grpcauth/authclient"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Log in, call, log out.
func Example() {
	address, stop := exampleServer()
	defer stop()
	ctx := context.Background()

	// Without TLS on one machine only: to any other, nothing would be sent.
	transport := grpc.WithTransportCredentials(insecure.NewCredentials())
	authConn, err := grpc.NewClient(address, transport)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer authConn.Close()

	session, err := authclient.Login(ctx, authConn, "ada", "analytical engine")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	conn, err := grpc.NewClient(address, append(session.DialOptions(), transport)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	notes := notesv1.NewNotesServiceClient(conn)

	kept, err := notes.CreateNote(ctx, &notesv1.CreateNoteRequest{Text: "buy milk"})
	fmt.Println(kept.GetNote().GetText(), err)

	err = session.Logout(ctx)
	fmt.Println(err)

	_, err = notes.ListNotes(ctx, &notesv1.ListNotesRequest{})
	fmt.Println(errors.Is(err, authclient.ErrSessionEnded))
	// Output:
	// buy milk <nil>
	// <nil>
	// true
}

func ExampleLogin() {
	authConn, stop := exampleAuthConn()
	defer stop()

	session, err := authclient.Login(context.Background(), authConn, "ada", os.Getenv("ADAS_PASSWORD"),
		authclient.WithScopes("notes.read"), authclient.WithLabel("Ada's laptop"))
	switch authclient.Reason(err) {
	case grpcauthv1.Reason_REASON_INVALID_CREDENTIALS:
		fmt.Println("wrong user name or password")
		return
	case grpcauthv1.Reason_REASON_INVALID_REQUEST:
		fmt.Println("a user name and a password are needed")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	// Output: a user name and a password are needed
}

// A session is safe to print.
func ExampleSession() {
	authConn, stop := exampleAuthConn()
	defer stop()
	session, err := authclient.Login(context.Background(), authConn, "ada", "analytical engine")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	fmt.Printf("%v %+v\n", session, session)
	// Output: authclient.Session{redacted} authclient.Session{redacted}
}

// A connection sends the token of the session it was made with.
func ExampleSession_DialOptions() {
	address, stop := exampleServer()
	defer stop()
	transport := grpc.WithTransportCredentials(insecure.NewCredentials())
	authConn, err := grpc.NewClient(address, transport)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer authConn.Close()
	session, err := authclient.Login(context.Background(), authConn, "ada", "analytical engine")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	conn, err := grpc.NewClient(address, append(session.DialOptions(), transport)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	me, err := grpcauthv1.NewAuthServiceClient(conn).GetUserInfo(context.Background(), &grpcauthv1.GetUserInfoRequest{})
	fmt.Println(me.GetUsername(), me.GetScopes(), err)
	// Output: ada [notes.read notes.write] <nil>
}

// Outside gRPC, ask for the token each time it is sent.
func ExampleSession_Token() {
	authConn, stop := exampleAuthConn()
	defer stop()
	ctx := context.Background()
	session, err := authclient.Login(ctx, authConn, "ada", "analytical engine")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	token, err := session.Token(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://notes.example/export", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	request.Header.Set("Authorization", "Bearer "+token)
	fmt.Println(len(request.Header))
	// Output: 1
}

// After the user was given more rights, a new token holds them.
func ExampleSession_Refresh() {
	authConn, stop := exampleAuthConn()
	defer stop()
	ctx := context.Background()
	session, err := authclient.Login(ctx, authConn, "ada", "analytical engine")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	before, err := session.Token(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := session.Refresh(ctx); err != nil {
		fmt.Println(err)
		return
	}
	after, err := session.Token(ctx)
	fmt.Println(after != before, err)
	// Output: true <nil>
}

func ExampleSession_Logout() {
	authConn, stop := exampleAuthConn()
	defer stop()
	ctx := context.Background()
	session, err := authclient.Login(ctx, authConn, "ada", "analytical engine")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := session.Logout(ctx); err != nil {
		fmt.Println(err)
		return
	}
	_, err = session.Token(ctx)
	fmt.Println(err)
	// Output: authclient: the session has ended, log in again: logged out
}

// Close gives the session up here; at the server it stands.
func ExampleSession_Close() {
	authConn, stop := exampleAuthConn()
	defer stop()
	ctx := context.Background()
	session, err := authclient.Login(ctx, authConn, "ada", "analytical engine")
	if err != nil {
		fmt.Println(err)
		return
	}
	session.Close()
	_, err = session.Token(ctx)
	fmt.Println(err)
	// Output: authclient: the session is closed
}

func ExampleReason() {
	authConn, stop := exampleAuthConn()
	defer stop()
	_, err := authclient.Login(context.Background(), authConn, "ada", "difference engine")
	fmt.Println(authclient.Reason(err))
	// Output: REASON_INVALID_CREDENTIALS
}

// Behind a service mesh the wire is encrypted and gRPC can't see it.
func ExampleInsecureAllowPlaintext() {
	authConn, stop := exampleAuthConn()
	defer stop()
	session, err := authclient.Login(context.Background(), authConn, "ada", "analytical engine",
		authclient.InsecureAllowPlaintext())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	fmt.Println("logged in")
	// Output: logged in
}
