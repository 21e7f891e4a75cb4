// Package fault is the one table of what can go wrong: each
// [grpcauthv1.Reason] with the gRPC code, the public message and the RFC 6750
// challenge it is answered with.
//
// A package that can refuse declares sentinels with [New]; a sentinel knows
// its reason and nothing else. What leaves the process is made by [Wrap]: its
// text is the table's public message and never the cause's, because grpc puts
// the text of a wrapped error on the wire. The cause stays reachable by
// errors.Is, errors.As and the guard's observer.
//
//	var ErrExpired = fault.New(grpcauthv1.Reason_REASON_TOKEN_EXPIRED, "token: expired")
//	...
//	return fault.Wrap(fmt.Errorf("%w at %s", ErrExpired, exp))
package fault
