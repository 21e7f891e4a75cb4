// Package grpcauthv1 is the Go code of grpcauth/v1/*.proto: the messages,
// clients and servers of the AuthService, the options by which a method says
// who may call it, and the reasons of a refusal. Never generate a second copy
// for the same program: proto names can be registered only once.
//
// # What prints secrets
//
// Passwords, tokens, client secrets and their like are marked debug_redact in
// the .proto files. Messages that hold one, and what their oneofs hold, have
// Format and LogValue methods by hand, so fmt, errors and slog show
// "[REDACTED]" in their place, and leave out fields that this version does not
// know.
//
// What does not ask those methods shows all: String called directly,
// prototext, protojson, encoding/json (also for a message inside of another
// value that slog writes as JSON), a copy of the struct, %w, which is for
// errors, and %s or %q with a struct that holds a message in an unexported
// field. Keep these out of logs.
//
// The files that are not named *.pb.go are written by hand.
package grpcauthv1
