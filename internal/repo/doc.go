// Package repo tests the repository as a whole: that every sentinel has a
// reason, that the README shows what the examples really are, that `make help`
// leaves nothing out, and that no file says what no file here should say.
//
// It holds tests and nothing else.
package repo
