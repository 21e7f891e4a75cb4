package interceptor_test

import (
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// PARITY 39: what lifts a binding lifts it for all messages.
func TestOverrideLiftsBindingsOfStreams(t *testing.T) {
	t.Parallel()
	conn := bindServer(t, binds{}).With(token.Spec{Subject: "root", Roles: []string{"admin"}})
	client := testkitv1.NewBindServiceClient(conn)
	bidi, err := client.Bidi(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sendAll(t, bidi, "ada", "", "bob")
	if answers, err := drained(bidi); answers != 3 || !errors.Is(err, io.EOF) {
		t.Errorf("39 %d answers, then %v", answers, err)
	}
	up, err := client.ClientStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sendAll(t, up, "ada", "", "bob")
	if res, err := up.CloseAndRecv(); res.GetReceived() != 3 || err != nil {
		t.Errorf("39 the handler got %d messages: %v", res.GetReceived(), err)
	}
}

// A stream without a message is about nobody.
func TestBoundStreamsWithoutAMessage(t *testing.T) {
	t.Parallel()
	client := testkitv1.NewBindServiceClient(bindServer(t, binds{}).As("ada"))
	bidi, err := client.Bidi(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sendAll(t, bidi)
	if answers, err := drained(bidi); answers != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d answers, then %v", answers, err)
	}
	up, err := client.ClientStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if res, err := up.CloseAndRecv(); err != nil || res.GetReceived() != 0 {
		t.Errorf("the handler got %d messages: %v", res.GetReceived(), err)
	}
}

// PARITY 38: good messages pass one by one, and the stream ends as usual.
func TestBoundStreamsOfGoodMessages(t *testing.T) {
	t.Parallel()
	var told decisions
	client := testkitv1.NewBindServiceClient(bindServer(t, binds{}, told.option()).As("ada"))
	bidi, err := client.Bidi(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sendAll(t, bidi, slices.Repeat([]string{"ada"}, 100)...)
	if answers, err := drained(bidi); answers != 100 || !errors.Is(err, io.EOF) {
		t.Errorf("38 %d answers, then %v", answers, err)
	}
	if seen := told.read(); len(seen) != 1 || seen[0].Denied() || seen[0].StreamEnd {
		t.Errorf("the observer was told %+v", seen)
	}
}

// A message that is refused at the very moment the token expires: one of the
// two is the reason, told once. For the race detector.
func TestRefusedMessageRacesTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ends, let atomic.Int32
		var told decisions
		server := bindServer(t, binds{bidi: func(stream bindBidi) error {
			for range 3 {
				if req, err := stream.Recv(); err == nil && req.GetUser() != "ada" {
					let.Add(1)
				}
			}
			return nil
		}}, told.option())
		client := testkitv1.NewBindServiceClient(server.With(token.Spec{Subject: "ada", Lifetime: lifetime}))
		const n = 50
		var wg sync.WaitGroup
		reasons := make([]error, n)
		for i := range n {
			wg.Go(func() {
				stream, err := client.Bidi(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(lifetime + leeway) // the bubble's clock: all at once
				_ = stream.Send(&bindRequest{User: "bob"})
				_, reasons[i] = stream.Recv()
			})
		}
		wg.Wait()
		synctest.Wait()
		for _, d := range told.read() {
			if d.StreamEnd {
				ends.Add(1)
			}
		}
		if ends.Load() != n || let.Load() != 0 {
			t.Errorf("%d ends for %d streams, %d refused messages got through", ends.Load(), n, let.Load())
		}
		for _, err := range reasons {
			if got := outcomeOf(err); got != unauthenticated(expired) && got != denied(bindingMismatch) {
				t.Errorf("a stream ended with %v", err)
			}
		}
	})
}

// After the lease has ended a stream, waiting messages stay where they are.
func TestMessagesThatWaitAreNotReceivedAfterTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got received
		server := bindServer(t, binds{bidi: func(stream bindBidi) error {
			<-stream.Context().Done()
			got.stubborn(5, stream.Recv)
			return nil
		}})
		stream, err := testkitv1.NewBindServiceClient(server.With(token.Spec{Subject: "ada", Lifetime: lifetime})).Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sendAll(t, stream, "ada", "bob", "ada")
		_, err = stream.Recv()
		unauthenticated(expired).check(t, err)
		synctest.Wait()
		if users, _ := got.read(); len(users) != 0 {
			t.Errorf("the handler got %q", users)
		}
	})
}
