package token

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	defaultLifetime    = 15 * time.Minute
	defaultMaxLifetime = 24 * time.Hour
)

// IssuerConfig configures [NewIssuer].
type IssuerConfig struct {
	// Issuer is the `iss` of every token, a URL by custom. Required.
	Issuer string
	// Audience is who tokens are for unless a [Spec] says otherwise. Required.
	Audience []string
	// Key signs. Required.
	Key *SigningKey
	// Lifetime of tokens unless a [Spec] says otherwise. Zero means 15 min.
	Lifetime time.Duration
	// MaxLifetime is the longest that may be asked for. Zero means 24 h.
	MaxLifetime time.Duration
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Issuer makes tokens (RFC 9068 §2). It is safe for concurrent use.
type Issuer struct {
	config  IssuerConfig
	profile *profile // what it writes
}

// NewIssuer checks the configuration: it fails when anything required is
// missing and when the lifetimes contradict each other.
func NewIssuer(config IssuerConfig) (*Issuer, error) {
	if config.MaxLifetime == 0 {
		config.MaxLifetime = defaultMaxLifetime
	}
	if config.Lifetime == 0 {
		config.Lifetime = min(defaultLifetime, config.MaxLifetime)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	switch {
	case config.Issuer == "":
		return nil, errors.New("token: issuer without a name: set Issuer, such as https://auth.example.com")
	case len(config.Audience) == 0 || slices.Contains(config.Audience, ""):
		return nil, errors.New("token: issuer without an audience: say in Audience who its tokens are for")
	case config.Key == nil || config.Key.public == nil:
		return nil, errors.New("token: issuer without a key: set Key, such as one of GenerateKey")
	}
	config.Audience = slices.Clone(config.Audience)
	profile, err := RFC9068().compile()
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	i := &Issuer{config: config, profile: profile}
	if err := i.checkLifetime(config.Lifetime); err != nil {
		return nil, err
	}
	return i, nil
}

func (i *Issuer) checkLifetime(d time.Duration) error {
	if d < time.Second || d > i.config.MaxLifetime {
		return fmt.Errorf("token: lifetime of %s: want a second to %s", d, i.config.MaxLifetime)
	}
	return nil
}

// Name is the `iss` of its tokens.
func (i *Issuer) Name() string { return i.config.Issuer }

// Key verifies what it signs.
func (i *Issuer) Key() *Key { return i.config.Key.public }

// Issue makes a token: the text to hand out, which is a secret, and its
// claims. Dates are whole seconds. It fails when the spec lacks something or
// contradicts the configuration, with [ErrReservedClaim] when a private claim
// has a name with a meaning, when a private claim is not JSON, when the token
// would be too long for a verifier, and when ctx has ended.
func (i *Issuer) Issue(ctx context.Context, spec Spec) (raw string, claims *Claims, err error) {
	if err := ctx.Err(); err != nil {
		return "", nil, fmt.Errorf("token: issue: %w", err)
	}
	i.complete(&spec)
	if err := i.checkLifetime(spec.Lifetime); err != nil {
		return "", nil, err
	}
	if err := spec.check(); err != nil {
		return "", nil, err
	}
	payload, err := encodePayload(spec.members(i.config.Issuer, i.config.Now()), spec.Claims)
	if err != nil {
		return "", nil, err
	}
	return i.sign(spec.Kind, payload)
}

func (i *Issuer) complete(spec *Spec) {
	if spec.Kind == "" {
		spec.Kind = Access
	}
	if len(spec.Audience) == 0 {
		spec.Audience = i.config.Audience
	}
	if spec.Lifetime == 0 {
		spec.Lifetime = i.config.Lifetime
	}
}

// encodePayload fails on what [parser] would refuse: duplicates and text that
// is not UTF-8.
func encodePayload(standard []member, private map[string]any) ([]byte, error) {
	for _, name := range slices.Sorted(maps.Keys(private)) {
		standard = append(standard, member{name, private[name]})
	}
	var out bytes.Buffer
	encoder := jsontext.NewEncoder(&out)
	if err := encoder.WriteToken(jsontext.BeginObject); err != nil {
		return nil, fmt.Errorf("token: encode claims: %w", err)
	}
	for _, m := range standard {
		if err := encodeMember(encoder, m); err != nil {
			return nil, fmt.Errorf("token: claim %.40q is not JSON: %w", m.name, err)
		}
	}
	if err := encoder.WriteToken(jsontext.EndObject); err != nil {
		return nil, fmt.Errorf("token: encode claims: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil // the encoder ends with a line break
}

func encodeMember(encoder *jsontext.Encoder, m member) error {
	if err := encoder.WriteToken(jsontext.String(m.name)); err != nil {
		return err
	}
	return json.MarshalEncode(encoder, m.value, json.Deterministic(true))
}

// sign makes the token, and its claims in the way that a verifier does: by
// reading them.
func (i *Issuer) sign(kind Kind, payload []byte) (string, *Claims, error) {
	key := i.config.Key
	header, err := json.Marshal(struct {
		Algorithm Algorithm `json:"alg"`
		Kind      Kind      `json:"typ"`
		KeyID     string    `json:"kid"`
	}{key.Algorithm(), kind, key.ID()})
	if err != nil {
		return "", nil, fmt.Errorf("token: encode header: %w", err)
	}
	signed := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	if len(signed) > maxLength { // before it is parsed, and signed in vain
		return "", nil, errIssueTooLong
	}
	var p parser
	if err := p.parse(payload); err != nil {
		return "", nil, fmt.Errorf("token: the payload %w: no verifier would take it", err)
	}
	signature, err := key.sign(signed)
	if err != nil {
		return "", nil, err
	}
	raw := signed + "." + base64.RawURLEncoding.EncodeToString(signature)
	if len(raw) > maxLength {
		return "", nil, errIssueTooLong
	}
	claims, err := newClaims(&p, i.profile, Header{Algorithm: key.Algorithm(), KeyID: key.ID(), Kind: kind}, raw)
	if err != nil {
		return "", nil, err
	}
	return raw, claims, nil
}

var errIssueTooLong = fmt.Errorf("token: the token would be longer than %d bytes: put less into it", maxLength)
