package token

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep objects and lists may nest in a header or payload.
const maxDepth = 32

// node is a JSON value, or the name of a member. start and end are where its
// text is: of a string what stands between the quotes, unescaped. next is the
// index of the node after the value and all that is inside it.
//
// Sixteen bits are enough: a token is at most [maxLength] bytes, and no text
// grows by more than itself.
type node struct {
	kind       jsontext.Kind // one of n f t " 0 { [
	start, end uint16
	next       uint16
}

// tape is a JSON object, decoded once into a flat list: node 0 is the object,
// its members follow as name, value, name, value. Looking things up in it
// allocates nothing. It is read-only and safe for concurrent use.
type tape struct {
	text  string // the JSON, then the strings that had to be unescaped
	nodes []node
}

func (t *tape) textOf(at int) string { n := t.nodes[at]; return t.text[n.start:n.end] }

func (t *tape) kindOf(at int) jsontext.Kind { return t.nodes[at].kind }

// parser decodes JSON as RFC 7493 (I-JSON) has it: duplicate names are
// refused at every depth, names are case-sensitive, and text is UTF-8. It can
// be used again, by one goroutine at a time.
type parser struct {
	decoder jsontext.Decoder
	source  bytes.Buffer
	escapes bool // a backslash is somewhere in the source
	text    []byte
	nodes   []node
}

var (
	errNotObject = errors.New("is not a JSON object")
	errNotJSON   = errors.New("is not strict JSON")
	errDuplicate = errors.New("has a duplicate member")
	errTooDeep   = errors.New("is nested too deep")
	errTrailing  = errors.New("has text after the JSON object")
)

// parse decodes src, which must be one object, into p.nodes and p.text. Its
// errors never repeat the input.
func (p *parser) parse(src []byte) error {
	if len(src) > maxLength { // more than a node's offsets can hold
		return errTooLong
	}
	p.open(src)
	p.text, p.nodes = slices.Clip(src), p.nodes[:0]
	p.escapes = bytes.IndexByte(src, '\\') >= 0
	if p.decoder.PeekKind() != '{' {
		return errNotObject
	}
	if err := p.value(0); err != nil {
		return err
	}
	if _, err := p.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// open makes src what the decoder reads, without copying it.
func (p *parser) open(src []byte) {
	p.source = *bytes.NewBuffer(src)
	p.decoder.Reset(&p.source)
}

// tape is a copy of what was parsed last.
func (p *parser) tape() tape {
	return tape{text: string(p.text), nodes: slices.Clone(p.nodes)}
}

// value appends the value, or the name, that comes next.
func (p *parser) value(depth int) error {
	at, kind := len(p.nodes), p.decoder.PeekKind()
	if kind != '{' && kind != '[' {
		return p.scalar(kind)
	}
	if depth == maxDepth {
		return errTooDeep
	}
	if _, err := p.decoder.ReadToken(); err != nil {
		return syntaxError(err)
	}
	p.nodes = append(p.nodes, node{kind: kind, start: p.offset() - 1})
	for next := p.decoder.PeekKind(); next != '}' && next != ']'; next = p.decoder.PeekKind() {
		if err := p.value(depth + 1); err != nil {
			return err
		}
	}
	if _, err := p.decoder.ReadToken(); err != nil {
		return syntaxError(err)
	}
	p.nodes[at].end, p.nodes[at].next = p.offset(), short(len(p.nodes))
	return nil
}

func (p *parser) scalar(kind jsontext.Kind) error {
	raw, err := p.decoder.ReadValue()
	if err != nil {
		return syntaxError(err)
	}
	end := p.offset()
	n := node{kind: kind, start: end - short(len(raw)), end: end, next: short(len(p.nodes) + 1)}
	if kind == '"' {
		n.start, n.end = n.start+1, n.end-1
		if p.escapes && bytes.IndexByte(raw, '\\') >= 0 {
			n.start = short(len(p.text))
			p.text, _ = jsontext.AppendUnquote(p.text, raw) // raw is known to be a JSON string
			n.end = short(len(p.text))
		}
	}
	p.nodes = append(p.nodes, n)
	return nil
}

func (p *parser) offset() uint16 { return short(int(p.decoder.InputOffset())) }

func short(n int) uint16 { return uint16(n) } //nolint:gosec // parse has checked the length

// syntaxError drops the decoder's own error, which quotes the input.
func syntaxError(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return errDuplicate
	}
	return errNotJSON
}

// issuer is the top-level member `iss` of a payload that nobody has verified
// yet: all that is read before the signature, to know whose key to ask for.
// What it returns is only valid until the parser is used again, and is nil
// when there is no such member or it is not a string. Whatever comes after
// the member is not looked at.
func (p *parser) issuer(src []byte) ([]byte, error) {
	p.open(src)
	if p.decoder.PeekKind() != '{' {
		return nil, errNotObject
	}
	if _, err := p.decoder.ReadToken(); err != nil {
		return nil, syntaxError(err)
	}
	for p.decoder.PeekKind() == '"' {
		name, err := p.decoder.ReadValue()
		if err != nil {
			return nil, syntaxError(err)
		}
		found := string(name) == `"iss"`
		value, err := p.decoder.ReadValue()
		if err != nil {
			return nil, syntaxError(err)
		}
		if found {
			return unquote(value), nil
		}
	}
	if _, err := p.decoder.ReadToken(); err != nil { // the end of the object
		return nil, syntaxError(err)
	}
	return nil, nil
}

// unquote is the text of a JSON string, or nil when value is no string.
func unquote(value []byte) []byte {
	switch {
	case value[0] != '"':
		return nil
	case bytes.IndexByte(value, '\\') < 0:
		return value[1 : len(value)-1]
	}
	text, _ := jsontext.AppendUnquote(nil, value)
	return text
}
