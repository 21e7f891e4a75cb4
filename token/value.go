package token

import (
	"iter"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Value is a claim's value, or none. It is read-only, safe for concurrent
// use, and converts nothing: true is neither 1 nor "true".
type Value struct {
	in sealed[proven] // zero when there is no value
	at int
}

// tape is nil when there is no value.
func (v Value) tape() *tape {
	if p := v.in.open(); p != nil {
		return &p.tape
	}
	return nil
}

func (v Value) is(kind jsontext.Kind) bool {
	t := v.tape()
	return t != nil && t.kindOf(v.at) == kind
}

func (v Value) text() string { return v.tape().textOf(v.at) }

// Exists reports whether the claim is there at all; null is.
func (v Value) Exists() bool { return v.tape() != nil }

// Text returns a string, and false for anything else.
func (v Value) Text() (string, bool) {
	if !v.is('"') {
		return "", false
	}
	return v.text(), true
}

// Bool returns true or false, and false twice for anything else.
func (v Value) Bool() (value, ok bool) {
	return v.is('t'), v.is('t') || v.is('f')
}

// Number returns a number, and false for anything else and for what a
// float64 can't hold, such as 1e400. Integers above 2^53 lose precision: see
// Int.
func (v Value) Number() (float64, bool) {
	if !v.is('0') {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.text(), 64)
	return f, err == nil
}

// Int returns a whole number, and false for anything else and for what an
// int64 can't hold. 1.0 and 1e0 are the number 1.
func (v Value) Int() (int64, bool) {
	if !v.is('0') {
		return 0, false
	}
	if i, err := strconv.ParseInt(v.text(), 10, 64); err == nil {
		return i, true
	}
	const exact = 1 << 53 // from here on a float64 stands for its neighbours, too
	f, ok := v.Number()
	if !ok || f != math.Trunc(f) || math.Abs(f) >= exact {
		return 0, false
	}
	return int64(f), true
}

// Len is the number of elements of a list or members of an object, and 0 of
// anything else.
func (v Value) Len() (n int) {
	t := v.tape()
	if t == nil {
		return 0
	}
	for range t.elements(v.at) {
		n++
	}
	for range t.members(v.at) {
		n++
	}
	return n
}

// Items ranges over the elements of a list, and over nothing else.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		t := v.tape()
		if t == nil {
			return
		}
		for at := range t.elements(v.at) {
			if !yield(Value{in: v.in, at: at}) {
				return
			}
		}
	}
}
