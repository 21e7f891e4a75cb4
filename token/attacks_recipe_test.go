package token_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"sync"
	"text/template"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

// segments are a token's, encoded. Recipes name them.
type segments struct{ H, P, S string }

func (s segments) raw() string { return s.H + "." + s.P + "." + s.S }

// attackHands are the keys of testdata/attacks/keys, by name, which is their
// id as well; but the attacker's has the id of the key it wants to pass for.
var attackHands = sync.OnceValue(func() map[string]hand {
	secret := bytes.TrimSpace(must(os.ReadFile("testdata/attacks/keys/hs256.txt")))
	hands := map[string]hand{"hs256": {jwt.SigningMethodHS256, secret, must(token.NewHMACKey("hs256", secret))}}
	for _, name := range []string{"ed25519", "es256", "rs256", "other", "attacker"} {
		private := attackKey(name)
		alg := map[string]token.Algorithm{"es256": token.ES256, "rs256": token.RS256}[name]
		id := strings.Replace(name, "attacker", "ed25519", 1)
		key := must(token.NewSigningKey(cmp.Or(alg, token.EdDSA), id, private))
		hands[name] = hand{jwt.GetSigningMethod(string(key.Algorithm())), private, key}
	}
	return hands
})

// hand is whose token the attack begins with: the first that is trusted.
func (a attack) hand() hand {
	return attackHands()[strings.Fields(cmp.Or(a["trust"], "ed25519"))[0]]
}

func (a attack) good() segments {
	h := a.hand()
	return cutToken(h.sign(h.header("at+jwt"), attackPayload("", "")))
}

func cutToken(raw string) segments {
	cut := strings.Split(raw, ".")
	return segments{cut[0], cut[1], cut[2]}
}

// token follows the recipe: header and payload, then who signs them, then
// what becomes of the signature and of the whole.
func (a attack) token(good segments) string {
	header := cmp.Or(a["header"], strings.TrimSuffix(a.hand().header("at+jwt"), "}")+a["header-add"]+"}")
	payload := cmp.Or(a["payload"], attackPayload(a["payload-drop"], a["payload-add"]))
	made := segments{H: b64(a.text(header, &good)), P: b64(a.text(payload, &good))}
	if a["header-segment"] != "" {
		made.H = a.text(a["header-segment"], &made)
	}
	if a["payload-segment"] != "" {
		made.P = a.text(a["payload-segment"], &made)
	}
	made.S = b64(a.sign(a.text(cmp.Or(a["signed"], "<<.H>>.<<.P>>"), &made)))
	if s, ok := a["signature"]; ok {
		made.S = a.text(s, &made)
	}
	return a.text(cmp.Or(a["token"], "<<.H>>.<<.P>>.<<.S>>"), &made)
}

// sign signs as "sign" says: by a key by its name, or by HMAC with a secret
// that is often no secret at all. Without it the good key signs.
func (a attack) sign(text string) string {
	h := a.hand()
	if secret, ok := strings.CutPrefix(a["sign"], "hmac "); ok {
		h = hand{method: jwt.SigningMethodHS256, private: []byte(a.text(secret, nil))}
	} else if a["sign"] != "" {
		h = attackHands()[a["sign"]]
	}
	return string(must(h.method.Sign(text, h.private)))
}

// text fills the actions of a recipe in.
func (a attack) text(recipe string, data *segments) string {
	funcs := template.FuncMap{
		"public": publicAs, "repeat": strings.Repeat, "b64": b64, "join": func(parts ...string) string { return strings.Join(parts, "") },
		"raw":    func(s string) string { return string(must(base64.RawURLEncoding.DecodeString(s))) },
		"padded": func(s string) string { return s + strings.Repeat("=", (4-len(s)%4)%4) },
		"hex":    func(s string) string { return string(must(hex.DecodeString(s))) },
		"tohex":  func(s string) string { return hex.EncodeToString([]byte(s)) },
		"std":    func(s string) string { return strings.NewReplacer("-", "+", "_", "/").Replace(s) },
		"loose":  looseBits, "flip": flipBit, "add": addNumbers, "sub": subNumbers, "reversed": reversed, "asn1": asASN1, "order": orderP256,
	}
	var out strings.Builder
	parsed := template.Must(template.New("").Delims("<<", ">>").Funcs(funcs).Parse(recipe))
	if err := parsed.Execute(&out, data); err != nil {
		panic(fmt.Sprintf("%s: %v", recipe, err))
	}
	return out.String()
}

// looseBits sets bits of the last character that decode to nothing.
func looseBits(segment string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(segment)%4 == 0 {
		panic("there are no bits to spare")
	}
	last := strings.IndexByte(alphabet, segment[len(segment)-1])
	return segment[:len(segment)-1] + string(alphabet[last|1])
}

func flipBit(s string) string {
	b := []byte(s)
	b[len(b)/2] ^= 1
	return string(b)
}

func addNumbers(a, b string) string { return number(a, b, (*big.Int).Add) }

func subNumbers(a, b string) string { return number(a, b, (*big.Int).Sub) }

// number is the result of arithmetic on two numbers of big endian, in at
// least as many bytes as the longer of them.
func number(a, b string, op func(z, x, y *big.Int) *big.Int) string {
	result := op(new(big.Int), new(big.Int).SetBytes([]byte(a)), new(big.Int).SetBytes([]byte(b)))
	size := max(len(a), len(b), len(result.Bytes()))
	return string(result.FillBytes(make([]byte, size)))
}

// reversed turns little endian, which Ed25519 has, into big endian.
func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}
