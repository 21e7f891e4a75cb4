package main

import (
	"strings"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// probe looks at what is served without gRPC.
func (d *day) probe() {
	if jwks := get(d.T, nil, "http://"+d.auth.HTTP+"/.well-known/jwks.json"); !strings.Contains(jwks, `"kid":"`+d.auth.KID+`"`) || strings.Contains(jwks, `"d":`) {
		d.Errorf("the key set is %s", jwks)
	}
	if got := get(d.T, nil, "http://"+d.auth.HTTP+"/readyz"); got != "ok\n" {
		d.Errorf("ready: %s", got)
	}
}

// end ends the server while a stream is open that never ends by itself.
func (d *day) end() {
	stream, err := healthv1.NewHealthClient(d.conn).Watch(d.context(), &healthv1.HealthCheckRequest{})
	if err != nil {
		d.Fatal(err)
	}
	d.wantStatus(stream, healthv1.HealthCheckResponse_SERVING)
	d.auth.signal(syscall.SIGTERM)
	d.wantStatus(stream, healthv1.HealthCheckResponse_NOT_SERVING)
	if code := d.auth.wait(); code != exitOK {
		d.Errorf("after SIGTERM it exits %d:\n%s", code, d.auth.stderr.String())
	}
	if _, err := stream.Recv(); err == nil {
		d.Error("the stream outlives its server")
	}
	d.auth.line(&d.auth.stderr, `"msg":"stopped"`)
}

func (d *day) wantStatus(stream grpc.ServerStreamingClient[healthv1.HealthCheckResponse], want healthv1.HealthCheckResponse_ServingStatus) {
	d.Helper()
	if got, err := stream.Recv(); err != nil || got.GetStatus() != want {
		d.Errorf("health: got %v, %v, want %v", got.GetStatus(), err, want)
	}
}

// restart starts the server on the same files and ports: what was issued
// before is still good, here and at a resource server that knows the new
// server only.
func (d *day) restart(subject string) {
	kid := d.auth.KID
	d.auth = d.b.serve(d.T, d.dir, "--listen", d.auth.GRPC, "--http-listen", d.auth.HTTP)
	notes, address := d.b.notes(d.T, nil, testIssuer, "http://"+d.auth.HTTP+"/.well-known/jwks.json")
	d.programs = append(d.programs, d.auth.program, notes)
	if d.auth.KID != kid {
		d.Errorf("the key is another one: %s, %s", kid, d.auth.KID)
	}
	old := d.bearer(d.tokens.GetAccessToken())
	info, err := grpcauthv1.NewAuthServiceClient(d.conn).GetUserInfo(old, &grpcauthv1.GetUserInfoRequest{})
	if err != nil || info.GetSubject() != subject {
		d.Errorf("an old token: %v, %v", info, err)
	}
	if _, err := notesv1.NewNotesServiceClient(dial(d.T, address)).ListNotes(old, &notesv1.ListNotesRequest{}); err != nil {
		d.Errorf("an old token at a new resource server: %v", err)
	}
	if _, err := d.refreshRaw(); err != nil {
		d.Errorf("Refresh after the restart: %v", err)
	}
	if err := d.session.Refresh(d.context()); err != nil {
		d.Errorf("Refresh of the client's session after the restart: %v", err)
	}
}

func (d *day) logOut() {
	client := grpcauthv1.NewAuthServiceClient(d.conn)
	if _, err := client.Logout(d.bearer(d.tokens.GetAccessToken()), &grpcauthv1.LogoutRequest{}); err != nil {
		d.Errorf("Logout: %v", err)
	}
	_, err := d.refreshRaw()
	d.want("Refresh after Logout", err, codes.Unauthenticated, grpcauthv1.Reason_REASON_SESSION_REVOKED)
	if err := d.session.Logout(d.context()); err != nil {
		d.Errorf("Logout of the client's session: %v", err)
	}
}

// tellsNoSecret looks for what was secret in everything that was logged.
//
// checklist: B2
func (d *day) tellsNoSecret() {
	for _, p := range d.programs {
		logged := p.stdout.String() + p.stderr.String()
		for _, secret := range d.secrets {
			for part := range strings.SplitSeq(secret, ".") { // of a token its parts, too
				if len(part) >= 16 && strings.Contains(logged, part) {
					d.Errorf("%s logs a secret: %.12s...", p.cmd.Args[0], part)
				}
			}
		}
	}
	if len(d.secrets) < 8 {
		d.Errorf("only %d secrets were looked for", len(d.secrets))
	}
}
