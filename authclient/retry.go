package authclient

import (
	"context"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// curable reports whether a new token may help a call that failed with err.
func curable(err error) bool {
	switch Reason(err) {
	case grpcauthv1.Reason_REASON_TOKEN_EXPIRED, grpcauthv1.Reason_REASON_TOKEN_OUTDATED,
		grpcauthv1.Reason_REASON_TOKEN_KEY_UNKNOWN:
		return true
	default:
		return false
	}
}

func (r *renewer) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return r.attempt(ctx, opts, func(ctx context.Context, opts []grpc.CallOption) error {
		return invoke(ctx, method, req, reply, cc, opts...)
	})
}

// attempt makes a call, and makes it once more with another token if that may
// help. opts are the call's options, whose results the first attempt leaves
// nothing in.
func (r *renewer) attempt(ctx context.Context, opts []grpc.CallOption, call func(context.Context, []grpc.CallOption) error) error {
	noted, sent := r.noteSent(ctx)
	var header metadata.MD
	err := call(noted, append(slices.Clip(opts), grpc.Header(&header)))
	if !r.worthRetrying(sent.Load(), header, err) {
		return err
	}
	if _, err := r.replace(ctx, sent.Load(), false); err != nil {
		return err
	}
	forget(opts)
	err = call(ctx, opts)
	r.judge(err)
	return err
}

// worthRetrying reports whether to call again after a call that was sent with
// g, if it was sent, failed with err and this header.
//
// The error alone does not tell: a handler that has done half its work may
// pass on such an error of another service, and a stream that has run for long
// ends with its token. Only a guard that refuses a call before its handler
// runs sends a challenge.
func (r *renewer) worthRetrying(g *grant, header metadata.MD, err error) bool {
	if g == nil || !curable(err) || len(header.Get("www-authenticate")) == 0 {
		return false
	}
	if r.current.Load() != g {
		return true // renewed already since the call was sent
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.futile.resting()
}

// judge learns from how a second attempt went. A server that refuses tokens
// fresh from the issuer (its clock is wrong, it lacks the key) would make each
// call a renewal, so renewals for its sake are spaced out.
func (r *renewer) judge(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if curable(err) {
		r.futile.fail(0)
	} else {
		r.futile = pace{}
	}
}

// forget empties what the first attempt left in the results of call options.
// The second attempt fills them, unless it fails before a server answers.
func forget(opts []grpc.CallOption) {
	for _, o := range opts {
		switch o := o.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = nil
		case grpc.TrailerCallOption:
			*o.TrailerAddr = nil
		case grpc.PeerCallOption:
			*o.PeerAddr = peer.Peer{}
		}
	}
}
