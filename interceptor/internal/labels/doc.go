// Package labels is what the metrics adapters of package interceptor share:
// the few values that a decision is counted under.
//
// A client chooses the method it calls, so a method is a label only when it is
// one of the server's. Everything else in a [Key] is one of a handful of
// values. So there are no more Keys than methods × reasons × a few, whatever
// clients send, and a [Memo] of them stays small. Claims, causes and tokens
// have no place in a Key.
package labels
