package interceptor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// watchful is BindService with handlers that read from two goroutines, go on
// after an error, and note each message that is not the caller's own.
type watchful struct {
	testkitv1.UnimplementedBindServiceServer
	foreign *atomic.Int32
}

func (b watchful) note(ctx context.Context, req *testkitv1.BindRequest) {
	if req.GetUser() != subject(ctx) {
		b.foreign.Add(1)
	}
}

func (b watchful) Unary(ctx context.Context, req *testkitv1.BindRequest) (*testkitv1.BindResponse, error) {
	b.note(ctx, req)
	return &testkitv1.BindResponse{}, nil
}

func (b watchful) ServerStream(req *testkitv1.BindRequest, stream grpc.ServerStreamingServer[testkitv1.BindResponse]) error {
	b.note(stream.Context(), req)
	return stream.Send(&testkitv1.BindResponse{})
}

func (b watchful) Bidi(stream grpc.BidiStreamingServer[testkitv1.BindRequest, testkitv1.BindResponse]) error {
	turn := make(chan struct{}, 1) // gRPC allows one Recv at a time, from whichever goroutine
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for range 60 {
				req := &testkitv1.BindRequest{User: subject(stream.Context())} // a message object that was used before
				turn <- struct{}{}
				err := stream.RecvMsg(req)
				<-turn
				if err == nil || req.GetUser() != "" && req.GetUser() != subject(stream.Context()) {
					b.note(stream.Context(), req)
				}
				_ = stream.Send(&testkitv1.BindResponse{})
			}
		})
	}
	readers.Wait()
	return nil
}

// For the race detector, too: calls of all shapes with all kinds of tokens,
// streams that expire meanwhile, and Protect, Rules and CacheStats beside them.
func TestNobodySeesAForeignMessageUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var foreign, decided atomic.Int32
		issuer, b := authtest.NewIssuer(t), watchful{foreign: &foreign}
		server := authtest.NewServer(t, issuer, func(r grpc.ServiceRegistrar) { testkitv1.RegisterBindServiceServer(r, b) },
			interceptor.WithUser(found), interceptor.WithCacheBytes(16<<10),
			interceptor.WithObserver(func(context.Context, interceptor.Decision) { decided.Add(1) }))
		again := grpc.NewServer()
		testkitv1.RegisterBindServiceServer(again, b)
		var callers sync.WaitGroup
		for i := range 16 {
			callers.Go(func() {
				for j := range 20 {
					name := fmt.Sprintf("user-%d-%d", i, j%3)
					client := testkitv1.NewBindServiceClient(server.With(token.Spec{Subject: name, Lifetime: time.Duration(1+j%4) * time.Second}))
					_, _ = client.Unary(t.Context(), &testkitv1.BindRequest{User: "mallory"})
					if stream, err := client.ServerStream(t.Context(), &testkitv1.BindRequest{User: "mallory"}); err == nil {
						_, _ = stream.Recv()
					}
					stream, err := client.Bidi(t.Context())
					if err != nil {
						continue
					}
					bad := rand.IntN(80)
					for k := range 60 {
						req := &testkitv1.BindRequest{User: name}
						if k == bad {
							req.User = "mallory"
						}
						if stream.Send(req) != nil {
							break
						}
					}
					for err == nil {
						_, err = stream.Recv()
					}
					_ = server.Guard().Protect(again)
					_, _ = server.Guard().Rules(), server.Guard().CacheStats()
				}
			})
		}
		callers.Wait()
		if n := foreign.Load(); n > 0 {
			t.Errorf("handlers saw %d messages of somebody else", n)
		}
		if decided.Load() < 16*20*3 {
			t.Errorf("%d decisions", decided.Load())
		}
	})
}
