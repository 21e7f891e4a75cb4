// Package movingin is the code of docs/moving-in.md: a server that is guarded
// by hand, or by the auth interceptor of go-grpc-middleware, and the same one on
// its way to a Guard. Its tests make the same calls to all of them.
package movingin
