package interceptor_test

import (
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"

	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// What the client sent before the end may lie in the transport's buffer, in
// one frame: a handler that goes on without looking at its context must not be
// handed it after the token has expired.
func TestPipelinedMessagesAreNotSeenAfterTheStreamHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := make(chan int, 1)
		client := streamServer(t, streams{bidi: func(stream grpc.BidiStreamingServer[testkitv1.BidiRequest, testkitv1.BidiResponse]) error {
			if _, err := stream.Recv(); err != nil {
				return err
			}
			<-stream.Context().Done() // a slow handler: the token expires meanwhile
			var seen int
			for range 200 {
				if _, err := stream.Recv(); err == nil {
					seen++
				}
			}
			late <- seen
			return nil
		}})
		stream, err := client.Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if err := stream.Send(&testkitv1.BidiRequest{Text: "now"}); err != nil {
				t.Fatal(err)
			}
		}
		_, err = stream.Recv()
		unauthenticated(expired).check(t, err)
		if seen := <-late; seen != 0 {
			t.Errorf("the handler was handed %d messages after the stream had ended", seen)
		}
	})
}
