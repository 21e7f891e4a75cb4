package main

import (
	"context"

	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authclient"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

func (t *tour) logIn() {
	t.step("log in with a wrong password", "Unauthenticated INVALID_CREDENTIALS", func(ctx context.Context) string {
		_, err := authclient.Login(ctx, t.plain, username, "wrong")
		return outcome(err)
	})
	t.step("log in", "OK", func(ctx context.Context) string {
		session, err := authclient.Login(ctx, t.plain, username, password)
		if err != nil {
			return outcome(err)
		}
		t.session = session
		t.notes = notesv1.NewNotesServiceClient(t.dial(session.DialOptions()...))
		return outcome(err)
	})
}

func (t *tour) call() {
	anonymous := notesv1.NewNotesServiceClient(t.plain)
	t.step("keep a note without a token", "Unauthenticated TOKEN_MISSING", func(ctx context.Context) string {
		_, err := anonymous.CreateNote(ctx, &notesv1.CreateNoteRequest{Text: "buy milk"})
		return outcome(err)
	})
	t.step("keep a note with a garbage token", "Unauthenticated TOKEN_MALFORMED", func(ctx context.Context) string {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer garbage")
		_, err := anonymous.CreateNote(ctx, &notesv1.CreateNoteRequest{Text: "buy milk"})
		return outcome(err)
	})
	t.step("keep a note with the session's token", "OK", func(ctx context.Context) string {
		_, err := t.notes.CreateNote(ctx, &notesv1.CreateNoteRequest{Text: "buy milk"})
		return outcome(err)
	})
	t.step("purge, which wants a scope ada lacks", "PermissionDenied SCOPE_MISSING", func(ctx context.Context) string {
		_, err := t.notes.PurgeNotes(ctx, &notesv1.PurgeNotesRequest{})
		return outcome(err)
	})
}

func (t *tour) stream() {
	anonymous := notesv1.NewNotesServiceClient(t.plain)
	t.step("watch the notes without a token", "Unauthenticated TOKEN_MISSING", func(ctx context.Context) string { return watch(ctx, anonymous) })
	t.step("watch the notes (server stream)", "OK", func(ctx context.Context) string { return watch(ctx, t.notes) })
	t.step("sync two notes without a token", "Unauthenticated TOKEN_MISSING", func(ctx context.Context) string { return syncTwo(ctx, anonymous) })
	t.step("sync two notes (bidirectional stream)", "OK", func(ctx context.Context) string { return syncTwo(ctx, t.notes) })
}

// watch waits for the first note of the stream.
func watch(ctx context.Context, notes notesv1.NotesServiceClient) string {
	stream, err := notes.WatchNotes(ctx, &notesv1.WatchNotesRequest{})
	if err != nil {
		return outcome(err)
	}
	_, err = stream.Recv()
	return outcome(err)
}

// syncTwo sends two notes and waits for each answer.
func syncTwo(ctx context.Context, notes notesv1.NotesServiceClient) string {
	stream, err := notes.SyncNotes(ctx)
	if err != nil {
		return outcome(err)
	}
	for _, text := range []string{"water the plants", "call Grace"} {
		_ = stream.Send(&notesv1.SyncNotesRequest{Text: text}) // why it failed is what Recv says
		if _, err := stream.Recv(); err != nil {
			return outcome(err)
		}
	}
	return outcome(stream.CloseSend())
}

// refresh shows rotation on the wire, where authclient usually hides it.
func (t *tour) refresh() {
	t.step("the session renews its token", "OK", func(ctx context.Context) string {
		if err := t.session.Refresh(ctx); err != nil {
			return outcome(err)
		}
		_, err := t.notes.ListNotes(ctx, &notesv1.ListNotesRequest{})
		return outcome(err)
	})
	var first, second, third string
	t.step("Refresh gives a new refresh token", "OK, another one", func(ctx context.Context) string {
		var err error
		if first, err = t.rawLogin(ctx); err == nil {
			second, err = t.rawRefresh(ctx, first)
		}
		return told(err, first != second, "another one", "the same one")
	})
	t.step("the used one again, as if the answer was lost", "OK, the same new one", func(ctx context.Context) string {
		again, err := t.rawRefresh(ctx, first)
		return told(err, again == second, "the same new one", "another new one")
	})
	t.step("then the new one", "OK, another one", func(ctx context.Context) string {
		var err error
		third, err = t.rawRefresh(ctx, second)
		return told(err, third != second, "another one", "the same one")
	})
	t.step("the first one, now too old: it was stolen", "Unauthenticated REFRESH_REUSED", func(ctx context.Context) string {
		_, err := t.rawRefresh(ctx, first)
		return outcome(err)
	})
	t.step("the newest one: the session is revoked", "Unauthenticated SESSION_REVOKED", func(ctx context.Context) string {
		_, err := t.rawRefresh(ctx, third)
		return outcome(err)
	})
}

func (t *tour) logOut() {
	var tokens *grpcauthv1.Tokens
	t.step("log out", "OK", func(ctx context.Context) string {
		var err error
		if tokens, err = t.rawTokens(ctx); err != nil {
			return outcome(err)
		}
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+tokens.GetAccessToken())
		_, err = t.auth.Logout(ctx, &grpcauthv1.LogoutRequest{})
		return outcome(err)
	})
	t.step("call with its access token after logging out", "Unauthenticated TOKEN_REVOKED", func(ctx context.Context) string {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+tokens.GetAccessToken())
		_, err := t.auth.GetUserInfo(ctx, &grpcauthv1.GetUserInfoRequest{})
		return outcome(err)
	})
	t.step("Refresh after logging out", "Unauthenticated SESSION_REVOKED", func(ctx context.Context) string {
		_, err := t.rawRefresh(ctx, tokens.GetRefreshToken())
		return outcome(err)
	})
}

func (t *tour) rawTokens(ctx context.Context) (*grpcauthv1.Tokens, error) {
	res, err := t.auth.Login(ctx, &grpcauthv1.LoginRequest{Username: username, Password: password})
	return res.GetTokens(), err
}

func (t *tour) rawLogin(ctx context.Context) (refreshToken string, err error) {
	tokens, err := t.rawTokens(ctx)
	return tokens.GetRefreshToken(), err
}

func (t *tour) rawRefresh(ctx context.Context, refreshToken string) (successor string, err error) {
	res, err := t.auth.Refresh(ctx, &grpcauthv1.RefreshRequest{RefreshToken: refreshToken})
	return res.GetTokens().GetRefreshToken(), err
}

// told is the outcome of a call that has more to tell than "OK".
func told(err error, holds bool, yes, no string) string {
	if err != nil {
		return outcome(err)
	}
	if holds {
		return "OK, " + yes
	}
	return "OK, " + no
}
