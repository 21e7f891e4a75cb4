package authclient

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

func (r *renewer) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if desc.ClientStreams {
		return open(ctx, desc, cc, method, opts...)
	}
	noted, sent := r.noteSent(ctx)
	first, err := open(noted, desc, cc, method, opts...)
	if err != nil {
		return nil, err
	}
	again := func(err error) (grpc.ClientStream, error) {
		header, _ := first.Header() // does not wait: the stream is over
		if !r.worthRetrying(sent.Load(), header, err) {
			return nil, err
		}
		if _, err := r.replace(ctx, sent.Load(), false); err != nil {
			return nil, err
		}
		forget(opts)
		return open(ctx, desc, cc, method, opts...)
	}
	return &serverStream{stream: first, again: again, judge: r.judge}, nil
}

// serverStream is a stream with one request, which it can send again on
// another stream as long as nothing of the answer has been seen.
type serverStream struct {
	again func(error) (grpc.ClientStream, error) // opens the second stream, or says why not
	judge func(error)                            // is told how the second stream went

	mu      sync.Mutex // never held while the network is waited for
	stream  grpc.ClientStream
	request any  // what was sent, until it is known that it need not be sent again
	settled bool // the stream is the final one
}

func (r *serverStream) now() grpc.ClientStream {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stream
}

// SendMsg sends the request and remembers it. grpc forbids changing a message
// after it was sent, so it is not copied.
func (r *serverStream) SendMsg(m any) error {
	r.mu.Lock()
	if !r.settled {
		r.request = m
	}
	r.mu.Unlock()
	return r.now().SendMsg(m)
}

// RecvMsg receives a message, from a second stream if the first one is
// refused before its first message for want of a newer token.
func (r *serverStream) RecvMsg(m any) error {
	stream := r.now()
	err := stream.RecvMsg(m)
	request := r.settle()
	if err == nil || request == nil {
		return err
	}
	stream, err = r.again(err)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.stream = stream
	r.mu.Unlock()
	err = resend(stream, request, m)
	r.judge(err)
	return err
}

// settle makes the present stream the final one and is the request that was
// sent, if it was not so before.
func (r *serverStream) settle() any {
	r.mu.Lock()
	defer r.mu.Unlock()
	request := r.request
	r.request, r.settled = nil, true
	return request
}

func resend(stream grpc.ClientStream, request, m any) error {
	if err := stream.SendMsg(request); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.RecvMsg(m)
}

// Header waits for the header. Whoever has seen it has seen part of the
// answer, so there is no second stream after that.
func (r *serverStream) Header() (metadata.MD, error) {
	md, err := r.now().Header()
	if md != nil {
		r.settle()
	}
	return md, err
}

// Trailer is the trailer of the stream that was final.
func (r *serverStream) Trailer() metadata.MD { return r.now().Trailer() }

// CloseSend says that no more requests will come.
func (r *serverStream) CloseSend() error { return r.now().CloseSend() }

// Context is the context of the stream as it is now. As grpc says, it is
// final only after Header or RecvMsg has returned.
func (r *serverStream) Context() context.Context { return r.now().Context() }
