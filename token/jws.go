package token

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxLength is the longest token that is looked at. A header line of gRPC has
// the same default limit.
const maxLength = 8 << 10

var (
	errTooLong  = fmt.Errorf("is longer than %d bytes", maxLength)
	errSegments = errors.New("has not three segments")
)

// jws is a token taken apart (RFC 7515 §3.1). The slices belong to the
// scratch they were decoded in.
type jws struct {
	signed    string // what the signature is over: "header.payload"
	header    []byte
	payload   []byte
	signature []byte
}

// scratch is the memory that one verification works in. Nothing that is kept
// points into it.
type scratch struct {
	parser  parser
	text    []byte // the token
	decoded []byte // its three segments
}

// split checks length and dots before it decodes anything: a token can't make
// us do work that grows faster than its own length.
func (s *scratch) split(raw string) (jws, error) {
	if len(raw) > maxLength {
		return jws{}, errTooLong
	}
	if strings.Count(raw, ".") != 2 {
		return jws{}, errSegments
	}
	first, last := strings.IndexByte(raw, '.'), strings.LastIndexByte(raw, '.')
	s.text = append(s.text[:0], raw...)
	s.decoded = slices.Grow(s.decoded[:0], len(raw)) // so that the slices below stay where they are
	j := jws{signed: raw[:last]}
	for _, segment := range []struct {
		from, to int
		decoded  *[]byte
	}{
		{0, first, &j.header}, {first + 1, last, &j.payload}, {last + 1, len(raw), &j.signature},
	} {
		start := len(s.decoded)
		var err error
		if s.decoded, err = decodeBase64(s.decoded, s.text[segment.from:segment.to]); err != nil {
			return jws{}, err
		}
		*segment.decoded = s.decoded[start:len(s.decoded):len(s.decoded)]
	}
	return j, nil
}

// malformed is [ErrMalformed] with what is wrong with which part.
func malformed(part string, cause error) error {
	return fmt.Errorf("%w: the %s %w", ErrMalformed, part, cause)
}

// Peek reads the header and the issuer of a token that NOBODY HAS VERIFIED:
// anyone can have written them. It is for logs and for tools; never decide
// anything by them. The issuer is "" when the token names none. The error is
// [ErrMalformed].
func Peek(raw string) (header Header, issuer string, err error) {
	var s scratch
	j, err := s.split(raw)
	if err != nil {
		return Header{}, "", malformed("token", err)
	}
	if header, err = s.parser.header(j.header); err != nil {
		return Header{}, "", malformed("header", err)
	}
	name, err := s.parser.issuer(j.payload)
	if err != nil {
		return Header{}, "", malformed("payload", err)
	}
	return header, string(name), nil
}
