package authsvc

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// A refresh token is opaque to everyone but us: "grt_" and the base64url of
//
//	version 1 | MAC key id 4 | session 16 | generation 8 | secret 32 | MAC 32
//
// in bytes. The MAC (HMAC-SHA256 over all that stands before it and the
// issuer) turns junk away before the store is asked, and proves that an old
// generation was once real although nobody keeps a list of them. The secret is
// what makes the token worth anything: 256 random bits, of which only the
// SHA-256 is stored.
const (
	refreshPrefix  = "grt_"
	refreshVersion = 1

	kidLen     = 4
	sessionLen = 16
	secretLen  = 32

	atKID     = 1
	atSession = atKID + kidLen
	atGen     = atSession + sessionLen
	atSecret  = atGen + 8
	atMAC     = atSecret + secretLen
	tokenLen  = atMAC + sha256.Size // 93 bytes: 124 characters, no bit to spare
)

var (
	errRefreshInvalid = fault.New(grpcauthv1.Reason_REASON_REFRESH_INVALID, "authsvc: no valid refresh token")

	b64 = base64.RawURLEncoding.Strict()
)

// refreshToken is one whose MAC is right.
type refreshToken [tokenLen]byte

func (t *refreshToken) session() string { return b64.EncodeToString(t[atSession:atGen]) }
func (t *refreshToken) secret() []byte  { return t[atSecret:atMAC] }
func (t *refreshToken) text() string    { return refreshPrefix + b64.EncodeToString(t[:]) }

// gen fits: a token past math.MaxInt64 is never made and never parsed.
func (t *refreshToken) gen() int64 { return int64(binary.BigEndian.Uint64(t[atGen:atSecret])) } //nolint:gosec // see above

// hash is what the store knows of the token.
func (t *refreshToken) hash() []byte {
	sum := sha256.Sum256(t.secret())
	return sum[:]
}

// hashKey is what is kept of an idempotency key, nothing for none. It is of no
// use with another session.
func (t *refreshToken) hashKey(key string) []byte {
	if key == "" {
		return nil
	}
	h := sha256.New()
	h.Write(t[atSession:atGen])
	h.Write([]byte(key))
	return h.Sum(nil)
}

// Format prints the session and the generation only, whatever the verb.
func (t refreshToken) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("refreshToken{session=%s gen=%d}", t.session(), t.gen()))
}

// refreshCodec makes refresh tokens and tells its own from others.
type refreshCodec struct {
	issuer string
	keys   []macKey // the first makes tokens, the others are retired
}

type macKey struct {
	id  [kidLen]byte
	key []byte
}

// newRefreshCodec makes the codec of one epoch: what was made in another is
// none of ours, so that no token from before a backup was restored is taken for
// one of after.
func newRefreshCodec(issuer string, epoch int64, secrets ...[]byte) (*refreshCodec, error) {
	c := &refreshCodec{issuer: issuer}
	for _, secret := range secrets {
		key, err := derive(secret, ofEpoch(labelRefreshMAC, epoch), keyLen)
		if err != nil {
			return nil, err
		}
		id, err := derive(secret, ofEpoch(labelRefreshKID, epoch), kidLen)
		if err != nil {
			return nil, err
		}
		c.keys = append(c.keys, macKey{id: [kidLen]byte(id), key: key})
	}
	return c, nil
}

func ofEpoch(label string, epoch int64) string {
	if epoch == 1 {
		return label
	}
	return fmt.Sprintf("%s, epoch %d", label, epoch)
}

// first makes the first token of a new session. The session's id does not begin
// with "-", because commands would take it for a flag.
func (c *refreshCodec) first() *refreshToken {
	for {
		var session [sessionLen]byte
		_, _ = rand.Read(session[:])
		if b64.EncodeToString(session[:])[0] != '-' {
			return c.make(session, 1)
		}
	}
}

// next makes the successor of a token.
func (c *refreshCodec) next(t *refreshToken) *refreshToken {
	return c.make([sessionLen]byte(t[atSession:atGen]), t.gen()+1)
}

func (c *refreshCodec) make(session [sessionLen]byte, gen int64) *refreshToken {
	t := &refreshToken{refreshVersion}
	copy(t[atKID:], c.keys[0].id[:])
	copy(t[atSession:], session[:])
	binary.BigEndian.PutUint64(t[atGen:], uint64(gen)) //nolint:gosec // counts up from 1
	_, _ = rand.Read(t.secret())
	copy(t[atMAC:], c.mac(t, c.keys[0]))
	return t
}

// parse reads what somebody presents. There is one text for a token and no
// other: base64url without padding, white space or stray bits.
func (c *refreshCodec) parse(text string) (*refreshToken, error) {
	encoded, ok := strings.CutPrefix(text, refreshPrefix)
	if !ok || len(encoded) != b64.EncodedLen(tokenLen) {
		return nil, fmt.Errorf("%w: not of our form", errRefreshInvalid)
	}
	raw, err := b64.DecodeString(encoded)
	if err != nil || len(raw) != tokenLen { // shorter: line breaks were skipped
		return nil, fmt.Errorf("%w: not base64url", errRefreshInvalid)
	}
	t := refreshToken(raw)
	if !c.made(&t) {
		return nil, fmt.Errorf("%w: not of our making", errRefreshInvalid)
	}
	return &t, nil
}

// made reports whether the token is ours: of this version, under one of our
// keys.
func (c *refreshCodec) made(t *refreshToken) bool {
	gen := binary.BigEndian.Uint64(t[atGen:atSecret])
	return t[0] == refreshVersion && gen >= 1 && gen < math.MaxInt64 &&
		slices.ContainsFunc(c.keys, func(k macKey) bool {
			return [kidLen]byte(t[atKID:atSession]) == k.id && hmac.Equal(t[atMAC:], c.mac(t, k))
		})
}

// mac covers the issuer too, so that two services with one secret by mistake
// do not take each other's tokens. What stands before it has a fixed length,
// so the join is unambiguous.
func (c *refreshCodec) mac(t *refreshToken, k macKey) []byte {
	h := hmac.New(sha256.New, k.key)
	h.Write(t[:atMAC])
	h.Write([]byte(c.issuer))
	return h.Sum(nil)
}
