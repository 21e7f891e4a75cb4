package peers_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// What issuer.mjs is set up with.
const (
	audience = "https://notes.test"
	client   = "robot"
	secret   = "robot-secret"
	callback = "https://robot.test/callback"
)

// issuer is oidc-provider, running.
type issuer struct {
	t *testing.T
	// Issuer is its name, and where it is.
	Issuer string
	// stop kills it and waits for its end.
	stop func()
}

// startIssuer starts one with new keys, on a free port.
func startIssuer(t *testing.T) *issuer {
	t.Helper()
	return (&issuer{t: t}).start("0")
}

// restart starts it again where it was, with new keys. It must have stopped.
func (i *issuer) restart() {
	i.t.Helper()
	at, err := url.Parse(i.Issuer)
	if err != nil {
		i.t.Fatal(err)
	}
	i.start(at.Port())
}

func (i *issuer) start(port string) *issuer {
	i.t.Helper()
	cmd, kill := script(i.t, "issuer.mjs")
	cmd.Env = append(cmd.Environ(), "PORT="+port)
	if _, err := cmd.StdinPipe(); err != nil { // open as long as the test
		i.t.Fatal(err)
	}
	var line string
	line, i.stop = serve(i.t, cmd, kill, `"issuer"`)
	if err := json.Unmarshal([]byte(line), i); err != nil {
		i.t.Fatal(err)
	}
	return i
}

// jwksURL is where its keys are.
func (i *issuer) jwksURL() string { return i.Issuer + "/jwks" }

// tokens is what its token endpoint answers.
type tokens struct {
	Access string `json:"access_token"`
	ID     string `json:"id_token"`
}

// robot asks for an access token with client credentials (RFC 6749 §4.4),
// signed with alg for our audience (RFC 8707). Without alg there is no
// resource.
func (i *issuer) robot(alg, scope string) string {
	i.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	if alg != "" {
		form.Set("resource", audience+"/"+alg)
	}
	return i.grant(form).Access
}

// ada logs in with a browser and hands her tokens to the robot (RFC 6749
// §4.1, OpenID Connect Core 1.0 §3.1).
func (i *issuer) ada(alg string) tokens {
	i.t.Helper()
	verifier := strings.Repeat("v", 43) // RFC 7636; a secret elsewhere
	challenge := sha256.Sum256([]byte(verifier))
	code := i.browse(i.Issuer + "/auth?" + url.Values{
		"client_id": {client}, "response_type": {"code"}, "redirect_uri": {callback},
		"scope": {"openid notes.read"}, "resource": {audience + "/" + alg},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}.Encode()).Get("code")
	return i.grant(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback},
		"code_verifier": {verifier}, "resource": {audience + "/" + alg},
	})
}

// browse follows a page to the client's callback and gives the query there.
func (i *issuer) browse(page string) url.Values {
	i.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		i.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Transport: i.transport(), CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(next.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	got := i.send(browser, http.MethodGet, page, "")
	at, err := url.Parse(got.location)
	if err != nil || !strings.HasPrefix(got.location, callback) {
		i.t.Fatalf("no way back to the client: %s\n%s", got.status, got.body)
	}
	return at.Query()
}

func (i *issuer) grant(form url.Values) (got tokens) {
	i.t.Helper()
	a := i.send(&http.Client{Transport: i.transport()}, http.MethodPost, i.Issuer+"/token", form.Encode())
	if err := json.Unmarshal(a.body, &got); err != nil || got.Access == "" {
		i.t.Fatalf("no token: %s, %v", a.status, err)
	}
	return got
}

// answer is what a page answers.
type answer struct {
	status, location string
	body             []byte
}

func (i *issuer) send(by *http.Client, method, page, form string) answer {
	i.t.Helper()
	ctx, cancel := context.WithTimeout(i.t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, page, strings.NewReader(form))
	if err != nil {
		i.t.Fatal(err)
	}
	if form != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.SetBasicAuth(client, secret)
	}
	response, err := by.Do(request)
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return answer{response.Status, response.Header.Get("Location"), body}
}

// transport keeps no connection, so that none outlives the process.
func (i *issuer) transport() *http.Transport { return &http.Transport{DisableKeepAlives: true} }
