package token_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

// checklist: V3 V8 V10
func TestMalformedTokens(t *testing.T) {
	t.Parallel()
	eachHand(t, func(t *testing.T, h hand) {
		v := h.verifier()
		good := h.token(payload(nil))
		if _, err := verify(v, good); err != nil {
			t.Fatalf("the good token is refused: %v", err)
		}
		segments := strings.Split(good, ".")
		for name, raw := range map[string]string{
			"10 three junk segments":          "anVuaw.anVuaw.anVuaw",
			"10 three segments of bad base64": "!!!.???.***",
			"10 one segment":                  segments[0],
			"10 two segments":                 segments[0] + "." + segments[1],
			"10 four segments":                good + "." + segments[2],
			"10 trailing dot":                 good + ".",
			"10 leading dot":                  "." + good,
			"10 empty":                        "",
			"10 two dots":                     "..",
			"21 padded header":                segments[0] + "=." + segments[1] + "." + segments[2],
			"21 padded payload":               segments[0] + "." + segments[1] + "==." + segments[2],
			"21 padded signature":             good + "=",
			"21 space before":                 " " + good,
			"21 space after":                  good + " ",
			"21 line break inside":            segments[0] + ".\n" + segments[1] + "." + segments[2],
			"21 carriage return at the end":   good + "\r\n",
			"21 standard alphabet":            segments[0] + "." + segments[1] + ".++//",
			"21 one character is no byte":     segments[0] + "." + segments[1] + ".A",
			"22 over 8 KiB":                   good + strings.Repeat("A", 8<<10),
			"22 8 KiB of dots":                strings.Repeat(".", 8<<10+1),
			"27 JWE":                          good + "." + segments[1] + "." + segments[2],
			"27 JWE header in three segments": h.sign(`{"enc":"A128GCM","typ":"at+jwt"}`, payload(nil)),
		} {
			t.Run(name, func(t *testing.T) {
				_, err := verify(v, raw)
				wantErr(t, err, token.ErrMalformed)
			})
		}
	})
}

// Bits that decode to nothing would give a token a second spelling.
// checklist: V8
func Test21NonCanonicalBase64(t *testing.T) {
	t.Parallel()
	eachHand(t, func(t *testing.T, h hand) {
		header, claims := unaligned(h.header("at+jwt")), unaligned(payload(nil))
		good := h.sign(header, claims)
		if _, err := verify(h.verifier(), good); err != nil {
			t.Fatal(err)
		}
		signature := good[strings.LastIndexByte(good, '.')+1:]
		for name, raw := range map[string]string{
			"header":    h.signText(loose(t, b64(header)) + "." + b64(claims)),
			"payload":   h.signText(b64(header) + "." + loose(t, b64(claims))),
			"signature": strings.TrimSuffix(good, signature) + loose(t, signature),
		} {
			t.Run(name, func(t *testing.T) {
				_, err := verify(h.verifier(), raw)
				wantErr(t, err, token.ErrMalformed)
			})
		}
	})
}

// unaligned adds white space until the base64url of text has bits to spare.
func unaligned(text string) string {
	for len(text)%3 == 0 {
		text += " "
	}
	return text
}

// loose sets bits of the last character that decode to nothing.
func loose(t *testing.T, segment string) string {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, segment[len(segment)-1])
	other := segment[:len(segment)-1] + string(alphabet[last|1])
	if other == segment || len(segment)%4 == 0 {
		t.Fatal("there are no bits to spare")
	}
	return other
}

// checklist: V6 V7
func TestHeader(t *testing.T) {
	t.Parallel()
	eachHand(t, func(t *testing.T, h hand) {
		alg, kid := h.method.Alg(), h.key.ID()
		ours := fmt.Sprintf(`"alg":%q,"kid":%q`, alg, kid)
		for name, tc := range map[string]struct {
			header string
			want   error
		}{
			"good":                              {`{` + ours + `,"typ":"at+jwt"}`, nil},
			"white space in JSON":               {"{ " + ours + ",\r\n\t\"typ\" : \"at+jwt\" } ", nil},
			"typ in any case":                   {`{` + ours + `,"typ":"AT+JWT"}`, nil},
			"typ with application/":             {`{` + ours + `,"typ":"application/at+jwt"}`, nil},
			"typ with Application/":             {`{` + ours + `,"typ":"Application/At+jwt"}`, nil},
			"unknown member":                    {`{` + ours + `,"typ":"at+jwt","x":{"y":[1,{"z":null}]}}`, nil},
			"18 crit unknown":                   {`{` + ours + `,"typ":"at+jwt","crit":["exp"],"exp":1}`, token.ErrMalformed},
			"18 crit empty":                     {`{` + ours + `,"typ":"at+jwt","crit":[]}`, token.ErrMalformed},
			"18 crit null":                      {`{` + ours + `,"typ":"at+jwt","crit":null}`, token.ErrMalformed},
			"18 crit b64":                       {`{` + ours + `,"typ":"at+jwt","crit":["b64"],"b64":false}`, token.ErrMalformed},
			"19 duplicate alg":                  {`{` + ours + `,"typ":"at+jwt","alg":"none"}`, token.ErrMalformed},
			"19 duplicate, escaped":             {`{` + ours + `,"typ":"at+jwt","\u0061lg":"none"}`, token.ErrMalformed},
			"19 duplicate inside":               {`{` + ours + `,"typ":"at+jwt","x":{"y":1,"y":2}}`, token.ErrMalformed},
			"names are case-sensitive":          {`{` + ours + `,"TYP":"at+jwt"}`, token.ErrKind},
			"ALG is not alg":                    {fmt.Sprintf(`{"ALG":%q,"kid":%q,"typ":"at+jwt"}`, alg, kid), token.ErrMalformed},
			"no alg":                            {fmt.Sprintf(`{"kid":%q,"typ":"at+jwt"}`, kid), token.ErrMalformed},
			"alg is a number":                   {`{"alg":1,"typ":"at+jwt"}`, token.ErrMalformed},
			"kid is a number":                   {fmt.Sprintf(`{"alg":%q,"kid":1,"typ":"at+jwt"}`, alg), token.ErrMalformed},
			"typ is a list":                     {`{` + ours + `,"typ":["at+jwt"]}`, token.ErrMalformed},
			"a list":                            {`[]`, token.ErrMalformed},
			"a string":                          {`"alg"`, token.ErrMalformed},
			"text after it":                     {`{` + ours + `,"typ":"at+jwt"} {}`, token.ErrMalformed},
			"a comment":                         {`{` + ours + `,"typ":"at+jwt"/**/}`, token.ErrMalformed},
			"not UTF-8":                         {"{" + ours + ",\"typ\":\"at+jwt\",\"x\":\"\xff\"}", token.ErrMalformed},
			"half a surrogate pair":             {`{` + ours + `,"typ":"at+jwt","x":"\ud800"}`, token.ErrMalformed},
			"nested 32 deep":                    {`{` + ours + `,"typ":"at+jwt","x":` + nested(31) + `}`, nil},
			"nested 33 deep":                    {`{` + ours + `,"typ":"at+jwt","x":` + nested(32) + `}`, token.ErrMalformed},
			"nested as deep as 8 KiB allow":     {`{` + ours + `,"typ":"at+jwt","x":` + strings.Repeat("[", 5000) + `}`, token.ErrMalformed},
			"28 typ JWT":                        {`{` + ours + `,"typ":"JWT"}`, token.ErrKind},
			"28 typ missing":                    {`{` + ours + `}`, token.ErrKind},
			"28 typ empty":                      {`{` + ours + `,"typ":""}`, token.ErrKind},
			"28 typ with a foreign type":        {`{` + ours + `,"typ":"text/at+jwt"}`, token.ErrKind},
			"28 typ with a slash of its own":    {`{` + ours + `,"typ":"application/a/at+jwt"}`, token.ErrKind},
			"28 typ with a Kelvin sign for a k": {`{` + ours + `,"typ":"at+jwt\u212a"}`, token.ErrKind},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := verify(h.verifier(), h.sign(tc.header, payload(nil)))
				wantErr(t, err, tc.want)
			})
		}
	})
}

// nested is lists in each other, depth of them.
func nested(depth int) string {
	return strings.Repeat("[", depth) + strings.Repeat("]", depth)
}

// checklist: V1 V2
func TestAlgorithmIsTheKeys(t *testing.T) {
	t.Parallel()
	for _, trusted := range hands() {
		for _, forger := range hands() {
			for _, kid := range []string{"", trusted.key.ID()} {
				name := fmt.Sprintf("11 %s under %s, kid=%t", forger, trusted, kid != "")
				t.Run(name, func(t *testing.T) {
					if forger.method == trusted.method {
						return
					}
					header := fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":%q}`, forger.method.Alg(), kid)
					_, err := verify(trusted.verifier(), forger.sign(header, payload(nil)))
					wantErr(t, err, token.ErrSignature)
				})
			}
		}
	}
}

// checklist: V2
func TestNone(t *testing.T) {
	t.Parallel()
	eachHand(t, func(t *testing.T, h hand) {
		for _, alg := range []string{"none", "None", "nOnE", "NONE", strings.ToLower(h.method.Alg()) + "x", "HS1", "ES256K", "RSA1_5", "ed25519"} {
			for _, kid := range []string{"", h.key.ID(), "another"} {
				for _, signature := range []string{"", "AAAA", b64(strings.Repeat("s", 64))} {
					t.Run(fmt.Sprintf("11 %s kid=%.5s signature=%.5s", alg, kid, signature), func(t *testing.T) {
						header := fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":%q}`, alg, kid)
						_, err := verify(h.verifier(), b64(header)+"."+b64(payload(nil))+"."+signature)
						wantErr(t, err, token.ErrSignature)
					})
				}
			}
		}
	})
}

// The classic: a public key, which is public, as an HMAC secret.
// checklist: V1
func Test11PublicKeyAsSecret(t *testing.T) {
	t.Parallel()
	for _, h := range hands()[:3] {
		t.Run(h.String(), func(t *testing.T) { forgeWithPublicKey(t, h) })
	}
}

func forgeWithPublicKey(t *testing.T, h hand) {
	t.Helper()
	jwks := must(token.MarshalJWKS(h.key.Public()))
	der := must(x509.MarshalPKIXPublicKey(h.private.(crypto.Signer).Public()))
	for name, secret := range map[string][]byte{
		"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "JWKS": jwks,
	} {
		t.Run(name, func(t *testing.T) {
			forger := hand{jwt.SigningMethodHS256, secret, h.key}
			for _, raw := range []string{
				forger.token(payload(nil)),
				forger.sign(`{"alg":"HS256","typ":"at+jwt"}`, payload(nil)),
				forger.sign(fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":%q}`, h.method.Alg(), h.key.ID()), payload(nil)),
			} {
				_, err := verify(h.verifier(), raw)
				wantErr(t, err, token.ErrSignature)
			}
		})
	}
}
