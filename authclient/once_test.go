package authclient_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// worker does something that must not be done twice, then fails: at once with
// the refusal of a service behind it, or, as a stream, with its own context.
type worker struct {
	testkitv1.UnimplementedStreamsServiceServer
	done atomic.Int32
	wait bool
}

func (w *worker) Unary(context.Context, *testkitv1.UnaryRequest) (*testkitv1.UnaryResponse, error) {
	w.done.Add(1)
	return nil, fault.Because(grpcauthv1.Reason_REASON_TOKEN_EXPIRED, nil)
}

func (w *worker) ServerStream(_ *testkitv1.ServerStreamRequest, stream grpc.ServerStreamingServer[testkitv1.ServerStreamResponse]) error {
	w.done.Add(1)
	if w.wait {
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	return fault.Because(grpcauthv1.Reason_REASON_TOKEN_EXPIRED, nil)
}

// A guard's refusal and what a handler fails with look the same in the status.
// Only the first is safe to answer with a second attempt.
func TestWhatAHandlerBeganIsNotDoneTwice(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wait bool
		call func(testkitv1.StreamsServiceClient) error
	}{
		"a handler passes on another service's refusal": {false, call},
		"a stream's handler passes it on":               {false, callStream},
		"a silent stream ends with its token":           {true, callStream},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, w := newSystem(t), &worker{wait: tc.wait}
				listener := s.guarded(t, time.Now, func(r grpc.ServiceRegistrar) { testkitv1.RegisterStreamsServiceServer(r, w) })
				session := login(t, s.conn)
				err := tc.call(testkitv1.NewStreamsServiceClient(dial(t, listener, session.DialOptions()...)))
				if got := authclient.Reason(err); got != grpcauthv1.Reason_REASON_TOKEN_EXPIRED {
					t.Errorf("error = %v, want the server's own", err)
				}
				if n := w.done.Load(); n != 1 {
					t.Errorf("the handler ran %d times", n)
				}
			})
		})
	}
}

func callStream(client testkitv1.StreamsServiceClient) error {
	stream, err := client.ServerStream(context.Background(), &testkitv1.ServerStreamRequest{})
	if err != nil {
		return err
	}
	_, err = drain(stream)
	return err
}
