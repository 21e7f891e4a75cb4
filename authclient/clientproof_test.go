package authclient_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authclient"
)

// fmt asks no method of what an unexported field holds.
//
// checklist: B2
func TestAClientProofIsNotPrintedWithWhatHoldsIt(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	proof := authclient.ClientSecret(secret)
	for name, v := range map[string]any{
		"itself": proof, "a list": []authclient.ClientProof{proof}, "a pointer": &proof,
		"unexported": struct{ proof authclient.ClientProof }{proof},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, v)
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s with %s: %s", name, verb, text)
			}
		}
	}
}
