package interceptor_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

const (
	lifetime = 5 * time.Minute
	leeway   = 30 * time.Second // the verifier's default
)

// streamServer serves StreamsService with a handler of the test's own and
// calls it with a token that lives for lifetime.
func streamServer(t *testing.T, s streams, options ...interceptor.Option) testkitv1.StreamsServiceClient {
	t.Helper()
	server := authtest.NewServer(t, authtest.NewIssuer(t), func(r grpc.ServiceRegistrar) {
		testkitv1.RegisterStreamsServiceServer(r, s)
	}, options...)
	return testkitv1.NewStreamsServiceClient(server.With(token.Spec{Subject: "ada", Lifetime: lifetime}))
}

func TestStreamEndsWithItsTokenWhileBlockedInRecv(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		returned := make(chan error, 1)
		var ends atomic.Int32
		client := streamServer(t, streams{bidi: func(stream grpc.BidiStreamingServer[testkitv1.BidiRequest, testkitv1.BidiResponse]) error {
			_, err := stream.Recv()
			returned <- err
			return errors.New("what the handler returns later")
		}}, interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) {
			if d.StreamEnd && d.Reason == expired && d.Claims.Subject() == "ada" {
				ends.Add(1)
			}
		}))
		start := time.Now()
		stream, err := client.Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		unauthenticated(expired).check(t, err)
		if after := time.Since(start).Round(time.Second); after != lifetime+leeway {
			t.Errorf("the stream ended after %v, want %v", after, lifetime+leeway)
		}
		if header, _ := stream.Header(); len(header.Get("www-authenticate")) != 0 {
			t.Error("a stream that was let in ends like a call that was refused")
		}
		if err := <-returned; err == nil {
			t.Error("Recv gave the handler a message nobody sent")
		}
		synctest.Wait()
		if ends.Load() != 1 {
			t.Errorf("the observer saw %d ends", ends.Load())
		}
	})
}

func TestStreamEndsWithItsTokenWhileBlockedInSend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		returned := make(chan time.Duration, 1)
		client := streamServer(t, streams{serverStream: func(stream grpc.ServerStreamingServer[testkitv1.ServerStreamResponse]) error {
			payload := make([]byte, 64<<10)
			for {
				if err := stream.Send(&testkitv1.ServerStreamResponse{Payload: payload}); err != nil {
					returned <- time.Since(start).Round(time.Second)
					return err
				}
			}
		}})
		stream, err := client.ServerStream(t.Context(), &testkitv1.ServerStreamRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if after := <-returned; after != lifetime+leeway { // the client has read nothing yet
			t.Errorf("Send was released after %v, want %v", after, lifetime+leeway)
		}
		for err == nil {
			_, err = stream.Recv()
		}
		unauthenticated(expired).check(t, err)
	})
}

func TestStreamEndsWithItsTokenWhenTheHandlerIgnoresItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		deaf := make(chan struct{})
		cancelled := make(chan struct{})
		var late error
		client := streamServer(t, streams{bidi: func(stream grpc.BidiStreamingServer[testkitv1.BidiRequest, testkitv1.BidiResponse]) error {
			go func() { <-stream.Context().Done(); close(cancelled) }()
			<-deaf
			late = stream.Send(&testkitv1.BidiResponse{Text: "too late"})
			return nil
		}})
		stream, err := client.Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		unauthenticated(expired).check(t, err)
		<-cancelled
		close(deaf)
		synctest.Wait()
		if late == nil {
			t.Error("a message was sent on an ended stream")
		}
	})
}

// go-grpc-middleware wraps a stream once: an interceptor after the guard that
// adds to the context writes to the guard's own wrapper. For the race detector.
func TestLaterInterceptorMayReplaceTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := streamServer(t, streams{bidi: func(stream grpc.BidiStreamingServer[testkitv1.BidiRequest, testkitv1.BidiResponse]) error {
			generic := stream.(*grpc.GenericServerStream[testkitv1.BidiRequest, testkitv1.BidiResponse])
			wrapped := middleware.WrapServerStream(generic.ServerStream)
			wrapped.WrappedContext = context.WithoutCancel(wrapped.Context())
			_, err := stream.Recv()
			return err
		}}, interceptor.WithObserver(func(context.Context, interceptor.Decision) {}))
		stream, err := client.Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		unauthenticated(expired).check(t, err)
	})
}

func TestSlowObserverKeepsNoStreamOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		client := streamServer(t, streams{}, interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) {
			if d.StreamEnd {
				<-over
			}
		}))
		stream, err := client.Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		unauthenticated(expired).check(t, err)
		close(over)
	})
}

func TestStreamThatFinishesFirstKeepsItsOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := streamServer(t, streams{})
		stream, err := client.ServerStream(t.Context(), &testkitv1.ServerStreamRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("the end = %v, want io.EOF", err)
		}
		time.Sleep(2 * (lifetime + leeway)) // nothing is left to go off
	})
}

func TestTwoThousandStreamsEndTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := streamServer(t, streams{})
		var open []grpc.BidiStreamingClient[testkitv1.BidiRequest, testkitv1.BidiResponse]
		for range 2000 {
			stream, err := client.Bidi(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := stream.Send(&testkitv1.BidiRequest{}); err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
			open = append(open, stream)
		}
		for _, stream := range open {
			_, err := stream.Recv()
			unauthenticated(expired).check(t, err)
		}
	})
}
