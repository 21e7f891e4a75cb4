package interceptor

import (
	"context"
	"sync/atomic"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/grpcauth/grpcauth/internal/fault"
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
	verdict verdict
	stream  *middleware.WrappedServerStream
	cancel  context.CancelCauseFunc
	finish  func(*status.Status) error // nil where the transport has none
	refused atomic.Pointer[refusal]    // how the stream ended, if the Guard ended it
}

// refusal is how the Guard ended a stream.
type refusal struct{ err error } // what the client is told

// statusWriter is the part of grpc-go's transport stream that ends a stream.
type statusWriter interface {
	Method() string
	WriteStatus(st *status.Status) error
}

func (g *Guard) hold(ctx context.Context, stream grpc.ServerStream, method string, v verdict) *heldStream {
	h := &heldStream{guard: g, method: method, verdict: v}
	ctx, h.cancel = context.WithCancelCause(ctx)
	// A call within another one, in the same process, may have the other's
	// transport stream in its context, which is not ours to end.
	if w, ok := grpc.ServerTransportStreamFromContext(ctx).(statusWriter); ok && w.Method() == method {
		h.finish = w.WriteStatus
	} else {
		stream = &wakingStream{ServerStream: stream, ctx: ctx}
	}
	p := v.rule.policy
	stream = &leasedStream{ServerStream: stream, ctx: ctx, held: h, bound: len(p.Bindings()) > 0 && !p.Lifts(v.claims)}
	h.stream = &middleware.WrappedServerStream{ServerStream: stream, WrappedContext: ctx}
	return h
}

// run runs the handler under a lease. When the Guard ends the stream first, its
// reason is the outcome, whatever the handler returns later.
func (h *heldStream) run(handler func(*middleware.WrappedServerStream) error) error {
	ctx := h.stream.Context() // read now: a later interceptor may put another in its place
	lease := h.guard.leases.hold(h.guard.verifier.Remaining(h.verdict.claims), func() { _ = h.end(ctx, token.ErrExpired) })
	err := h.handle(lease, handler)
	if over := h.over(); over != nil {
		return over
	}
	return err
}

// over is what the client is told once the Guard has ended the stream, and nil
// until then.
func (h *heldStream) over() error {
	if r := h.refused.Load(); r != nil && !h.guard.reportOnly {
		return r.err
	}
	return nil
}

// handle gives the lease back also when the handler panics.
func (h *heldStream) handle(lease *lease, handler func(*middleware.WrappedServerStream) error) error {
	defer h.guard.leases.release(lease)
	defer h.cancel(nil)
	return handler(h.stream)
}

// end ends the stream before anybody is told, so that a slow observer keeps
// nothing open. It sends no challenge: that header says that the call was
// refused before its handler ran, and may safely be made again. Only the first
// end counts; it returns what the client is told.
func (h *heldStream) end(ctx context.Context, cause error) error {
	d := deny(h.method, fault.ReasonOf(cause), cause)
	r := &refusal{err: h.guard.outcome(ctx, d)}
	if !h.refused.CompareAndSwap(nil, r) {
		return h.refused.Load().err
	}
	if !h.guard.reportOnly {
		h.cancel(d)
		if h.finish != nil {
			_ = h.finish(status.Convert(r.err)) // fails only when the stream is over anyway
		}
	}
	v := h.verdict
	v.denial, v.waived = d, h.guard.reportOnly
	h.guard.observe(ctx, h.method, &v, time.Time{})
	return r.err
}

// leasedStream is a stream that carries nothing once the Guard has ended it:
// messages that came before may still wait in the transport, for a handler
// that goes on. Where it is bound, messages must be what the claims are bound
// to: the first of a server stream, every one of the others. The handler does
// not see one that is not, and the stream ends.
type leasedStream struct {
	grpc.ServerStream
	ctx   context.Context
	held  *heldStream
	bound bool
}

func (s *leasedStream) SendMsg(m any) error {
	if over := s.held.over(); over != nil {
		return over
	}
	return s.ServerStream.SendMsg(m)
}

func (s *leasedStream) RecvMsg(m any) error {
	if over := s.held.over(); over != nil {
		return over
	}
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	err := s.check(m)
	if message, ok := m.(proto.Message); ok && err != nil {
		proto.Reset(message)
	}
	return err
}

// check tells whether the handler may have a message that has come.
func (s *leasedStream) check(m any) error {
	if over := s.held.over(); over != nil || !s.bound {
		return over
	}
	cause := checkRequest(s.held.verdict.rule.policy, s.held.verdict.claims, m)
	if cause == nil {
		return nil
	}
	err := s.held.end(s.ctx, cause)
	if s.held.guard.reportOnly {
		return nil
	}
	return err
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
