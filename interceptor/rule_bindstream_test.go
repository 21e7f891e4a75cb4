package interceptor_test

import (
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// received is what a handler got out of a stream.
type received struct {
	mu    sync.Mutex
	users []string
	errs  []error
}

func (r *received) add(req *bindRequest, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	r.users = append(r.users, req.GetUser())
}

func (r *received) read() ([]string, []error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.users), slices.Clone(r.errs)
}

// stubborn receives n times, whatever happens.
func (r *received) stubborn(n int, recv func() (*bindRequest, error)) {
	for range n {
		r.add(recv())
	}
}

// sendAll sends pipelined messages and says that there are no more.
func sendAll(t *testing.T, stream interface {
	Send(*bindRequest) error
	CloseSend() error
}, users ...string,
) {
	t.Helper()
	for _, user := range users {
		if err := stream.Send(&bindRequest{User: user}); err != nil && !errors.Is(err, io.EOF) { // io.EOF once the stream has ended
			t.Fatal(err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
}

// drained is how a stream ends, and how many answers came before that.
func drained(stream grpc.BidiStreamingClient[bindRequest, bindResponse]) (answers int, err error) {
	for {
		if _, err = stream.Recv(); err != nil {
			return answers, err
		}
		answers++
	}
}

// wantOneEnd checks that the observer was told of one call that was let in and
// of its one end.
func wantOneEnd(t *testing.T, seen []interceptor.Decision, method string) {
	t.Helper()
	if len(seen) != 2 {
		t.Fatalf("%d decisions, want that the call was let in, and its end: %+v", len(seen), seen)
	}
	if in := seen[0]; in.Denied() || in.StreamEnd || in.Method != method {
		t.Errorf("the call was not let in: %+v", in)
	}
	end := seen[1]
	if !end.StreamEnd || end.Reason != bindingMismatch || end.Cause == nil || end.Method != method || !end.Registered || end.Claims.Subject() != "ada" || end.Elapsed != 0 || end.ReportOnly {
		t.Errorf("the end is %+v", end)
	}
}

// PARITY 38: a refused message ends the stream, and the handler gets neither
// it nor what was sent after it, however often it asks.
func TestRefusedMessageEndsTheStream(t *testing.T) {
	t.Parallel()
	for name, users := range map[string][]string{
		"38 the first message":                   {"bob"},
		"38 the first of many":                   {"bob", "ada", "ada", "ada"},
		"38 one in the middle":                   {"ada", "ada", "bob", "ada", "ada"},
		"38 the last":                            {"ada", "ada", "bob"},
		"41a an empty one":                       {"ada", "", "ada"},
		"38 two that are refused, good ones too": {"ada", "bob", "ada", "eve", "ada"},
	} {
		good := slices.IndexFunc(users, func(user string) bool { return user != "ada" })
		check := func(t *testing.T, got *received) {
			t.Helper()
			seen, errs := got.read()
			if len(seen) != good {
				t.Errorf("the handler got %q, want the %d before the refused one", seen, good)
			}
			if len(errs) != 20-good {
				t.Errorf("%d errors, want one at every Recv after that", len(errs))
			}
			for _, err := range errs {
				denied(bindingMismatch).check(t, err)
			}
		}
		t.Run(name+", client stream", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var got received
				var told decisions
				server := bindServer(t, binds{clientStream: func(stream bindClientStream) error {
					got.stubborn(20, stream.Recv)
					return stream.SendAndClose(&bindResponse{User: "all is well"})
				}}, told.option())
				stream, err := testkitv1.NewBindServiceClient(server.As("ada")).ClientStream(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				sendAll(t, stream, users...)
				res, err := stream.CloseAndRecv()
				denied(bindingMismatch).check(t, err)
				if res.GetUser() != "" {
					t.Errorf("the client got %v", res)
				}
				synctest.Wait()
				check(t, &got)
				wantOneEnd(t, told.read(), "/testkit.v1.BindService/ClientStream")
			})
		})
		t.Run(name+", bidi", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var got received
				var told decisions
				var late error
				server := bindServer(t, binds{bidi: func(stream bindBidi) error {
					got.stubborn(20, stream.Recv)
					late = stream.Send(&bindResponse{User: "all is well"})
					return nil
				}}, told.option())
				stream, err := testkitv1.NewBindServiceClient(server.As("ada")).Bidi(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				sendAll(t, stream, users...)
				answers, err := drained(stream)
				denied(bindingMismatch).check(t, err)
				synctest.Wait()
				if answers != 0 || late == nil {
					t.Errorf("%d answers came over an ended stream, Send = %v", answers, late)
				}
				check(t, &got)
				wantOneEnd(t, told.read(), "/testkit.v1.BindService/Bidi")
			})
		})
	}
}

// The client learns at once, while the handler is busy with something else.
func TestRefusedMessageEndsTheStreamBeforeTheHandlerReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		leave, cause := make(chan struct{}), make(chan error, 1)
		server := bindServer(t, binds{bidi: func(stream bindBidi) error {
			_, _ = stream.Recv()
			cause <- stream.Context().Err()
			<-leave
			return nil
		}})
		stream, err := testkitv1.NewBindServiceClient(server.As("ada")).Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(&bindRequest{User: "bob"}); err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		denied(bindingMismatch).check(t, err)
		if header, _ := stream.Header(); len(header.Get("www-authenticate")) != 0 {
			t.Error("a stream that was let in ends like a call that was refused")
		}
		if <-cause == nil {
			t.Error("the handler's context goes on")
		}
		close(leave)
	})
}

// A refused message is emptied, for handlers that receive into their own.
func TestRefusedMessageIsEmptied(t *testing.T) {
	t.Parallel()
	got := make(chan *bindRequest, 2)
	server := bindServer(t, binds{bidi: func(stream bindBidi) error {
		for range 2 {
			req := &bindRequest{Tenant: "left over"}
			_ = stream.RecvMsg(req)
			got <- req
		}
		return nil
	}})
	stream, err := testkitv1.NewBindServiceClient(server.As("ada")).Bidi(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&bindRequest{User: "bob", Names: []string{"secret"}}); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	denied(bindingMismatch).check(t, err)
	if req := <-got; !proto.Equal(req, &bindRequest{}) {
		t.Errorf("the handler saw %v", req)
	}
	if req := <-got; !proto.Equal(req, &bindRequest{Tenant: "left over"}) {
		t.Errorf("the handler saw %v of a message that was not read any more", req)
	}
}
