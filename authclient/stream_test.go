package authclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// streaming is a user whose first token the server refuses as expired.
func streaming(t *testing.T) (testkitv1.StreamsServiceClient, *resource, *scripted) {
	t.Helper()
	auth := &scripted{lifetime: time.Hour}
	res := &resource{admit: refuse("Bearer access-1", grpcauthv1.Reason_REASON_TOKEN_EXPIRED)}
	return serveResource(t, res, login(t, serveAuth(t, auth))), res, auth
}

// drain receives until the stream ends.
func drain(stream grpc.ServerStreamingClient[testkitv1.ServerStreamResponse]) (payloads []string, err error) {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return payloads, nil
		}
		if err != nil {
			return payloads, err
		}
		payloads = append(payloads, string(m.GetPayload()))
	}
}

func TestRefusedServerStreamIsOpenedAgain(t *testing.T) {
	t.Parallel()
	client, res, auth := streaming(t)
	var header, trailer metadata.MD
	stream, err := client.ServerStream(context.Background(), &testkitv1.ServerStreamRequest{Count: 2}, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		t.Fatal(err)
	}
	payloads, err := drain(stream)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"Bearer access-2", "Bearer access-2"}; !slices.Equal(payloads, want) {
		t.Errorf("received %q, want %q", payloads, want)
	}
	if len(res.attempts()) != 2 || len(auth.refreshed()) != 1 {
		t.Errorf("%d attempts and %d renewals, want 2 and 1", len(res.attempts()), len(auth.refreshed()))
	}
	streamHeader, err := stream.Header()
	if err != nil {
		t.Fatal(err)
	}
	seen := fmt.Sprint(header.Get("attempt"), trailer.Get("attempt"), streamHeader.Get("attempt"), stream.Trailer().Get("attempt"))
	if seen != "[2] [2] [2] [2]" {
		t.Errorf("headers and trailers are of attempts %s", seen)
	}
}

func TestNothingOfTheFirstStreamIsLeftWhenTheSecondIsNotSent(t *testing.T) {
	t.Parallel()
	client, _, auth := streaming(t)
	auth.onRefresh = func(n int, _ *grpcauthv1.RefreshRequest) error {
		auth.lifetime = time.Nanosecond // so that the second stream needs a second renewal
		if n == 2 {
			return fault.Because(grpcauthv1.Reason_REASON_STORE_UNAVAILABLE, nil)
		}
		return nil
	}
	var header metadata.MD
	stream, err := client.ServerStream(context.Background(), &testkitv1.ServerStreamRequest{}, grpc.Header(&header))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := drain(stream); authclient.Reason(err) != grpcauthv1.Reason_REASON_STORE_UNAVAILABLE {
		t.Fatalf("error = %v, want why the second stream was not opened", err)
	}
	if len(header) != 0 {
		t.Errorf("the header of the first stream is still there: %v", header)
	}
}

func TestServerStreamWithoutAnyMessageIsOpenedAgain(t *testing.T) {
	t.Parallel()
	client, _, _ := streaming(t)
	stream, err := client.ServerStream(context.Background(), &testkitv1.ServerStreamRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if payloads, err := drain(stream); err != nil || len(payloads) != 0 {
		t.Errorf("received %q and %v, want a clean end", payloads, err)
	}
}

func TestServerStreamIsOpenedAgainOnce(t *testing.T) {
	t.Parallel()
	client, res, auth := streaming(t)
	res.admit = func(string) error { return fault.Because(grpcauthv1.Reason_REASON_TOKEN_EXPIRED, nil) }
	stream, err := client.ServerStream(context.Background(), &testkitv1.ServerStreamRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := drain(stream); authclient.Reason(err) != grpcauthv1.Reason_REASON_TOKEN_EXPIRED {
		t.Errorf("error = %v, want the server's own", err)
	}
	if len(res.attempts()) != 2 || len(auth.refreshed()) != 1 {
		t.Errorf("%d attempts and %d renewals, want 2 and 1", len(res.attempts()), len(auth.refreshed()))
	}
}

// late refuses a stream after it has answered: with a header, which holds a
// challenge, and with as many messages as the request asks for.
type late struct {
	resource
}

func (l *late) ServerStream(req *testkitv1.ServerStreamRequest, stream grpc.ServerStreamingServer[testkitv1.ServerStreamResponse]) error {
	if err := stream.SendHeader(metadata.Pairs("answer", "begun", "www-authenticate", "Bearer")); err != nil {
		return err
	}
	if err := l.resource.ServerStream(req, stream); err != nil {
		return err
	}
	return fault.Because(grpcauthv1.Reason_REASON_TOKEN_EXPIRED, nil)
}

func TestServerStreamThatHasBegunToAnswerIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		messages int32
		header   bool
		attempts int
	}{
		"a message was received":         {messages: 1, attempts: 1},
		"the header was read":            {header: true, attempts: 1},
		"nothing of it was seen by then": {attempts: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auth, res := &scripted{lifetime: time.Hour}, &late{}
			listener := serve(t, func(r grpc.ServiceRegistrar) { testkitv1.RegisterStreamsServiceServer(r, res) }, res.options()...)
			client := testkitv1.NewStreamsServiceClient(dial(t, listener, login(t, serveAuth(t, auth)).DialOptions()...))
			stream, err := client.ServerStream(context.Background(), &testkitv1.ServerStreamRequest{Count: tc.messages})
			if err != nil {
				t.Fatal(err)
			}
			if tc.header {
				if md, err := stream.Header(); err != nil || len(md.Get("answer")) != 1 {
					t.Fatalf("header %v, error %v", md, err)
				}
			}
			payloads, err := drain(stream)
			if len(payloads) != int(tc.messages) || authclient.Reason(err) != grpcauthv1.Reason_REASON_TOKEN_EXPIRED {
				t.Errorf("received %d messages and %v", len(payloads), err)
			}
			if n := len(res.attempts()); n != tc.attempts {
				t.Errorf("%d attempts, want %d", n, tc.attempts)
			}
		})
	}
}

func TestStreamsWithManyRequestsAreNotRetried(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(testkitv1.StreamsServiceClient) error{
		"client stream": func(client testkitv1.StreamsServiceClient) error {
			stream, err := client.ClientStream(context.Background())
			if err != nil {
				return err
			}
			_, err = stream.CloseAndRecv()
			return err
		},
		"bidirectional stream": func(client testkitv1.StreamsServiceClient) error {
			stream, err := client.Bidi(context.Background())
			if err != nil {
				return err
			}
			_, err = stream.Recv()
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, res, auth := streaming(t)
			if err := call(client); authclient.Reason(err) != grpcauthv1.Reason_REASON_TOKEN_EXPIRED {
				t.Errorf("error = %v, want the server's own", err)
			}
			if len(res.attempts()) != 1 || len(auth.refreshed()) != 0 {
				t.Errorf("%d attempts and %d renewals, want 1 and 0", len(res.attempts()), len(auth.refreshed()))
			}
		})
	}
}

// Whoever uses the stream without generated code may receive before sending.
// Then there is no request to send again.
func TestServerStreamRefusedBeforeItsRequestIsLeftAlone(t *testing.T) {
	t.Parallel()
	auth, res := &scripted{lifetime: time.Hour}, &resource{admit: refuse("Bearer access-1", grpcauthv1.Reason_REASON_TOKEN_EXPIRED)}
	listener := serve(t, func(r grpc.ServiceRegistrar) { testkitv1.RegisterStreamsServiceServer(r, res) }, res.options()...)
	conn := dial(t, listener, login(t, serveAuth(t, auth)).DialOptions()...)
	stream, err := conn.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true}, testkitv1.StreamsService_ServerStream_FullMethodName)
	if err != nil {
		t.Fatal(err)
	}
	err = stream.RecvMsg(new(testkitv1.ServerStreamResponse))
	if authclient.Reason(err) != grpcauthv1.Reason_REASON_TOKEN_EXPIRED || len(auth.refreshed()) != 0 {
		t.Errorf("error = %v after %d renewals", err, len(auth.refreshed()))
	}
}
