package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// testClients registers clients beside a server that runs: each call finds
// what stands then. A token whose session was ended is felt at the next call.
func testClients(t *testing.T, b binaries) {
	dir := t.TempDir()
	b.addUser(t, dir, "ada", "notes.read")
	auth := grpcauthv1.NewAuthServiceClient(dial(t, b.serve(t, dir, "--http-listen", "off").GRPC))
	db := filepath.Join(dir, "grpcauth.db")
	client := func(args ...string) (printed printedClient) {
		t.Helper()
		got := b.run(t, "", "grpcauth", append(append([]string{"client"}, args...), "--json", "--store", db)...)
		if err := json.Unmarshal([]byte(got.stdout), &printed); err != nil || got.code != exitOK {
			t.Fatalf("%q: %v, %+v", args, err, got)
		}
		return printed
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	want := func(what string, err error, reason string) {
		t.Helper()
		if got := fault.Name(fault.FromStatus(err)); err == nil && reason != "" || err != nil && got != reason {
			t.Errorf("%s: %s %v, want %q", what, got, status.Code(err), reason)
		}
	}

	secret := client("add", "gateway", "--service", "--scope", "grpcauth.introspect", "--serves", testAudience).ClientSecret
	request := &grpcauthv1.IssueClientTokenRequest{ClientId: "gateway", Proof: &grpcauthv1.IssueClientTokenRequest_ClientSecret{ClientSecret: secret}}
	gateway, err := auth.IssueClientToken(ctx, request)
	want("a token for the gateway", err, "")
	login, err := auth.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: goodPassword})
	want("a login", err, "")
	ada := login.GetTokens().GetAccessToken()
	active := func() bool {
		t.Helper()
		resp, err := auth.IntrospectToken(bearer(ctx, gateway.GetAccessToken()), &grpcauthv1.IntrospectTokenRequest{Token: ada})
		want("introspection", err, "")
		return resp.GetActive()
	}
	if !active() {
		t.Error("ada's token is inactive")
	}
	_, err = auth.RevokeToken(ctx, &grpcauthv1.RevokeTokenRequest{Token: login.GetTokens().GetRefreshToken()})
	want("giving up the refresh token", err, "")
	if active() {
		t.Error("ada's token is active after her session was ended")
	}
	_, err = auth.ListSessions(bearer(ctx, ada), &grpcauthv1.ListSessionsRequest{})
	want("a call with it", err, "TOKEN_REVOKED")

	client("set", "gateway", "--scope", "notes.read")
	changed, err := auth.IssueClientToken(ctx, request)
	want("a token after a change", err, "")
	if got := changed.GetScopes(); !slices.Equal(got, []string{"notes.read"}) {
		t.Errorf("it is granted %q", got)
	}
	active() // may still be asked with the token from before
	client("disable", "gateway")
	_, err = auth.IssueClientToken(ctx, request)
	want("a disabled client", err, "INVALID_CLIENT")
	_, err = auth.IntrospectToken(bearer(ctx, gateway.GetAccessToken()), &grpcauthv1.IntrospectTokenRequest{Token: ada})
	want("its token", err, "TOKEN_OUTDATED")
}

func bearer(ctx context.Context, accessToken string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+accessToken)
}
