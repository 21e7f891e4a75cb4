// What the Wycheproof test reads, pinned. It is not in the module's own go.mod
// because it would raise the Go version that every user needs.
module github.com/grpcauth/grpcauth

go 1.26.4

require github.com/c2sp/wycheproof v0.0.0-20260902155932-3fa63dd0344a
