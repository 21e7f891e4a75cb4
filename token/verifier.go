package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// NoLeeway allows no difference between the issuer's clock and ours.
	NoLeeway time.Duration = -1
	// MaxLeeway is the largest difference that may be allowed.
	MaxLeeway = 2 * time.Minute

	defaultLeeway = 30 * time.Second
)

// TrustedIssuer is an issuer whose tokens are accepted.
type TrustedIssuer struct {
	// Issuer is what `iss` must be, byte for byte. Required.
	Issuer string
	// Audiences are who we are: `aud` must name one of them. Required.
	Audiences []string
	// Keys are the issuer's. Required.
	Keys KeySet
	// Algorithms are those that its tokens may be signed with, of those that
	// Keys has keys for. Empty means all of them: a key has one algorithm in
	// any case.
	Algorithms []Algorithm
	// Profile is how the issuer writes its tokens. Zero means [RFC9068].
	Profile Profile
}

// trustedIssuer is a TrustedIssuer in the form that verifying needs.
type trustedIssuer struct {
	TrustedIssuer
	profile *profile
}

// VerifierConfig configures [NewVerifier].
type VerifierConfig struct {
	// Issuers are the only ones whose tokens are accepted. Required.
	Issuers []TrustedIssuer
	// Leeway is how far the issuer's clock may differ from ours. Zero means
	// 30 s, [NoLeeway] none; more than 2 min is refused.
	Leeway time.Duration
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Verifier proves tokens (RFC 7519 §7.2, RFC 8725, RFC 9068 §4). It is safe
// for concurrent use.
type Verifier struct {
	issuers map[string]*trustedIssuer
	names   []string
	leeway  time.Duration
	now     func() time.Time
	scratch sync.Pool // of *scratch
}

// NewVerifier checks the configuration: it fails when anything required is
// missing, when an issuer comes twice or with the [RemoteKeys] of another,
// when a profile contradicts itself, and when the leeway is too long.
func NewVerifier(config VerifierConfig) (*Verifier, error) {
	v := &Verifier{issuers: map[string]*trustedIssuer{}, leeway: config.Leeway, now: config.Now}
	switch {
	case config.Leeway == 0:
		v.leeway = defaultLeeway
	case config.Leeway == NoLeeway:
		v.leeway = 0
	case config.Leeway < 0 || config.Leeway > MaxLeeway:
		return nil, fmt.Errorf("token: leeway of %s: want at most %s, or token.NoLeeway", config.Leeway, MaxLeeway)
	}
	if v.now == nil {
		v.now = time.Now
	}
	if len(config.Issuers) == 0 {
		return nil, errors.New("token: no trusted issuer: name at least one")
	}
	for _, issuer := range config.Issuers {
		if err := v.trust(issuer); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *Verifier) trust(issuer TrustedIssuer) error {
	switch _, taken := v.issuers[issuer.Issuer]; {
	case issuer.Issuer == "":
		return errors.New("token: trusted issuer without a name: set Issuer to its `iss`")
	case taken:
		return fmt.Errorf("token: issuer %q is trusted twice: put its audiences and keys together", issuer.Issuer)
	case len(issuer.Audiences) == 0 || slices.Contains(issuer.Audiences, ""):
		return fmt.Errorf("token: trusted issuer %q without audiences: say who you are in Audiences", issuer.Issuer)
	case issuer.Keys == nil:
		return fmt.Errorf("token: trusted issuer %q without keys: set Keys", issuer.Issuer)
	}
	if remote, ok := issuer.Keys.(*RemoteKeys); ok && remote.source.issuer != "" && remote.source.issuer != issuer.Issuer {
		return fmt.Errorf("token: trusted issuer %q has the keys of %q: name the same Issuer at both", issuer.Issuer, remote.source.issuer)
	}
	profile, err := issuer.Profile.compile()
	if err == nil && profile.checkIssuer != nil {
		err = profile.checkIssuer(issuer.Issuer)
	}
	if err != nil {
		return fmt.Errorf("token: trusted issuer %q: %w", issuer.Issuer, err)
	}
	issuer.Audiences = slices.Clone(issuer.Audiences)
	if issuer.Algorithms, err = parseAlgorithms(issuer.Algorithms); err != nil {
		return fmt.Errorf("token: trusted issuer %q: %w", issuer.Issuer, err)
	}
	v.issuers[issuer.Issuer] = &trustedIssuer{TrustedIssuer: issuer, profile: profile}
	v.names = append(v.names, issuer.Issuer)
	return nil
}

// Issuers are the names of the trusted issuers, in the order they were given.
func (v *Verifier) Issuers() []string { return slices.Clone(v.names) }

// Now is the verifier's clock.
func (v *Verifier) Now() time.Time { return v.now() }

// Verify proves a token and returns its claims. It accepts the kinds that are
// named, and [Access] alone when none are.
//
// The order is: length and form; the header; the issuer, looked up by the one
// claim that is read before the signature; its key, by `kid`; the algorithm,
// which must be the key's; the signature; and only then the claims: their
// form, time, audience, kind, and what the profile demands. The first that fails
// decides the error, which is one of this package's sentinels, the context's,
// or whatever a [KeySet] of your own fails with.
func (v *Verifier) Verify(ctx context.Context, raw string, kinds ...Kind) (*Claims, error) {
	s, ok := v.scratch.Get().(*scratch)
	if !ok {
		s = new(scratch)
	}
	defer v.scratch.Put(s)
	claims, issuer, err := v.prove(ctx, s, raw)
	if err != nil {
		return nil, err
	}
	if err := v.check(claims, issuer, kinds); err != nil {
		return nil, err
	}
	return claims, nil
}

// prove returns claims that the issuer has signed, whatever they say.
func (v *Verifier) prove(ctx context.Context, s *scratch, raw string) (*Claims, *trustedIssuer, error) {
	j, err := s.split(raw)
	if err != nil {
		return nil, nil, malformed("token", err)
	}
	header, err := s.parser.header(j.header)
	if err != nil {
		return nil, nil, malformed("header", err)
	}
	issuer, err := v.issuerOf(s, j)
	if err != nil {
		return nil, nil, err
	}
	if len(issuer.Algorithms) > 0 && !slices.Contains(issuer.Algorithms, header.Algorithm) {
		return nil, nil, fmt.Errorf("%w: %.20q is none of the issuer's algorithms", ErrSignature, header.Algorithm)
	}
	key, err := verifySignature(ctx, issuer.Keys, header, j)
	if err != nil {
		return nil, nil, err
	}
	if err := s.parser.parse(j.payload); err != nil {
		return nil, nil, malformed("payload", err)
	}
	claims, err := newClaims(&s.parser, issuer.profile, header, raw)
	if err != nil {
		return nil, nil, err
	}
	p := claims.open()
	p.key, p.trust = key, issuer
	return claims, issuer, nil
}

// issuerOf chooses among the trusted issuers by a claim that nobody has
// verified. That is safe: the token must then verify under a key of the
// issuer it chose, and a name that is not trusted chooses nothing.
func (v *Verifier) issuerOf(s *scratch, j jws) (*trustedIssuer, error) {
	name, err := s.parser.issuer(j.payload)
	if err != nil {
		return nil, malformed("payload", err)
	}
	issuer, ok := v.issuers[string(name)]
	if !ok {
		return nil, fmt.Errorf("%w: %.100q", ErrIssuer, name)
	}
	return issuer, nil
}

// verifySignature returns the key under which the signature is right.
func verifySignature(ctx context.Context, keys KeySet, header Header, j jws) (*Key, error) {
	if _, ok := suiteOf(header.Algorithm); !ok {
		return nil, fmt.Errorf("%w: algorithm %.20q is not supported", ErrSignature, header.Algorithm)
	}
	key, err := keys.Key(ctx, header.KeyID, header.Algorithm)
	switch {
	case err != nil && header.KeyID == "" && errors.Is(err, ErrUnknownKey):
		return nil, fmt.Errorf("%w: no kid, and not exactly one key for %s", ErrSignature, header.Algorithm)
	case err != nil:
		return nil, fmt.Errorf("token: key %.64q: %w", header.KeyID, err)
	case key == nil:
		return nil, fmt.Errorf("%w: %.64q", ErrUnknownKey, header.KeyID)
	case key.algorithm != header.Algorithm:
		return nil, fmt.Errorf("%w: %s under a key for %s", ErrSignature, header.Algorithm, key.algorithm)
	}
	if err := key.verify(j.signed, j.signature); err != nil {
		return nil, fmt.Errorf("%w under key %q", ErrSignature, key.id)
	}
	return key, nil
}

// checkTime holds claims against the clock.
func (v *Verifier) checkTime(c *Claims) error {
	now := v.now()
	switch {
	case !now.Before(v.deadline(c)):
		return fmt.Errorf("%w at %s", ErrExpired, c.ExpiresAt().Format(time.RFC3339))
	case now.Add(v.leeway).Before(c.NotBefore()):
		return fmt.Errorf("%w: nbf is %s", ErrNotYetValid, c.NotBefore().Format(time.RFC3339))
	case now.Add(v.leeway).Before(c.IssuedAt()):
		return fmt.Errorf("%w: iat is %s", ErrNotYetValid, c.IssuedAt().Format(time.RFC3339))
	}
	return nil
}

// check holds claims that are proven against the clock, and against what is
// accepted here.
func (v *Verifier) check(c *Claims, issuer *trustedIssuer, kinds []Kind) error {
	if err := v.checkTime(c); err != nil {
		return err
	}
	switch {
	case !slices.ContainsFunc(issuer.Audiences, c.HasAudience):
		return fmt.Errorf("%w: want one of %q", ErrAudience, issuer.Audiences)
	case !accepts(kinds, c.Kind()):
		return fmt.Errorf("%w: %.40q", ErrKind, c.Kind())
	}
	return issuer.profile.check(c)
}

// accepts reports whether a token of that kind is wanted. A token without a
// kind never is.
func accepts(kinds []Kind, kind Kind) bool {
	if len(kinds) == 0 {
		return kind == Access
	}
	return kind != "" && slices.Contains(kinds, kind)
}
