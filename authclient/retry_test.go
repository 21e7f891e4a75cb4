package authclient_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// refuse refuses one token for one reason.
func refuse(authorization string, reason grpcauthv1.Reason) func(string) error {
	return func(sent string) error {
		if sent == authorization {
			return fault.Because(reason, nil)
		}
		return nil
	}
}

func TestRefusedUnaryCallIsRetriedWhereANewTokenHelps(t *testing.T) {
	t.Parallel()
	helps := map[grpcauthv1.Reason]bool{
		grpcauthv1.Reason_REASON_TOKEN_EXPIRED:     true,
		grpcauthv1.Reason_REASON_TOKEN_OUTDATED:    true,
		grpcauthv1.Reason_REASON_TOKEN_KEY_UNKNOWN: true,
	}
	for number := range grpcauthv1.Reason_name {
		reason := grpcauthv1.Reason(number)
		if reason == grpcauthv1.Reason_REASON_UNSPECIFIED {
			continue
		}
		t.Run(fault.Name(reason), func(t *testing.T) {
			t.Parallel()
			auth := &scripted{lifetime: time.Hour}
			res := &resource{admit: refuse("Bearer access-1", reason)}
			client := serveResource(t, res, login(t, serveAuth(t, auth)))

			answer, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{Text: "called"})
			if !helps[reason] {
				if authclient.Reason(err) != reason || len(res.attempts()) != 1 || len(auth.refreshed()) != 0 {
					t.Errorf("error %v after %d attempts and %d renewals", err, len(res.attempts()), len(auth.refreshed()))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := answer.GetText(); got != "called by Bearer access-2" {
				t.Errorf("answer = %q", got)
			}
			if want := []string{"Bearer access-1", "Bearer access-2"}; !slices.Equal(res.attempts(), want) {
				t.Errorf("attempts %q, want %q", res.attempts(), want)
			}
		})
	}
}

func TestAnotherDomainsReasonIsNotRetried(t *testing.T) {
	t.Parallel()
	foreign, err := status.New(codes.Unauthenticated, "no").WithDetails(&errdetails.ErrorInfo{Domain: "example.com", Reason: "TOKEN_EXPIRED"})
	if err != nil {
		t.Fatal(err)
	}
	auth := &scripted{lifetime: time.Hour}
	res := &resource{admit: func(string) error { return foreign.Err() }}
	client := serveResource(t, res, login(t, serveAuth(t, auth)))
	if _, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{}); status.Code(err) != codes.Unauthenticated {
		t.Errorf("error = %v", err)
	}
	if len(res.attempts()) != 1 || len(auth.refreshed()) != 0 {
		t.Errorf("%d attempts and %d renewals, want 1 and 0", len(res.attempts()), len(auth.refreshed()))
	}
}

// A server whose clock is hours ahead refuses every token. Each call may try
// twice, but the issuer must not pay for every one of them.
func TestServerThatRefusesFreshTokens(t *testing.T) {
	t.Parallel()
	for shape, call := range map[string]func(testkitv1.StreamsServiceClient) error{
		"unary": func(client testkitv1.StreamsServiceClient) error {
			_, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{})
			return err
		},
		"server stream": func(client testkitv1.StreamsServiceClient) error {
			stream, err := client.ServerStream(context.Background(), &testkitv1.ServerStreamRequest{})
			if err != nil {
				return err
			}
			_, err = drain(stream)
			return err
		},
	} {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { refuseFreshTokens(t, call) })
		})
	}
}

func refuseFreshTokens(t *testing.T, call func(testkitv1.StreamsServiceClient) error) {
	expired := func(string) error { return fault.Because(grpcauthv1.Reason_REASON_TOKEN_EXPIRED, nil) }
	auth, res := &scripted{lifetime: time.Hour}, &resource{admit: expired}
	session := login(t, serveAuth(t, auth))
	client := serveResource(t, res, session)
	refused := func() {
		t.Helper()
		if err := call(client); authclient.Reason(err) != grpcauthv1.Reason_REASON_TOKEN_EXPIRED {
			t.Fatalf("error = %v, want the server's own", err)
		}
	}
	refused()
	if len(res.attempts()) != 2 || len(auth.refreshed()) != 1 {
		t.Fatalf("%d attempts and %d renewals, want 2 and 1", len(res.attempts()), len(auth.refreshed()))
	}
	for range 600 { // one minute
		refused()
		time.Sleep(100 * time.Millisecond)
	}
	if n := len(auth.refreshed()); n > 8 {
		t.Errorf("%d renewals in a minute", n)
	}

	// A second attempt that helped makes up for it: the next fault is a first
	// one again, whose rest is a second.
	time.Sleep(time.Minute)
	res.admit = refuse("Bearer "+mustToken(t, session), grpcauthv1.Reason_REASON_TOKEN_EXPIRED)
	if err := call(client); err != nil {
		t.Errorf("after the server was mended: %v", err)
	}
	res.admit = expired
	before := len(auth.refreshed())
	refused()
	time.Sleep(1200 * time.Millisecond)
	refused()
	if n := len(auth.refreshed()) - before; n != 2 {
		t.Errorf("%d renewals, want 2", n)
	}
}

func TestCallsRefusedTogetherAreOneRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &scripted{lifetime: time.Hour}
		res := &resource{admit: refuse("Bearer access-1", grpcauthv1.Reason_REASON_TOKEN_OUTDATED)}
		client := serveResource(t, res, login(t, serveAuth(t, auth)))
		var calls sync.WaitGroup
		for range 100 {
			calls.Go(func() {
				if _, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{}); err != nil {
					t.Errorf("a call failed: %v", err)
				}
			})
		}
		calls.Wait()
		if n := len(auth.refreshed()); n != 1 {
			t.Errorf("%d renewals, want one", n)
		}
	})
}

func TestNoRenewalWhenTheTokenWasRenewedDuringTheCall(t *testing.T) {
	t.Parallel()
	auth := &scripted{lifetime: time.Hour}
	session := login(t, serveAuth(t, auth))
	res := &resource{admit: func(sent string) error {
		if sent != "Bearer access-1" {
			return nil
		}
		if err := session.Refresh(context.Background()); err != nil {
			t.Error(err)
		}
		return fault.Because(grpcauthv1.Reason_REASON_TOKEN_EXPIRED, nil)
	}}
	if _, err := serveResource(t, res, session).Unary(context.Background(), &testkitv1.UnaryRequest{}); err != nil {
		t.Fatal(err)
	}
	if n := len(auth.refreshed()); n != 1 {
		t.Errorf("%d renewals, want only the one during the call", n)
	}
}

func TestCallerSeesTheFinalAttempt(t *testing.T) {
	t.Parallel()
	res := &resource{admit: refuse("Bearer access-1", grpcauthv1.Reason_REASON_TOKEN_EXPIRED)}
	client := serveResource(t, res, login(t, serveAuth(t, &scripted{lifetime: time.Hour})))
	var header, trailer metadata.MD
	var from peer.Peer
	_, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{}, grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&from))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(header.Get("attempt"), trailer.Get("attempt")); got != "[2] [2]" {
		t.Errorf("header and trailer are of attempts %s", got)
	}
	if from.Addr == nil {
		t.Error("no peer")
	}
}

func TestNothingOfTheFirstAttemptIsLeftWhenTheSecondIsNotSent(t *testing.T) {
	t.Parallel()
	auth := &scripted{lifetime: time.Hour}
	auth.onRefresh = func(n int, _ *grpcauthv1.RefreshRequest) error {
		auth.lifetime = time.Nanosecond // so that the second attempt needs a second renewal
		if n == 2 {
			return fault.Because(grpcauthv1.Reason_REASON_STORE_UNAVAILABLE, nil)
		}
		return nil
	}
	res := &resource{admit: refuse("Bearer access-1", grpcauthv1.Reason_REASON_TOKEN_EXPIRED)}
	client := serveResource(t, res, login(t, serveAuth(t, auth)))
	var header metadata.MD
	_, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{}, grpc.Header(&header))
	if authclient.Reason(err) != grpcauthv1.Reason_REASON_STORE_UNAVAILABLE {
		t.Fatalf("error = %v, want why the second attempt was not sent", err)
	}
	if len(header) != 0 {
		t.Errorf("the header of the first attempt is still there: %v", header)
	}
}

func TestRefusedCallAndSessionThatEnded(t *testing.T) {
	t.Parallel()
	auth := &scripted{lifetime: time.Hour, onRefresh: func(int, *grpcauthv1.RefreshRequest) error {
		return fault.Because(grpcauthv1.Reason_REASON_SESSION_REVOKED, nil)
	}}
	res := &resource{admit: refuse("Bearer access-1", grpcauthv1.Reason_REASON_TOKEN_OUTDATED)}
	client := serveResource(t, res, login(t, serveAuth(t, auth)))
	if _, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{}); !errors.Is(err, authclient.ErrSessionEnded) {
		t.Errorf("error = %v, want ErrSessionEnded", err)
	}
	stream, err := client.ServerStream(context.Background(), &testkitv1.ServerStreamRequest{Count: 1})
	if err == nil {
		_, err = stream.Recv()
	}
	if !errors.Is(err, authclient.ErrSessionEnded) {
		t.Errorf("stream: error = %v, want ErrSessionEnded", err)
	}
}
