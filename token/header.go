package token

import "errors"

// Header is what a token says about its own signature and kind (RFC 7515
// §4.1). Everything else in a header is ignored, above all the keys and
// addresses of keys in `jwk`, `jku`, `x5c` and `x5u`.
type Header struct {
	Algorithm Algorithm // `alg`, EdDSA for `Ed25519`; of a token that was only peeked at it may be anything
	KeyID     string    // `kid`, "" when there is none
	Kind      Kind      // `typ`, "" when there is none
}

var (
	errNoAlgorithm  = errors.New("has no alg")
	errCritical     = errors.New("has crit: no extension is understood here")
	errHeaderMember = errors.New("has an alg, typ or kid that is not a string")
)

// header reads a header strictly. `crit` is refused even when it is empty,
// because we understand no extension (RFC 7515 §4.1.11).
func (p *parser) header(src []byte) (Header, error) {
	var h Header
	if err := p.parse(src); err != nil {
		return h, err
	}
	t := tape{text: string(p.text), nodes: p.nodes}
	for name, value := range t.members(0) {
		switch member := t.textOf(name); member {
		case "crit":
			return h, errCritical
		case "alg", "typ", "kid":
			if t.kindOf(value) != '"' {
				return h, errHeaderMember
			}
			h.set(member, t.textOf(value))
		}
	}
	if h.Algorithm == "" {
		return h, errNoAlgorithm
	}
	return h, nil
}

func (h *Header) set(name, text string) {
	switch name {
	case "alg":
		h.Algorithm = canonical(Algorithm(text))
	case "typ":
		h.Kind = kindOf(text)
	case "kid":
		h.KeyID = text
	}
}
