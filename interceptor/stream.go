package interceptor

import (
	"context"
	"sync/atomic"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/token"
)

// heldStream is a stream that was let in and lives no longer than its lease.
//
// Ending a stream from outside its handler takes more than cancelling a
// context: neither a blocked Recv nor a blocked Send of grpc-go looks at a
// derived one. Its transport stream's WriteStatus finishes the stream and
// wakes both. It may have to wait for the client first (over ServeHTTP, while
// the client reads nothing), so the handler's context is cancelled as well.
type heldStream struct {
	guard   *Guard
	method  string
	claims  *token.Claims
	stream  *middleware.WrappedServerStream
	cancel  context.CancelCauseFunc
	finish  func(*status.Status) error // nil where the transport has none
	refused atomic.Pointer[Denial]     // why the lease ended
}

// statusWriter is the part of grpc-go's transport stream that ends a stream.
type statusWriter interface {
	WriteStatus(st *status.Status) error
}

func (g *Guard) hold(ctx context.Context, stream grpc.ServerStream, method string, claims *token.Claims) *heldStream {
	h := &heldStream{guard: g, method: method, claims: claims}
	ctx, h.cancel = context.WithCancelCause(ctx)
	if w, ok := grpc.ServerTransportStreamFromContext(ctx).(statusWriter); ok {
		h.finish = w.WriteStatus
	} else {
		stream = &wakingStream{ServerStream: stream, ctx: ctx}
	}
	h.stream = &middleware.WrappedServerStream{ServerStream: stream, WrappedContext: ctx}
	return h
}

// run runs the handler under a lease. When the lease ends first, its reason
// is the outcome, whatever the handler returns later.
func (h *heldStream) run(handler func(*middleware.WrappedServerStream) error) error {
	ctx := h.stream.Context() // read now: a later interceptor may put another in its place
	lease := h.guard.leases.hold(h.guard.verifier.Remaining(h.claims), func() { h.end(ctx, token.ErrExpired) })
	err := h.handle(lease, handler)
	if d := h.refused.Load(); d != nil {
		return d
	}
	return err
}

// handle gives the lease back also when the handler panics.
func (h *heldStream) handle(lease *lease, handler func(*middleware.WrappedServerStream) error) error {
	defer h.guard.leases.release(lease)
	defer h.cancel(nil)
	return handler(h.stream)
}

// end ends the stream before anybody is told, so that a slow observer keeps
// nothing open. It sends no challenge: that header says that the call was
// refused before its handler ran, and may safely be made again.
func (h *heldStream) end(ctx context.Context, cause error) {
	d := deny(h.method, cause)
	h.refused.Store(d)
	h.cancel(d)
	if h.finish != nil {
		_ = h.finish(d.GRPCStatus()) // fails only when the stream is over anyway
	}
	h.guard.observe(ctx, h.method, verdict{claims: h.claims, denial: d}, true)
}

// wakingStream is a stream over a transport that can't be finished from
// outside: each blocked Recv costs a goroutine, which ends with the stream.
type wakingStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *wakingStream) RecvMsg(m any) error {
	return s.wake(func() error { return s.ServerStream.RecvMsg(m) })
}

func (s *wakingStream) SendMsg(m any) error {
	return s.wake(func() error { return s.ServerStream.SendMsg(m) })
}

func (s *wakingStream) wake(call func() error) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
}
