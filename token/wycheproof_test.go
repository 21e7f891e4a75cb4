package token

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// wycheproofCase is one of Wycheproof's vectors with the keys of its group.
type wycheproofCase struct {
	ID      int             `json:"tcId"`
	Comment string          `json:"comment"`
	Result  string          `json:"result"`
	JWS     json.RawMessage `json:"jws"` // absent in a case of JWE
	keys    []json.RawMessage
}

// wycheproofExceptions are the cases that we judge in another way than
// Wycheproof does, with the reason. A case that comes to agree must leave the
// table, or the test fails.
var wycheproofExceptions = map[string]string{
	"json_web_signature 367": "the same token and key as the valid case 357: what its comment speaks of is not in it",
	"json_web_signature 370": "the same token and key as the valid case 357: what its comment speaks of is not in it",
	"json_web_signature 372": "marked valid with a '?' in its header, which RFC 7515 §2 allows in no segment",
	"json_web_signature 373": "marked valid with a '?' in its payload, which RFC 7515 §2 allows in no segment",
	"json_web_signature 346": "a PS384 token under a key whose alg is PS256: RFC 8725 §3.1 wants one algorithm a key",
	"json_web_signature 350": "a PS384 token under a key whose alg is PS256: RFC 8725 §3.1 wants one algorithm a key",
	"json_web_signature 347": "the key's alg is ES521, which RFC 7518 §3.1 does not know: it means ES512",
	"json_web_signature 351": "the key's alg is ES521, which RFC 7518 §3.1 does not know: it means ES512",
}

// The vectors' payloads are no claims, so they meet the layer below them:
// taking a token apart, its header, the key set and the signature.
//
// checklist: V1 V2 V3 V4 V8 V10
func TestWycheproof(t *testing.T) {
	t.Parallel()
	dir := wycheproofVectors(t)
	// What applies in each file; the rest is JWE.
	for file, want := range map[string]int{"json_web_signature": 401, "json_web_key": 26, "json_web_crypto": 49} {
		cases := readWycheproof(t, filepath.Join(dir, file+"_test.json"))
		if len(cases) != want {
			t.Errorf("%s has %d cases of JWS, want %d: review what is new", file, len(cases), want)
		}
		for _, c := range cases {
			name := fmt.Sprintf("%s %d", file, c.ID)
			t.Run(name+" "+c.Comment, func(t *testing.T) { c.test(t, wycheproofExceptions[name]) })
		}
	}
}

func (c *wycheproofCase) test(t *testing.T, exception string) {
	t.Helper()
	err := c.verify()
	want := c.Result == "valid"
	if exception != "" {
		want = !want
	}
	if (err == nil) != want {
		t.Errorf("it is marked %s (exception: %q), and we say: %v", c.Result, exception, err)
	}
}

func (c *wycheproofCase) verify() error {
	keys, err := c.keySet()
	if err != nil {
		return err
	}
	var raw string
	if json.Unmarshal(c.JWS, &raw) != nil {
		raw = string(c.JWS) // the JSON serialization, as it stands
	}
	return verifyJWS(keys, raw)
}

// verifyJWS is what a [Verifier] does before it looks at the claims.
func verifyJWS(keys KeySet, raw string) error {
	var s scratch
	j, err := s.split(raw)
	if err != nil {
		return err
	}
	header, err := s.parser.header(j.header)
	if err != nil {
		return err
	}
	_, err = verifySignature(context.Background(), keys, header, j)
	return err
}

func (c *wycheproofCase) keySet() (KeySet, error) {
	var keys []*Key
	for _, data := range c.keys {
		key, err := wycheproofKey(data)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return NewStaticKeys(keys...)
}

// wycheproofKey reads a key as its group has it. We take secrets as bytes and
// never as JWK, so what a JWK says of one is read here.
func wycheproofKey(data []byte) (*Key, error) {
	var oct struct {
		Type      string    `json:"kty"`
		ID        string    `json:"kid"`
		Algorithm Algorithm `json:"alg"`
		K         base64URL `json:"k"`
	}
	if err := json.Unmarshal(data, &oct); err != nil {
		return nil, err
	}
	if oct.Type != "oct" {
		return ParseJWK(data)
	}
	key, err := NewHMACKey(oct.ID, oct.K, oct.Algorithm)
	if err != nil {
		return nil, err
	}
	return key.Public(), nil
}

// wycheproofVectors is the folder of the vectors, fetched like any module and
// held to a checksum. It is no dependency of this module: it would raise the
// Go version that everybody needs.
func wycheproofVectors(t *testing.T) string {
	t.Helper()
	command := exec.Command(testkit.Require(t, "go"), "mod", "download", "-json",
		"-modfile=testdata/wycheproof/wycheproof.mod", "github.com/c2sp/wycheproof")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("fetch the vectors, which needs the network once: %v: %s", err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(module.Dir, "testvectors_v1")
}

func readWycheproof(t *testing.T, file string) (cases []*wycheproofCase) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		TestGroups []struct {
			Public, Private json.RawMessage
			Tests           []*wycheproofCase
		}
	}
	if err := json.Unmarshal(data, &suite); err != nil {
		t.Fatal(err)
	}
	for _, group := range suite.TestGroups {
		keys := group.Public
		if keys == nil {
			keys = group.Private // a secret has no public half
		}
		for _, c := range group.Tests {
			if c.JWS == nil {
				continue
			}
			c.keys = keysOf(t, keys)
			cases = append(cases, c)
		}
	}
	return cases
}

// keysOf are the keys of a JWK Set, or the one key that data is.
func keysOf(t *testing.T, data json.RawMessage) []json.RawMessage {
	t.Helper()
	if !strings.Contains(string(data), `"keys"`) {
		return []json.RawMessage{data}
	}
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	return set.Keys
}
