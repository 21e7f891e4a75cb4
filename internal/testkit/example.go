package testkit

import (
	"fmt"
	"slices"
	"testing"
)

// Example runs the body of an example function that wants a testing.TB, such
// as package authtest does. The cleanups run when it returns; a failure
// panics, which fails the example.
func Example(body func(t testing.TB)) {
	t := &exampleT{}
	defer t.end()
	body(t)
}

type exampleT struct {
	testing.TB
	cleanups []func()
}

func (*exampleT) Helper() {}

func (t *exampleT) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func (*exampleT) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (t *exampleT) end() {
	for _, cleanup := range slices.Backward(t.cleanups) {
		cleanup()
	}
}
