package password

import (
	"errors"
	"strings"
	"testing"
)

const longest72 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// foreignHashes were made by other implementations: bcrypt by crypt_blowfish
// through crypt(3) of the C library (U*U and its like are crypt_blowfish's own
// test vectors), PBKDF2 by Python's hashlib. The first of PBKDF2 stands in the
// documentation of passlib, the second in the tests of Django.
var foreignHashes = []struct{ encoded, password string }{
	{`$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW`, "U*U"},
	{`$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK`, "U*U*"},
	{`$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a`, "U*U*U"},
	{`$2a$05$abcdefghijklmnopqrstuua4cI5kRltpWhR1kYKGZBo9ct1SFvSem`, longest72[:71]},
	{`$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui`, longest72},
	{`$2b$04$GhvMmNVjRW29ulnudl.LbuCc.7N8Auk914hx.YMrP5BDdA.3Y9zdO`, "a"},
	{`$2y$04$CCCCCCCCCCCCCCCCCCCCC.Cg0ly9t/KVBCBYYDfOmZKwry9JuXClC`, ""},
	{`$2y$06$/OK.fbVrR/bpIqNJ5ianF.VPau93rjhXHEQ4kuIN2W8BGS5MuPnIW`, "élan vital"},
	{`$2a$08$N9qo8uLOickgx2ZMRZoMyeIX9cC48bcLgGe7wDaYaEfhbwJnSbd/S`, "correct horse"},

	{`$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44`, "password"},
	{`pbkdf2_sha256$20000$seasalt$oBSd886ysm3AqYun62DOdin8YcfbU1z9cksZSuLP9r0=`, "lètmein"},
	{`$pbkdf2$131$.yBFao.02f4jSG2St9wBJg$A6pRTzhK.cYPtnjOqIkAl1HyiH0`, "correct horse"},
	{`pbkdf2_sha1$131$aB3dE5gH7jK9$ZPrwKhYOox1wI+iveoT0t55vbCs=`, "correct horse"},
	{`$pbkdf2-sha256$29$.yBFao.02f4jSG2St9wBJg$Px9YkmwHP7r2HyJ3Dh1hfrFkIzdn9uakj1FFmmzGC7o`, "пароль ключ"},
	{`pbkdf2_sha256$29$aB3dE5gH7jK9$MMlpwy+oZcyUjXSC5V0d7jrwiaTq7d4+UPMPmSrMh4k=`, "correct horse"},
	{`pbkdf2_sha256$29$aB3dE5gH7jK9$Nxuc+t8mFU1IlPP5VsfSkWaRmZDGTQ3XmhF0tQfqlc0=`, strings.Repeat("x", 200)},
	{`pbkdf2_sha256$29$aB3dE5gH7jK9$8G/U1XmwQKNmoIvOcrdwhRvL0bU0abQ9bVSxZuaxRdc=`, ""},
	{`$pbkdf2-sha512$25$.yBFao.02f4jSG2St9wBJg$o23SbnJV756dRWhOHwHiw82BMDkGfZxHM3/5L3NO7t4Gv73AvKUy.GFG7kyzcx5zLhtru4tzgV3pO1qQhwsIJQ`, strings.Repeat("x", 200)},
	{`pbkdf2_sha512$25$aB3dE5gH7jK9$NFSZHj2/seHzq4pt3ghBRZzU/twN9iseCVmGsl76X8NkzMBboUwB30pF9e5Y8ThwWPtSxZCrklC7JJ9+y/d54A==`, "пароль ключ"},
}

// checklist: P1
func TestForeignHashesVerifyAndAreReplaced(t *testing.T) {
	t.Parallel()
	h := newCheap(t, cheap(), 2)
	for _, v := range foreignHashes {
		t.Run(v.encoded[:20], func(t *testing.T) {
			t.Parallel()
			ok, rehash, err := h.Verify(t.Context(), v.encoded, v.password)
			if !ok || !rehash || err != nil {
				t.Errorf("ok %v, rehash %v, error %v; want a match to replace", ok, rehash, err)
			}
			for _, wrong := range []string{v.password + " ", v.password + "\x00", strings.ToUpper(v.password) + "!", "wrong"} {
				if ok, rehash, err := h.Verify(t.Context(), v.encoded, wrong); ok || rehash || err != nil {
					t.Errorf("%q: ok %v, rehash %v, error %v; want no match", wrong, ok, rehash, err)
				}
			}
		})
	}
}

// bcrypt reads 72 bytes, repeats a short password after its NUL until it has
// them, and PBKDF2 fills up with NULs: other passwords, the same hash. They
// don't pass here.
//
// checklist: P5
func TestWhatForeignHashesCannotTellApartDoesNotPass(t *testing.T) {
	t.Parallel()
	h := newCheap(t, cheap(), 2)
	for _, tc := range []struct{ name, encoded, right, alike string }{
		{"the 73rd byte", `$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui`, longest72, longest72 + "chars after 72 are ignored"},
		{"repeated", `$2b$04$GhvMmNVjRW29ulnudl.LbuCc.7N8Auk914hx.YMrP5BDdA.3Y9zdO`, "a", "a\x00a"},
		{"an empty one repeated", `$2y$04$CCCCCCCCCCCCCCCCCCCCC.Cg0ly9t/KVBCBYYDfOmZKwry9JuXClC`, "", "\x00\x00"},
		{"filled up", `pbkdf2_sha256$29$aB3dE5gH7jK9$MMlpwy+oZcyUjXSC5V0d7jrwiaTq7d4+UPMPmSrMh4k=`, "correct horse", "correct horse\x00"},
	} {
		for given, want := range map[string]bool{tc.right: true, tc.alike: false} {
			if ok, _, err := h.Verify(t.Context(), tc.encoded, given); ok != want || err != nil {
				t.Errorf("%s: %q: ok %v, error %v; want %v", tc.name, given, ok, err, want)
			}
		}
	}
}

// brokenForeignHashes are near to what we take.
func brokenForeignHashes() map[string]string {
	const (
		bcrypt  = `$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui`
		passlib = `$pbkdf2-sha256$29$.yBFao.02f4jSG2St9wBJg$Px9YkmwHP7r2HyJ3Dh1hfrFkIzdn9uakj1FFmmzGC7o`
		django  = `pbkdf2_sha256$29$aB3dE5gH7jK9$MMlpwy+oZcyUjXSC5V0d7jrwiaTq7d4+UPMPmSrMh4k=`
	)
	return map[string]string{
		"bcrypt, the faulty version":    strings.Replace(bcrypt, "2b", "2x", 1),
		"bcrypt, no version":            strings.Replace(bcrypt, "2b", "2", 1),
		"bcrypt, a cost of 3":           strings.Replace(bcrypt, "05", "03", 1),
		"bcrypt, a cost of 16":          strings.Replace(bcrypt, "05", "16", 1),
		"bcrypt, a cost of 31":          strings.Replace(bcrypt, "05", "31", 1),
		"bcrypt, a sign":                strings.Replace(bcrypt, "05", "+5", 1),
		"bcrypt, no number":             strings.Replace(bcrypt, "05", "0x", 1),
		"bcrypt, short":                 bcrypt[:59],
		"bcrypt, long":                  bcrypt + "x",
		"bcrypt, another letter":        strings.Replace(bcrypt, "uu", "u=", 1),
		"bcrypt, a line break":          strings.Replace(bcrypt, "uu", "u\n", 1),
		"bcrypt, no dollar":             strings.Replace(bcrypt, "05$", "05a", 1),
		"passlib, md5":                  strings.Replace(passlib, "sha256", "md5", 1),
		"passlib, no digest":            strings.Replace(passlib, "-sha256", "-", 1),
		"passlib, sha1 by name":         strings.Replace(`$pbkdf2$131$.yBFao.02f4jSG2St9wBJg$A6pRTzhK.cYPtnjOqIkAl1HyiH0`, "pbkdf2", "pbkdf2-sha1", 1),
		"passlib, something else":       strings.Replace(passlib, "pbkdf2-sha256", "pbkdf2x", 1),
		"passlib, no iterations":        strings.Replace(passlib, "$29$", "$0$", 1),
		"passlib, too many":             strings.Replace(passlib, "$29$", "$4000001$", 1),
		"passlib, beyond 32 bits":       strings.Replace(passlib, "$29$", "$4294967325$", 1),
		"passlib, a leading zero":       strings.Replace(passlib, "$29$", "$029$", 1),
		"passlib, a hex number":         strings.Replace(passlib, "$29$", "$1d$", 1),
		"passlib, no salt":              strings.Replace(passlib, ".yBFao.02f4jSG2St9wBJg", "", 1),
		"passlib, a plus":               strings.Replace(passlib, ".yBF", "+yBF", 1),
		"passlib, padded":               passlib + "=",
		"passlib, the hash of another":  strings.Replace(passlib, "sha256", "sha512", 1),
		"passlib, more":                 passlib + "$",
		"passlib, loose trailing bits":  strings.Replace(passlib, "zGC7o", "zGC7p", 1),
		"django, md5":                   strings.Replace(django, "sha256", "md5", 1),
		"django, no salt":               strings.Replace(django, "aB3dE5gH7jK9", "", 1),
		"django, an endless salt":       strings.Replace(django, "aB3dE5gH7jK9", strings.Repeat("a", 65), 1),
		"django, too many":              strings.Replace(django, "$29$", "$4000001$", 1),
		"django, not padded":            strings.TrimSuffix(django, "="),
		"django, a line break":          strings.Replace(django, "Mlpw", "Ml\npw", 1),
		"django, cut":                   strings.Replace(django, "MMlp", "", 1),
		"django, unusable on purpose":   "!aB3dE5gH7jK9aB3dE5gH7jK9aB3dE5gH7jK9aB3d",
		"django, bcrypt over something": "bcrypt_sha256$" + bcrypt,
	}
}

// checklist: P3
func TestBrokenForeignHashesAreRefused(t *testing.T) {
	t.Parallel()
	for name, encoded := range brokenForeignHashes() {
		if _, err := parse(encoded); !errors.Is(err, ErrEncoding) || strings.Contains(err.Error(), "aB3dE5") {
			t.Errorf("%s: error %v, want %v and nothing of the hash", name, err, ErrEncoding)
		}
	}
}
