package interceptor_test

import (
	"crypto/ed25519"
	"testing"

	"google.golang.org/grpc"

	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// Over ServeHTTP a client that reads nothing keeps the status from going out.
// It must not keep the handler supplied with messages by that.
func TestMessagesThatComeAfterTheEndAreNotSeenOverHTTP(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	guard := strictGuard(t, public)
	ended, seen := make(chan struct{}), make(chan error, 1)
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterStreamsServiceServer(srv, streams{bidi: func(stream grpc.BidiStreamingServer[testkitv1.BidiRequest, testkitv1.BidiResponse]) error {
		go func() {
			<-stream.Context().Done()
			close(ended)
		}()
		go func() { // fills what the client does not read
			for stream.Send(&testkitv1.BidiResponse{Text: string(make([]byte, 64<<10))}) == nil {
			}
		}()
		var err error
		for err == nil && stream.Context().Err() == nil {
			_, err = stream.Recv()
		}
		for range 20 {
			if _, err = stream.Recv(); err == nil {
				break
			}
		}
		seen <- err
		return nil
	}})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	stream, err := testkitv1.NewStreamsServiceClient(startHTTP(t, srv)).Bidi(sending(t, "Bearer "+shortLived(t, private)))
	if err != nil {
		t.Fatal(err)
	}
	<-ended
	for range 50 {
		if stream.Send(&testkitv1.BidiRequest{Text: "late"}) != nil {
			break
		}
	}
	for err == nil {
		_, err = stream.Recv()
	}
	unauthenticated(expired).check(t, err)
	if err := <-seen; err == nil {
		t.Error("the handler was handed a message after the end")
	}
}
