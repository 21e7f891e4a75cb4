// Package promauth counts the decisions of an [interceptor.Guard] for
// Prometheus.
//
//	observe, err := promauth.New(prometheus.DefaultRegisterer)
//	...
//	guard, err := interceptor.New(verifier, interceptor.WithObserver(observe))
//	...
//	err = promauth.RegisterCache(prometheus.DefaultRegisterer, guard) // if you like
//
// # What is counted
//
// grpcauth_decisions_total has one series for each
//
//   - method: the full method as rules name it, "/package.Service/Method", or
//     "unknown". A client may call a method that does not exist, under any
//     name; only methods of the protected server become labels.
//   - outcome: "allowed", "denied", or "report_only" for a call that was let
//     through and would have been denied ([interceptor.InsecureReportOnly]).
//   - reason: "OK" for what was allowed, else why not, as clients read it in
//     google.rpc.ErrorInfo: "TOKEN_EXPIRED".
//   - cached: "true" when the token had been proven at an earlier call, "false"
//     when it was proven at this one, "none" when none was: it was not sent,
//     not read (public methods), or bad. So true/(true+false) is how often the
//     cache spared a signature.
//
// grpcauth_decision_duration_seconds is how long decisions take, by cached
// alone: the method changes little about it, and each series is two dozen
// counters. It has classic buckets from 250 ns to 1 s, and native ones for a
// Prometheus that scrapes those.
//
// grpcauth_stream_ends_total counts, by method, outcome ("ended" or
// "report_only") and reason, the streams that were let in and ended later, such
// as by TOKEN_EXPIRED. They are no calls and are in none of the above.
//
// No subject, no claim, no token and no text of an error is a label. A server
// with m methods has at most m+1 of them as labels, and only what happened has
// a series.
//
// # Several servers
//
// Guards may share an observer. To tell servers apart in one process give each
// its own, registered with
//
//	prometheus.WrapRegistererWith(prometheus.Labels{"server": "admin"}, reg)
//
// docs/observability.md has a dashboard and alerts for these metrics.
package promauth
