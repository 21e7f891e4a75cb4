// Package otelauth counts the decisions of an [interceptor.Guard] with
// OpenTelemetry, and notes each on the span of its call.
//
//	observe, err := otelauth.New(otel.GetMeterProvider())
//	...
//	guard, err := interceptor.New(verifier, interceptor.WithObserver(observe))
//
// # Metrics
//
//   - grpcauth.decisions counts what the Guard decided about calls.
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
//   - grpcauth.outcome: "allowed", "denied", "ended" for a stream, or
//     "report_only" for what was let through and would have been denied or ended
//     ([interceptor.InsecureReportOnly]).
//   - grpcauth.reason: "OK" for what was allowed, else why not, as clients read
//     it in google.rpc.ErrorInfo: "TOKEN_EXPIRED".
//   - grpcauth.cached: whether the token had been proven at an earlier call.
//     It is missing when none was proven: it was not sent, not read (public
//     methods), or bad.
//
// The duration has grpcauth.cached alone, beside the system: the method changes
// little about it. The end of a stream has no grpcauth.cached.
//
// # Spans
//
// When the call's span is recorded it gets an event, "grpcauth.decision" or
// "grpcauth.stream.end", with the attributes of the counter. The span is of
// whoever starts one: a stats handler, or an interceptor before the Guard's.
//
// No subject, no claim, no token and no text of an error is an attribute.
package otelauth
