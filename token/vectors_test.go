package token

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// joe is the payload of most samples of RFC 7515.
const joe = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

// The samples of the RFCs. Their payloads are not tokens that a Verifier
// would take, so what is below the claims is tested.
func TestSamplesOfTheRFCs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		key *Key
		raw string
	}{
		"RFC 7515 A.1, HS256": {
			hmacKey(secretOfA1),
			"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + joe + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		},
		"RFC 7515 A.2, RS256": {
			jwkKey(`{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}`),
			"eyJhbGciOiJSUzI1NiJ9." + joe + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
		},
		"RFC 7515 A.3, ES256": {
			jwkKey(keyOfA3),
			"eyJhbGciOiJFUzI1NiJ9." + joe + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
		},
		"RFC 7515 A.4, ES512": {
			jwkKey(`{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}`),
			"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
		},
		"RFC 8037 A.4, EdDSA": {
			jwkKey(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`),
			"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, err := NewStaticKeys(tc.key)
			if err != nil {
				t.Fatal(err)
			}
			if err := verifyJWS(keys, tc.raw); err != nil {
				t.Errorf("the sample does not verify: %v", err)
			}
			header, rest, _ := strings.Cut(tc.raw, ".")
			if err := verifyJWS(keys, header+".AAAA"+rest); !errors.Is(err, ErrSignature) {
				t.Errorf("another text: %v", err)
			}
		})
	}
}

// The samples that are no token for us: RFC 7515 A.5 has no signature, and A.6
// and A.7 are in forms that RFC 7519 §1 leaves out.
//
// checklist: V2 V3
func TestSamplesThatAreRefused(t *testing.T) {
	t.Parallel()
	keys, err := NewStaticKeys(jwkKey(keyOfA3))
	if err != nil {
		t.Fatal(err)
	}
	const signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	for name, tc := range map[string]struct {
		raw  string
		want error
	}{
		"RFC 7515 A.5, unsecured":         {"eyJhbGciOiJub25lIn0." + joe + ".", ErrSignature},
		"RFC 7515 A.6, JSON":              {`{"payload":"` + joe + `","signatures":[{"protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"` + signature + `"}]}`, errSegments},
		"RFC 7515 A.7, flattened JSON":    {`{"payload":"` + joe + `","protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"` + signature + `"}`, errSegments},
		"RFC 7515 appendix F, detached":   {"eyJhbGciOiJFUzI1NiJ9.." + signature, ErrSignature},
		"RFC 7515 A.3, which is accepted": {"eyJhbGciOiJFUzI1NiJ9." + joe + "." + signature, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := verifyJWS(keys, tc.raw); !errors.Is(err, tc.want) {
				t.Errorf("error = %v, want %v", err, tc.want)
			}
		})
	}
}

// RFC 8037 A.6 and A.7 have keys for agreement, which verify nothing.
//
// checklist: V10
func TestKeysOfTheRFCsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{
		"RFC 8037 A.6, X25519": `{"kty":"OKP","crv":"X25519","kid":"Bob","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}`,
		"RFC 8037 A.7, X448":   `{"kty":"OKP","crv":"X448","kid":"Dave","x":"PreoKbDNIPW8_AtZm2_sz22kYnEHvbDU80W0MCfYuXL8PjT7QjKhPKcG3LV67D2uB73BxnvzNgk"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := ParseJWK([]byte(key)); err == nil || !strings.Contains(err.Error(), "not supported") {
				t.Errorf("error = %v", err)
			}
		})
	}
}

// keyOfA3 is the public key of RFC 7515 A.3.
const keyOfA3 = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`

func hmacKey(k string) *Key {
	secret, err := base64.RawURLEncoding.DecodeString(k)
	if err != nil {
		panic(err)
	}
	key, err := NewHMACKey("", secret)
	if err != nil {
		panic(err)
	}
	return key.Public()
}

func jwkKey(jwk string) *Key {
	key, err := ParseJWK([]byte(jwk))
	if err != nil {
		panic(err)
	}
	return key
}

// checklist: I7
func TestThumbprintsOfTheRFCs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ jwk, want string }{
		"RFC 7638 §3.1": {
			`{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256"}`,
			"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
		},
		"RFC 8037 A.3": {
			`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
			"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := jwkKey(tc.jwk).ID(); got != tc.want {
				t.Errorf("thumbprint = %s, want %s", got, tc.want)
			}
		})
	}
}

// RFC 8037 A.1 gives the private key of A.4: signing is deterministic.
func TestWeSignAsRFC8037Does(t *testing.T) {
	t.Parallel()
	key, err := ParseSigningJWK([]byte(`{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if err != nil {
		t.Fatal(err)
	}
	const sample = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
	signed := sample[:strings.LastIndexByte(sample, '.')]
	signature, err := key.sign(signed)
	if err != nil {
		t.Fatal(err)
	}
	if got := signed + "." + base64.RawURLEncoding.EncodeToString(signature); got != sample {
		t.Errorf("signed %s", got)
	}
}

// So is an HMAC: RFC 7515 A.1.
func TestWeSignAsRFC7515Does(t *testing.T) {
	t.Parallel()
	const signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + joe
	secret, err := base64.RawURLEncoding.DecodeString(secretOfA1)
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewHMACKey("", secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := key.sign(signed)
	if err != nil {
		t.Fatal(err)
	}
	if got := base64.RawURLEncoding.EncodeToString(signature); got != "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" {
		t.Errorf("signed %s", got)
	}
}

// secretOfA1 is the secret of RFC 7515 A.1.
const secretOfA1 = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
