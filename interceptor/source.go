package interceptor

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/metadata"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// Why no token could be read from the metadata.
var (
	errMissing   = fault.New(grpcauthv1.Reason_REASON_TOKEN_MISSING, "interceptor: no token in the metadata")
	errMultiple  = fault.New(grpcauthv1.Reason_REASON_TOKEN_MULTIPLE, "interceptor: more than one value in the token's metadata")
	errMalformed = fault.New(grpcauthv1.Reason_REASON_TOKEN_MALFORMED, "interceptor: the metadata's value is not a token")
)

// maxValue bounds what is looked at: the longest token that a Verifier accepts
// (8 KiB), its scheme, and some air.
const maxValue = 8<<10 + 64

// TokenSource is a place in the metadata that a token may stand in. It equals
// what [Metadata] returns for the same key and scheme.
type TokenSource struct{ key, scheme string }

// Metadata is a metadata key whose value is a token behind a scheme, as in
// "authorization: Bearer …", or a token alone when scheme is "".
func Metadata(key, scheme string) TokenSource {
	return TokenSource{key: strings.ToLower(key), scheme: scheme}
}

// bearerSource is where RFC 6750 §2.1 has the token.
func bearerSource() TokenSource { return TokenSource{key: "authorization", scheme: "Bearer"} }

// String is "authorization: Bearer", or the key alone where there is no
// scheme.
func (s TokenSource) String() string {
	if s.scheme == "" {
		return s.key
	}
	return s.key + ": " + s.scheme
}

// same reports whether both name one place: a scheme is in any case.
func (s TokenSource) same(other TokenSource) bool {
	return s.key == other.key && strings.EqualFold(s.scheme, other.scheme)
}

// check finds sources that no client can fill.
func (s TokenSource) check() error {
	switch {
	case s.key == "" || strings.Trim(s.key, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "":
		return fmt.Errorf("%q is no metadata key: use letters, digits, dots, hyphens and underscores", s.key)
	case strings.HasPrefix(s.key, "grpc-") || strings.HasSuffix(s.key, "-bin"):
		return fmt.Errorf("metadata %q: keys of grpc- are gRPC's own, and those of -bin hold bytes: choose another", s.key)
	case strings.ContainsAny(s.scheme, " \t\r\n,"):
		return fmt.Errorf("scheme %q of metadata %q: a scheme is one word", s.scheme, s.key)
	}
	return nil
}

// readToken finds the token of a call. The first source that is present
// decides, even when what stands in it is no token.
func (g *Guard) readToken(ctx context.Context) (raw string, from *TokenSource, err error) {
	for i := range g.sources {
		from = &g.sources[i]
		raw, err = from.read(metadata.ValueFromIncomingContext(ctx, from.key))
		if err != errMissing { //nolint:errorlint // read wraps nothing
			return raw, from, err
		}
	}
	return "", nil, errMissing
}

// read reads the token from the values of the source's key: exactly one, the
// scheme in any case (RFC 9110 §11.1), and a token behind it, whose grammar
// isB64Token tells. Another scheme counts as no token.
func (s TokenSource) read(values []string) (string, error) {
	switch len(values) {
	case 0:
		return "", errMissing
	case 1:
	default:
		return "", errMultiple
	}
	raw := values[0]
	if len(raw) > maxValue {
		return "", errMalformed
	}
	if s.scheme != "" {
		scheme, rest, _ := strings.Cut(raw, " ")
		if !strings.EqualFold(scheme, s.scheme) {
			return "", errMissing
		}
		raw = strings.TrimLeft(rest, " ")
	}
	if raw == "" {
		return "", errMalformed
	}
	return raw, nil
}

// isB64Token is the b64token grammar of RFC 6750 §2.1: at least one character
// of the alphabet, then any number of "=". A token that is known was looked at
// when it was proven, and this would be half of what its call costs.
func isB64Token(s string) bool {
	body := strings.TrimRight(s, "=")
	if body == "" {
		return false
	}
	for i := range len(body) {
		if !b64Alphabet(body[i]) {
			return false
		}
	}
	return true
}

func b64Alphabet(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '.' || c == '_' || c == '~' || c == '+' || c == '/'
}
