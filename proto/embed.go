// Package proto holds the .proto files of grpcauth, for those who write rules
// in a .proto of their own.
//
// A rule is an option of a method, so the compiler must find
// grpcauth/v1/rule.proto. There is no registry to fetch it from: write the
// files beside yours and name the folder as a second module of your buf.yaml,
// or as another -I of protoc.
//
//	err := os.CopyFS("third_party/grpcauth", proto.FS)
//
// `grpcauth proto export DIR` does the same from a shell. Go users never
// generate code from these files: the generated package is
// github.com/grpcauth/grpcauth/gen/grpcauth/v1, and a second copy of it in one
// binary panics at start, because a proto name can be registered only once.
package proto

import "embed"

// FS holds grpcauth/v1/*.proto under the paths that an import statement
// names. It is read-only and safe for concurrent use.
//
//go:embed grpcauth/v1/*.proto
var FS embed.FS
