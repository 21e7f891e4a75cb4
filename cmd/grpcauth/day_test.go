package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authclient"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// day is a day in the life of an auth server, a resource server and a person.
type day struct {
	*testing.T
	b        binaries
	dir      string
	auth     *authServer
	notes    string // its address
	conn     *grpc.ClientConn
	session  *authclient.Session
	tokens   *grpcauthv1.Tokens // of another session
	programs []*program
	secrets  []string
}

func (d *day) live() {
	subject := d.b.addUser(d.T, d.dir, "ada", "notes.read,notes.write")
	d.open()
	d.logIn(subject)
	d.callNotes()
	d.refresh()
	d.probe()
	d.end()
	d.restart(subject)
	d.logOut()
	if code := d.auth.terminate(); code != exitOK {
		d.Errorf("the second server exits %d", code)
	}
	d.tellsNoSecret()
}

func (d *day) context() context.Context {
	ctx, cancel := context.WithTimeout(d.T.Context(), patience)
	d.Cleanup(cancel)
	return ctx
}

func (d *day) open() {
	d.auth = d.b.serve(d.T, d.dir, "--drain-timeout", "300ms")
	notes, address := d.b.notes(d.T, nil, testIssuer, "http://"+d.auth.HTTP+"/.well-known/jwks.json")
	d.notes, d.conn = address, dial(d.T, d.auth.GRPC)
	d.programs = append(d.programs, d.auth.program, notes)
	if d.auth.Issuer != testIssuer || d.auth.Algorithm != "EdDSA" || d.auth.TLS || d.auth.Version == "" || d.auth.Store == "" {
		d.Errorf("it says that it listens so: %+v", d.auth)
	}
	key, err := os.ReadFile(filepath.Join(d.dir, "grpcauth.key"))
	if err != nil {
		d.Fatal(err)
	}
	d.secrets = append(d.secrets, goodPassword, strings.TrimSpace(strings.TrimPrefix(string(key), keyMark)))
}

func (d *day) logIn(subject string) {
	ctx := d.context()
	_, err := authclient.Login(ctx, d.conn, "ada", "wrong "+goodPassword)
	d.want("Login with a wrong password", err, codes.Unauthenticated, grpcauthv1.Reason_REASON_INVALID_CREDENTIALS)
	if d.session, err = authclient.Login(ctx, d.conn, "ada", goodPassword); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(d.session.Close)
	client := grpcauthv1.NewAuthServiceClient(d.conn)
	answer, err := client.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: goodPassword})
	if err != nil {
		d.Fatal(err)
	}
	d.keep(answer.GetTokens())
	info, err := client.GetUserInfo(d.bearer(d.tokens.GetAccessToken()), &grpcauthv1.GetUserInfoRequest{})
	if err != nil || info.GetSubject() != subject || info.GetUsername() != "ada" {
		d.Errorf("GetUserInfo: %v, %v", info, err)
	}
	// A user who is added beside the running server can log in.
	d.b.addUser(d.T, d.dir, "bob", "notes.read")
	if _, err := client.Login(ctx, &grpcauthv1.LoginRequest{Username: "bob", Password: goodPassword}); err != nil {
		d.Errorf("Login of a new user: %v", err)
	}
}

// keep makes tokens the newest ones.
func (d *day) keep(tokens *grpcauthv1.Tokens) {
	d.tokens = tokens
	d.secrets = append(d.secrets, tokens.GetAccessToken(), tokens.GetRefreshToken())
}

func (d *day) bearer(raw string) context.Context {
	return metadata.AppendToOutgoingContext(d.context(), "authorization", "Bearer "+raw)
}

func (d *day) callNotes() {
	ctx := d.context()
	mine := notesv1.NewNotesServiceClient(dial(d.T, d.notes, d.session.DialOptions()...))
	nobody := notesv1.NewNotesServiceClient(dial(d.T, d.notes))
	note := &notesv1.CreateNoteRequest{Text: "buy milk"}
	if _, err := mine.CreateNote(ctx, note); err != nil {
		d.Errorf("with a token: %v", err)
	}
	if got, err := mine.ListNotes(ctx, &notesv1.ListNotesRequest{}); err != nil || len(got.GetNotes()) != 1 {
		d.Errorf("listing: %v, %v", got, err)
	}
	_, err := nobody.CreateNote(ctx, note)
	d.want("without a token", err, codes.Unauthenticated, grpcauthv1.Reason_REASON_TOKEN_MISSING)
	_, err = nobody.CreateNote(d.bearer("garbage"), note)
	d.want("with garbage", err, codes.Unauthenticated, grpcauthv1.Reason_REASON_TOKEN_MALFORMED)
	_, err = nobody.CreateNote(d.bearer(d.tokens.GetRefreshToken()), note)
	d.want("with a refresh token", err, codes.Unauthenticated, grpcauthv1.Reason_REASON_TOKEN_MALFORMED)
	_, err = mine.PurgeNotes(ctx, &notesv1.PurgeNotesRequest{})
	d.want("without the scope", err, codes.PermissionDenied, grpcauthv1.Reason_REASON_SCOPE_MISSING)
}

func (d *day) want(what string, err error, code codes.Code, reason grpcauthv1.Reason) {
	d.Helper()
	if status.Code(err) != code || authclient.Reason(err) != reason {
		d.Errorf("%s: got %v, %v", what, err, authclient.Reason(err))
	}
}

func (d *day) refresh() {
	before, err := d.session.Token(d.context())
	if err != nil {
		d.Fatal(err)
	}
	if err := d.session.Refresh(d.context()); err != nil {
		d.Fatal(err)
	}
	after, err := d.session.Token(d.context())
	if err != nil || after == before {
		d.Errorf("Refresh gives the same token, %v", err)
	}
	d.secrets = append(d.secrets, before, after)
	if _, err := d.refreshRaw(); err != nil {
		d.Errorf("Refresh: %v", err)
	}
}

func (d *day) refreshRaw() (*grpcauthv1.Tokens, error) {
	client := grpcauthv1.NewAuthServiceClient(d.conn)
	answer, err := client.Refresh(d.context(), &grpcauthv1.RefreshRequest{RefreshToken: d.tokens.GetRefreshToken()})
	if err == nil {
		d.keep(answer.GetTokens())
	}
	return answer.GetTokens(), err
}
