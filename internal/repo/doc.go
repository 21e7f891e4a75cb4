// Package repo tests the repository as a whole: that every sentinel has a
// reason, that the README and the docs show what the examples really are, that
// metrics are linked by whoever asks for them only, that `make help`
// leaves nothing out, and that no file says what no file here should say.
//
// It holds tests and nothing else.
package repo
