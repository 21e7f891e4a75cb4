package interceptor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// PARITY 29: a token that was proven at one call is held to the age of its
// login at the next.
func TestRuleMaxAuthAgeGrowsOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := ruled(t, authtest.NewIssuer(t), &grpcauthv1.Rule{MaxAuthAge: durationpb.New(5 * time.Minute)})
		client := testkitv1.NewStreamsServiceClient(server.With(token.Spec{Subject: "ada", AuthTime: time.Now(), Lifetime: time.Hour}))
		for _, tc := range []struct {
			wait time.Duration // after the step before
			want outcome
		}{
			{0, ok},
			{4 * time.Minute, ok},
			{time.Minute, ok}, // to the very moment
			{1, unauthenticated(reauthenticate)},
			{30 * time.Second, unauthenticated(reauthenticate)}, // the leeway is for clocks, not for logins
			{30 * time.Minute, unauthenticated(reauthenticate)},
		} {
			time.Sleep(tc.wait) // the bubble's clock
			_, err := client.Unary(t.Context(), &testkitv1.UnaryRequest{})
			tc.want.check(t, err)
		}
		if stats := server.Guard().CacheStats(); stats.Hits != 5 {
			t.Errorf("%d calls found the token proven, want 5", stats.Hits)
		}
	})
}

// PARITY 29: a token that was renewed keeps its login's time, one of a new
// login does not.
func TestRuleMaxAuthAgeIsNotMetByRenewing(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	server := ruled(t, issuer, &grpcauthv1.Rule{MaxAuthAge: durationpb.New(5 * time.Minute)})
	login := time.Now().Add(-time.Hour)
	wantsEachShape(t, server.With(token.Spec{Subject: "ada", AuthTime: login}), unauthenticated(reauthenticate), "")
	wantsEachShape(t, server.With(token.Spec{Subject: "ada", AuthTime: time.Now()}), ok, "ada")
}

// PARITY 29: the client is told which age is wanted, in the error and in the
// header, on each shape of call.
func TestRuleMaxAuthAgeTellsTheAge(t *testing.T) {
	t.Parallel()
	server := ruled(t, authtest.NewIssuer(t), &grpcauthv1.Rule{MaxAuthAge: durationpb.New(5 * time.Minute)})
	client := testkitv1.NewStreamsServiceClient(server.As("ada"))
	check := func(t *testing.T, header metadata.MD, err error) {
		t.Helper()
		unauthenticated(reauthenticate).check(t, err)
		if got := metadataOf(err); len(got) != 1 || got["max_auth_age"] != "300" {
			t.Errorf("metadata = %v, want max_auth_age 300 and nothing else", got)
		}
		want := `Bearer error="insufficient_user_authentication", error_description="a more recent login is needed", max_age="300"`
		if got := header.Get("www-authenticate"); len(got) != 1 || got[0] != want {
			t.Errorf("www-authenticate = %q\nwant %q", got, want)
		}
	}
	t.Run("unary", func(t *testing.T) {
		var header metadata.MD
		_, err := client.Unary(t.Context(), &testkitv1.UnaryRequest{}, grpc.Header(&header))
		check(t, header, err)
	})
	t.Run("bidi", func(t *testing.T) {
		stream, err := client.Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		header, _ := stream.Header()
		check(t, header, err)
	})
	t.Run("server stream", func(t *testing.T) {
		stream, err := client.ServerStream(t.Context(), &testkitv1.ServerStreamRequest{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		header, _ := stream.Header()
		check(t, header, err)
	})
}

// A stream that was let in outlives the age: it is asked about at its start.
func TestRuleMaxAuthAgeIsAskedAtAStreamsStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := ruled(t, authtest.NewIssuer(t), &grpcauthv1.Rule{MaxAuthAge: durationpb.New(time.Minute)})
		stream, err := testkitv1.NewStreamsServiceClient(server.With(token.Spec{Subject: "ada", AuthTime: time.Now(), Lifetime: lifetime})).Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := stream.Send(&testkitv1.BidiRequest{}); err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute) // the bubble's clock
		}
		_, err = stream.Recv()
		unauthenticated(expired).check(t, err)
	})
}
