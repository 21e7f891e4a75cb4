// Package authtest puts real tokens and a real guarded server into tests:
// an issuer in memory, a server over an in-memory connection, and clients
// that call it as whoever the test needs.
//
//	issuer := authtest.NewIssuer(t)
//	server := authtest.NewServer(t, issuer, func(r grpc.ServiceRegistrar) {
//		notesv1.RegisterNotesServiceServer(r, notes)
//	})
//	ada := notesv1.NewNotesServiceClient(server.As("ada", "notes.read"))
//
// Nothing is mocked: tokens are signed and verified, rules are read from the
// .proto and enforced, and a server with a method left open fails the test.
// Everything ends with the test. It works inside testing/synctest bubbles.
package authtest
