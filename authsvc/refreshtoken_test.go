package authsvc

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func testCodec(t testing.TB, issuer string, secret byte) *refreshCodec {
	t.Helper()
	c, err := newRefreshCodec(issuer, 1, bytes.Repeat([]byte{secret}, minSecret))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRefreshTokenComesBack(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "https://auth.example", 1)
	first := c.first()
	for _, want := range []*refreshToken{first, c.next(first), c.next(c.next(first))} {
		got, err := c.parse(want.text())
		if err != nil {
			t.Fatal(err)
		}
		if *got != *want || got.session() != first.session() {
			t.Errorf("%v came back as %v", want, got)
		}
	}
	if first.gen() != 1 || c.next(first).gen() != 2 {
		t.Error("generations do not count from 1")
	}
	if n := len(first.text()); n != 128 {
		t.Errorf("the text has %d characters", n)
	}
	if len(first.session()) != 22 {
		t.Errorf("session id %q", first.session())
	}
}

func TestRefreshTokensShareNoSecret(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "https://auth.example", 1)
	a := c.first()
	b, other := c.next(a), c.next(a)
	if bytes.Equal(a.secret(), b.secret()) || bytes.Equal(b.secret(), other.secret()) {
		t.Error("two tokens have one secret")
	}
	if bytes.Equal(b.hash(), other.hash()) {
		t.Error("two tokens have one hash")
	}
}

func TestRefreshTokenOfAnotherMaking(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "https://auth.example", 1)
	good := c.first().text()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(good, refreshPrefix))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"empty":                      "",
		"prefix alone":               refreshPrefix,
		"no prefix":                  strings.TrimPrefix(good, refreshPrefix),
		"prefix in upper case":       "GRT_" + strings.TrimPrefix(good, refreshPrefix),
		"a JWT":                      "eyJhbGciOiJub25lIn0.e30.",
		"one character short":        good[:len(good)-1],
		"one character more":         good + "A",
		"padded":                     good + "=",
		"leading space":              " " + good,
		"a line feed inside":         good[:20] + "\n" + good[20:],
		"a line feed for a char":     good[:20] + "\n" + good[21:],
		"line feeds for three bytes": good[:20] + "\n\n\n\n" + good[24:],
		"standard base64":            good[:20] + "+/" + good[22:],
		"bytes outside ASCII":        good[:20] + "\xff\xfe" + good[22:],
		"long":                       refreshPrefix + strings.Repeat("A", 508),
		"zeros":                      refreshPrefix + strings.Repeat("A", 124),
		"another issuer's":           testCodec(t, "https://auth.example/", 1).first().text(),
		"under another secret":       testCodec(t, "https://auth.example", 2).first().text(),
		"generation 0":               c.make([sessionLen]byte{}, 0).text(),
		"generation below 0":         c.make([sessionLen]byte{}, -1).text(),
		"the last generation":        c.make([sessionLen]byte{}, 1<<63-1).text(),
	}
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 0x40
		cases[fmt.Sprintf("byte %d changed", i)] = refreshPrefix + base64.RawURLEncoding.EncodeToString(changed)
	}
	for name, text := range cases {
		if _, err := c.parse(text); !errors.Is(err, errRefreshInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// checklist: B2
func TestRefreshTokenPrintsNoSecret(t *testing.T) {
	t.Parallel()
	token := testCodec(t, "https://auth.example", 1).first()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		for _, value := range []any{token, *token} {
			got := fmt.Sprintf(verb, value)
			if want := "refreshToken{session=" + token.session() + " gen=1}"; got != want {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
}

// fixed is the same token in every process that fuzzes.
func fixed(c *refreshCodec) *refreshToken {
	t := &refreshToken{refreshVersion}
	copy(t[atKID:], c.keys[0].id[:])
	copy(t[atSession:], "sixteen bytes ok")
	t[atSecret-1] = 7
	copy(t[atSecret:], "thirty-two bytes that stay as is")
	copy(t[atMAC:], c.mac(t, c.keys[0]))
	return t
}

// FuzzRefreshToken looks for a second text of a token, and for a text that
// makes parse fall over.
func FuzzRefreshToken(f *testing.F) {
	c := testCodec(f, "https://auth.example", 1)
	good := fixed(c).text()
	f.Add(good)
	f.Add(good[:127] + "B")
	f.Add(refreshPrefix + strings.Repeat("A", 124))
	f.Add("grt_\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := c.parse(text)
		switch {
		case err != nil && !errors.Is(err, errRefreshInvalid):
			t.Errorf("%q: %v", text, err)
		case err == nil && token.text() != text:
			t.Errorf("%q is read as %q", text, token.text())
		case (err == nil) != (text == good):
			t.Errorf("%q was never made, or is refused although it was: %v", text, err)
		}
	})
}

func TestTheIDOfASessionLooksLikeNoFlag(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "https://auth.example", 1)
	for range 2000 {
		if id := c.first().session(); strings.HasPrefix(id, "-") {
			t.Fatalf("a session is called %s", id)
		}
	}
}
