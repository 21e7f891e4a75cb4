package token

import (
	"iter"
	"strconv"
	"strings"
)

// member is the value of an object's member.
func (t *tape) member(object int, name string) (int, bool) {
	for n, v := range t.members(object) {
		if t.textOf(n) == name {
			return v, true
		}
	}
	return 0, false
}

// members are the names and values of an object, and nothing of any other
// value.
func (t *tape) members(object int) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		if object >= len(t.nodes) || t.nodes[object].kind != '{' {
			return
		}
		for at, end := object+1, int(t.nodes[object].next); at < end; at = int(t.nodes[at+1].next) {
			if !yield(at, at+1) {
				return
			}
		}
	}
}

// elements are the elements of a list, and nothing of any other value.
func (t *tape) elements(list int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if list >= len(t.nodes) || t.nodes[list].kind != '[' {
			return
		}
		for at, end := list+1, int(t.nodes[list].next); at < end; at = int(t.nodes[at].next) {
			if !yield(at) {
				return
			}
		}
	}
}

// find is the value at a path: dotted names, or a JSON Pointer (RFC 6901)
// when it starts with a slash.
func (t *tape) find(path string) (int, bool) {
	if pointer, ok := strings.CutPrefix(path, "/"); ok {
		return t.findPointer(pointer)
	}
	at, more := 0, true
	for more {
		var name string
		var ok bool
		name, path, more = strings.Cut(path, ".")
		if at, ok = t.member(at, name); !ok {
			return 0, false
		}
	}
	return at, true
}

func (t *tape) findPointer(pointer string) (int, bool) {
	at, more := 0, true
	for more {
		var token string
		var ok bool
		token, pointer, more = strings.Cut(pointer, "/")
		if at, ok = t.step(at, token); !ok {
			return 0, false
		}
	}
	return at, true
}

// step follows one reference token of a JSON Pointer.
func (t *tape) step(at int, token string) (int, bool) {
	if t.kindOf(at) == '[' {
		return t.element(at, token)
	}
	for n, v := range t.members(at) {
		if pointerEqual(token, t.textOf(n)) {
			return v, true
		}
	}
	return 0, false
}

// element is a list's element by its index in decimal, without leading zeros
// (RFC 6901 §4).
func (t *tape) element(list int, token string) (int, bool) {
	index, err := strconv.ParseUint(token, 10, 16)
	if err != nil || len(token) > 1 && token[0] == '0' {
		return 0, false
	}
	for at := range t.elements(list) {
		if index == 0 {
			return at, true
		}
		index--
	}
	return 0, false
}

// pointerEqual compares a reference token, in which ~1 stands for a slash and
// ~0 for a tilde, with a member's name.
func pointerEqual(token, name string) bool {
	for {
		plain, rest, escaped := strings.Cut(token, "~")
		tail, ok := strings.CutPrefix(name, plain)
		if !ok || !escaped {
			return ok && tail == ""
		}
		switch {
		case strings.HasPrefix(rest, "1") && strings.HasPrefix(tail, "/"):
		case strings.HasPrefix(rest, "0") && strings.HasPrefix(tail, "~"):
		default:
			return false
		}
		token, name = rest[1:], tail[1:]
	}
}
