// Package otelauth counts the decisions of an [interceptor.Guard] with
// OpenTelemetry, and notes each on the span of its call.
//
//	observe, err := otelauth.New(otel.GetMeterProvider())
//	...
//	guard, err := interceptor.New(verifier, interceptor.WithObserver(observe))
//
// # Metrics
//
//   - grpcauth.decisions counts the calls that the Guard decided about.
//   - grpcauth.decision.duration is how long that took, in seconds.
//   - grpcauth.stream.ends counts streams that were let in and ended later,
//     such as by TOKEN_EXPIRED. They are no calls and are in none of the others.
//
// Their attributes are those of the semantic conventions, where there is one:
//
//   - rpc.system.name: "grpc".
//   - rpc.method: "package.Service/Method", or "_OTHER" for a method that the
//     protected server does not have: a client may call any name.
//   - error.type: the reason, where the call was denied or the stream ended.
//   - grpcauth.outcome: "allowed", "denied", or "report_only" for a call that
//     was let through and would have been denied (InsecureReportOnly).
//   - grpcauth.reason: "OK" for what was allowed, else why not, as clients read
//     it in google.rpc.ErrorInfo: "TOKEN_EXPIRED".
//   - grpcauth.cached: whether the token had been proven at an earlier call.
//     It is missing when none was proven: it was not sent, not read (public
//     methods), or bad.
//
// The duration has grpcauth.cached alone, beside the system; the end of a
// stream has the system, the method, the reason and the error.
//
// # Spans
//
// When the call's span is recorded it gets an event, "grpcauth.decision" or
// "grpcauth.stream.end", with the attributes of the counter. Whatever starts
// the span, such as a stats handler, is none of this package's business; put an
// interceptor that does so before the Guard's.
//
// No subject, no claim, no token and no text of an error is an attribute.
package otelauth
