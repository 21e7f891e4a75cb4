package token

import (
	"context"
	"crypto"
	"iter"
	"net/http"
	"time"
)

type Kind string

const Access Kind = "at+jwt"

func NewKind(name string) (Kind, error)  { panic("pending") }
func ParseKind(typ string) (Kind, error) { panic("pending") }

type Algorithm string

const (
	EdDSA Algorithm = "EdDSA"
	ES256 Algorithm = "ES256"
	RS256 Algorithm = "RS256"
	HS256 Algorithm = "HS256"
)

func ParseAlgorithm(name string) (Algorithm, error) { panic("pending") }

type Key struct{ id string }

func (k *Key) ID() string           { panic("pending") }
func (k *Key) Algorithm() Algorithm { panic("pending") }

func NewKey(alg Algorithm, id string, public any) (*Key, error) { panic("pending") }

type SigningKey struct{ id string }

func (k *SigningKey) ID() string                    { panic("pending") }
func (k *SigningKey) Algorithm() Algorithm          { panic("pending") }
func (k *SigningKey) Public() *Key                  { panic("pending") }
func (k *SigningKey) MarshalPKCS8() ([]byte, error) { panic("pending") }

func GenerateKey(alg Algorithm) (*SigningKey, error)           { panic("pending") }
func NewHMACKey(id string, secret []byte) (*SigningKey, error) { panic("pending") }
func NewSigningKey(alg Algorithm, id string, private crypto.Signer) (*SigningKey, error) {
	panic("pending")
}
func ParsePEM(data []byte) (*SigningKey, error)        { panic("pending") }
func ParsePublicPEM(data []byte) (*Key, error)         { panic("pending") }
func ParseJWK(data []byte) (*Key, error)               { panic("pending") }
func ParseSigningJWK(data []byte) (*SigningKey, error) { panic("pending") }
func MarshalJWKS(keys ...*Key) ([]byte, error)         { panic("pending") }

type KeySet interface {
	Key(ctx context.Context, kid string, alg Algorithm) (*Key, error)
}

type StaticKeys struct{ keys map[string]*Key }

func NewStaticKeys(keys ...*Key) (*StaticKeys, error) { panic("pending") }
func (s *StaticKeys) Key(ctx context.Context, kid string, alg Algorithm) (*Key, error) {
	panic("pending")
}

type RemoteKeysConfig struct {
	URL               string
	HTTPClient        *http.Client
	Cooldown          time.Duration
	MaxAge            time.Duration
	InsecureAllowHTTP bool
	Now               func() time.Time
}

type RemoteKeys struct{ config RemoteKeysConfig }

func NewRemoteKeys(config RemoteKeysConfig) (*RemoteKeys, error) { panic("pending") }
func (r *RemoteKeys) Key(ctx context.Context, kid string, alg Algorithm) (*Key, error) {
	panic("pending")
}

type Header struct {
	Algorithm Algorithm
	KeyID     string
	Kind      Kind
}

type Spec struct {
	Kind      Kind
	Subject   string
	Audience  []string
	ClientID  string
	Scopes    []string
	Roles     []string
	SessionID string
	AuthTime  time.Time
	ACR       string
	AMR       []string
	Lifetime  time.Duration
	Claims    map[string]any
}

type IssuerConfig struct {
	Issuer      string
	Audience    []string
	Key         *SigningKey
	Lifetime    time.Duration
	MaxLifetime time.Duration
	Now         func() time.Time
}

type Issuer struct{ config IssuerConfig }

func NewIssuer(config IssuerConfig) (*Issuer, error) { panic("pending") }
func (i *Issuer) Issue(ctx context.Context, spec Spec) (raw string, claims *Claims, err error) {
	panic("pending")
}
func (i *Issuer) Key() *Key    { panic("pending") }
func (i *Issuer) Name() string { panic("pending") }

type TrustedIssuer struct {
	Issuer    string
	Audiences []string
	Keys      KeySet
}

const NoLeeway time.Duration = -1

type VerifierConfig struct {
	Issuers []TrustedIssuer
	Leeway  time.Duration
	Now     func() time.Time
}

type Verifier struct{ config VerifierConfig }

func NewVerifier(config VerifierConfig) (*Verifier, error) { panic("pending") }
func (v *Verifier) Verify(ctx context.Context, raw string, kinds ...Kind) (*Claims, error) {
	panic("pending")
}
func (v *Verifier) Issuers() []string                           { panic("pending") }
func (v *Verifier) Deadline(claims *Claims) time.Time           { panic("pending") }
func Peek(raw string) (header Header, issuer string, err error) { panic("pending") }

type Claims struct{ raw string }

func (c *Claims) Issuer() string            { panic("pending") }
func (c *Claims) Subject() string           { panic("pending") }
func (c *Claims) ClientID() string          { panic("pending") }
func (c *Claims) ID() string                { panic("pending") }
func (c *Claims) SessionID() string         { panic("pending") }
func (c *Claims) ACR() string               { panic("pending") }
func (c *Claims) Kind() Kind                { panic("pending") }
func (c *Claims) Header() Header            { panic("pending") }
func (c *Claims) Audience() []string        { panic("pending") }
func (c *Claims) Scopes() []string          { panic("pending") }
func (c *Claims) Roles() []string           { panic("pending") }
func (c *Claims) AMR() []string             { panic("pending") }
func (c *Claims) HasAudience(s string) bool { panic("pending") }
func (c *Claims) HasScope(s string) bool    { panic("pending") }
func (c *Claims) HasRole(s string) bool     { panic("pending") }
func (c *Claims) IssuedAt() time.Time       { panic("pending") }
func (c *Claims) ExpiresAt() time.Time      { panic("pending") }
func (c *Claims) NotBefore() time.Time      { panic("pending") }
func (c *Claims) AuthTime() time.Time       { panic("pending") }
func (c *Claims) Bound() bool               { panic("pending") }
func (c *Claims) Claim(path string) Value   { panic("pending") }
func (c *Claims) Decode(v any) error        { panic("pending") }
func (c *Claims) Raw() string               { panic("pending") }

type Value struct{ node int }

func (v Value) Exists() bool            { panic("pending") }
func (v Value) Text() (string, bool)    { panic("pending") }
func (v Value) Bool() (bool, bool)      { panic("pending") }
func (v Value) Number() (float64, bool) { panic("pending") }
func (v Value) Int() (int64, bool)      { panic("pending") }
func (v Value) Len() int                { panic("pending") }
func (v Value) Items() iter.Seq[Value]  { panic("pending") }
