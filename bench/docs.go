package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// page is docs/benchmarks.md.
const page = `<!-- Written by make bench. Change bench/docs.go, not this file. -->
# What checking a token costs

![Two bar charts of the figures below](benchmarks.svg)

{{.Verdict}}

` + "`make bench`" + ` measures again and writes this page; ` + "`make bench-gate`" + `, which CI runs, holds our ratios and allocations.

Measured on {{.Machine.Date}}: {{.Machine.CPU}}, {{.Machine.CPUs}} CPUs, {{.Machine.System}}, {{.Machine.Go}}, {{.Rounds}} rounds.
{{range .Versions}}
- {{.}}
{{- end}}

## How to read the tables

All cases run in one process, one after the other in random order, for a number of rounds. A figure is the median of the rounds.
"Over the floor" is taken within each round, against the first line of the table, before the median is: a machine that is slow for
a while is slow for both. So the ratios hold on another machine of the kind, and the times do not. With 64 callers a time is the
elapsed time by the number of calls. Memory of a call is the client's and the server's together.

- **raw crypto** is the signature alone, by Go's standard library, with everything decoded beforehand.
- **token sent, nobody looks** is the same call with the same metadata to a server without an interceptor.
- **grpcauth** verifies at every call; **grpcauth, cached** is the Guard as it comes, at a token that it has seen.
- The others are set up as their documents advise: parser, key set and options are made once, keys are found by ` + "`kid`" + `, and algorithm,
  issuer, audience and expiry are checked with a leeway of 30 seconds. "own struct" decodes the claims that a service reads; the
  plain ones decode the registered claims. go-oidc tries its keys one after the other, so it has only the right one. In calls they stand in the auth interceptor of go-grpc-middleware v2.

## What is not compared

- Checks are not equal. grpcauth also checks the token's type, refuses duplicate members and lenient base64, reads all claims, and holds the call
  to the method's rule (a scope here). None of the others does all of that, so the comparison does not favour it.
- The cache is not a faster verifier. It helps where a token comes more than once, as access tokens do; the line above it is what
  the first call costs. No cache was written around the others.
- Keys are in memory. Fetching them, revocation and TLS are not in these figures, and the network is a buffer in memory: over a real one
  every ratio of a call is nearer to 1.
- go-oidc verifies ID tokens and knows no HMAC. It is here because services use it for access tokens.
{{range .Sets}}
## {{.Title}}

| | ns/op | over the floor | B/op | allocs/op |
|---|--:|--:|--:|--:|
{{range .Rows}}| {{.Case}} | {{printf "%.0f" .NsPerOp}} | {{if lt .OverFloor 0.1}}{{printf "%.4f" .OverFloor}}{{else}}{{printf "%.2f" .OverFloor}}{{end}} | {{printf "%.0f" .Bytes}} | {{printf "%.0f" .Allocs}} |
{{end}}{{end}}`

// set is one table of the page.
type set struct {
	Title string
	Rows  []row
}

// writeDocs writes the page and its chart.
func (r report) writeDocs(dir string) error {
	text, err := r.page()
	if err != nil {
		return err
	}
	for name, content := range map[string]string{"benchmarks.md": text, "benchmarks.svg": r.chart()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil { //nolint:gosec // documents are for everyone
			return err
		}
	}
	return nil
}

func (r report) page() (string, error) {
	parsed, err := template.New("page").Parse(page)
	if err != nil {
		return "", err
	}
	var sets []set
	for _, rows := range r.sets() {
		title := rows[0].Group
		sets = append(sets, set{strings.ToUpper(title[:1]) + title[1:] + ", " + rows[0].Algorithm, rows})
	}
	var versions []string
	for _, path := range modules() {
		versions = append(versions, path+" "+r.Machine.Modules[path])
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, map[string]any{
		"Machine": r.Machine, "Rounds": r.Rounds, "Sets": sets, "Versions": versions, "Verdict": r.verdict(),
	})
	return out.String(), err
}

// verdict is the page in two sentences.
func (r report) verdict() string {
	one := func(group, algorithm, name string) row {
		return r.find(bound{group: group, algorithm: algorithm, name: name})
	}
	call := func(name string) float64 { return one(unaryMany, "EdDSA", name).OverFloor }
	return fmt.Sprintf("A call with a cached token takes %.2f times as long as one that nobody checks, with 64 callers and EdDSA; with golang-jwt in the auth interceptor of go-grpc-middleware it is %.1f times. "+
		"Without the cache a verification takes %.2f (EdDSA), %.2f (ES256), %.2f (RS256), %.2f (PS256) and %.1f (HS256) times the bare signature, and a cached decision takes %.0f ns.",
		call(cachedCase), call("golang-jwt"),
		one(verifyGroup, "EdDSA", coldCase).OverFloor, one(verifyGroup, "ES256", coldCase).OverFloor,
		one(verifyGroup, "RS256", coldCase).OverFloor, one(verifyGroup, "PS256", coldCase).OverFloor, one(verifyGroup, "HS256", coldCase).OverFloor,
		one(alone, "EdDSA", cachedCase).NsPerOp)
}
