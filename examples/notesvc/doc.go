// Package notesvc keeps notes in memory. It is the application of the
// examples: nothing in it checks a token or a scope, because the rules beside
// the methods in notes.proto have been checked before a handler runs.
package notesvc
