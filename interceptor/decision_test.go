package interceptor_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

func TestWhatADecisionTells(t *testing.T) {
	t.Parallel()
	var d decisions
	server := newServer(t, authtest.NewIssuer(t), d.option())
	ada, nobody := server.As("ada"), server.Anonymous()
	for _, step := range []struct {
		name    string
		conn    *grpc.ClientConn
		method  string
		reason  grpcauthv1.Reason
		subject string // "" where nobody was authenticated
		cached  bool
	}{
		{"a token for the first time", ada, "Authenticated", 0, "ada", false},
		{"and again", ada, "Authenticated", 0, "ada", true},
		{"and on another method, which refuses", ada, "Scopes", scopeMissing, "ada", true},
		{"and where it is not read", ada, "Public", 0, "", false},
		{"no token", nobody, "Authenticated", missing, "", false},
		{"no token, and none is needed", nobody, "Optional", 0, "", false},
		{"a token that is none", server.WithToken("junk"), "Optional", malformed, "", false},
	} {
		_ = step.conn.Invoke(t.Context(), "/testkit.v1.RulesService/"+step.method, &testkitv1.PublicRequest{}, &testkitv1.PublicResponse{})
		seen := d.read()
		if len(seen) != 1 {
			t.Fatalf("%s: %d decisions", step.name, len(seen))
		}
		got, subject := seen[0], ""
		if got.Claims != nil {
			subject = got.Claims.Subject()
		}
		if got.Method != "/testkit.v1.RulesService/"+step.method || !got.Registered || got.StreamEnd || got.ReportOnly ||
			got.Reason != step.reason || got.Denied() != (step.reason != 0) || subject != step.subject || got.Cached != step.cached {
			t.Errorf("%s: %+v", step.name, got)
		}
		if got.Elapsed <= 0 || got.Elapsed > time.Minute {
			t.Errorf("%s: it took %v", step.name, got.Elapsed)
		}
	}
}

// Methods that nobody registered reach the Guard where a server handles
// unknown services. Their names are the client's to choose.
func TestADecisionTellsWhichMethodsAreRegistered(t *testing.T) {
	t.Parallel()
	var d decisions
	guard := newGuard(t, d.option())
	srv := grpc.NewServer(append(guard.ServerOptions(), grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return nil }))...)
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	conn := startOwn(t, srv)
	for method, want := range map[string]bool{"/testkit.v1.StreamsService/Unary": true, "/testkit.v1.StreamsService/unary": false, "/x/y": false} {
		err := conn.Invoke(t.Context(), method, &testkitv1.UnaryRequest{}, &testkitv1.UnaryResponse{})
		if err == nil {
			t.Errorf("%s was let in", method)
		}
		if seen := d.read(); len(seen) != 1 || seen[0].Method != method || seen[0].Registered != want {
			t.Errorf("%s: %+v", method, seen)
		}
	}
}

func TestElapsedIsWhatTheDecisionTook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d decisions
		client := streamServer(t, streams{}, d.option(), interceptor.WithCheck(func(context.Context, *token.Claims) error {
			time.Sleep(3 * time.Second)
			return nil
		}))
		if _, err := client.Unary(t.Context(), &testkitv1.UnaryRequest{}); err != nil {
			t.Fatal(err)
		}
		if seen := d.read(); len(seen) != 1 || seen[0].Elapsed != 3*time.Second {
			t.Errorf("%+v", seen)
		}
	})
}

func TestEveryObserverIsToldInTurn(t *testing.T) {
	t.Parallel()
	var j journal
	tell := func(who string) interceptor.Option {
		return interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) { j.note(who + " " + d.Reason.String()) })
	}
	conn := newServer(t, authtest.NewIssuer(t), tell("one"), interceptor.WithObserver(nil), tell("two")).Anonymous()
	eachShape(t, conn, t.Context(), func(t *testing.T, _ string, err error) {
		unauthenticated(missing).check(t, err)
		if told := j.read(); !slices.Equal(told, []string{"one REASON_TOKEN_MISSING", "two REASON_TOKEN_MISSING"}) {
			t.Errorf("told %q", told)
		}
	})
}

// checklist: B2
func TestADecisionShowsNoToken(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	var d decisions
	server := newServer(t, issuer, d.option())
	for _, raw := range []string{issuer.Token(token.Spec{}), issuer.Expired(token.Spec{}), issuer.WrongKey(token.Spec{}), "secret-but-no-token"} {
		_, _ = testkitv1.NewRulesServiceClient(server.WithToken(raw)).Scopes(t.Context(), &testkitv1.ScopesRequest{})
		for _, seen := range d.read() {
			for _, text := range []string{fmt.Sprint(seen), fmt.Sprintf("%+v %#v", seen, seen), fmt.Sprint(seen.Cause), fmt.Sprintf("%+v", seen.Claims)} {
				if strings.Contains(text, raw) || strings.Contains(text, raw[strings.LastIndexByte(raw, '.')+1:]) {
					t.Errorf("%s is in %s", raw, text)
				}
			}
		}
	}
}
