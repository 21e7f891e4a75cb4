package policy

import (
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// PARITY 37: types never convert.
func TestClaimMatches(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		members string // "" for a token without the claim c
		match   *grpcauthv1.ClaimMatch
		want    grpcauthv1.Reason
	}{
		"37 the same string":                       {`"c":"gold"`, text("c", "gold"), passes},
		"37 another string":                        {`"c":"gold "`, text("c", "gold"), claimMismatch},
		"37 another case":                          {`"c":"Gold"`, text("c", "gold"), claimMismatch},
		"37 a string that begins alike":            {`"c":"golden"`, text("c", "gold"), claimMismatch},
		"37 a string written with escapes":         {`"c":"g\u006fld"`, text("c", "gold"), passes},
		"37 letters that look alike":               {`"c":"e\u0301"`, text("c", "é"), claimMismatch},
		"37 the empty string":                      {`"c":""`, text("c", ""), passes},
		"37 words are not a list":                  {`"c":"silver gold"`, text("c", "gold"), claimMismatch},
		"37 a missing claim":                       {``, text("c", "gold"), claimMissing},
		"37 a missing claim is not empty":          {``, text("c", ""), claimMissing},
		"37 a missing claim is not false":          {``, truth("c", false), claimMissing},
		"37 a missing claim is not 0":              {``, number("c", 0), claimMissing},
		"37 a claim of another case":               {`"C":"gold"`, text("c", "gold"), claimMissing},
		"37 true":                                  {`"c":true`, truth("c", true), passes},
		"37 false":                                 {`"c":false`, truth("c", false), passes},
		"37 false for true":                        {`"c":false`, truth("c", true), claimMismatch},
		"37 true is not 1":                         {`"c":true`, number("c", 1), claimMismatch},
		"37 true is not the string true":           {`"c":true`, text("c", "true"), claimMismatch},
		"37 1 is not true":                         {`"c":1`, truth("c", true), claimMismatch},
		"37 0 is not false":                        {`"c":0`, truth("c", false), claimMismatch},
		"37 the string true is not true":           {`"c":"true"`, truth("c", true), claimMismatch},
		"37 the string 1 is not 1":                 {`"c":"1"`, number("c", 1), claimMismatch},
		"37 1 is not the string 1":                 {`"c":1`, text("c", "1"), claimMismatch},
		"37 the empty string is not false":         {`"c":""`, truth("c", false), claimMismatch},
		"37 1":                                     {`"c":1`, number("c", 1), passes},
		"37 1.0 is 1":                              {`"c":1.0`, number("c", 1), passes},
		"37 10e-1 is 1":                            {`"c":10e-1`, number("c", 1), passes},
		"37 minus 0 is 0":                          {`"c":-0`, number("c", 0), passes},
		"37 a fraction":                            {`"c":0.25`, number("c", 0.25), passes},
		"37 another fraction":                      {`"c":1.0000000001`, number("c", 1), claimMismatch},
		"37 a negative number":                     {`"c":-7`, number("c", -7), passes},
		"37 the sign counts":                       {`"c":7`, number("c", -7), claimMismatch},
		"37 the largest number that can be asked":  {`"c":9007199254740991`, number("c", 1<<53-1), passes},
		"37 its neighbour":                         {`"c":9007199254740992`, number("c", 1<<53-1), claimMismatch},
		"37 a number past all floats":              {`"c":1e400`, number("c", 1), claimMismatch},
		"37 a number below all floats is 0":        {`"c":1e-400`, number("c", 0), passes},
		"37 null is there and nothing":             {`"c":null`, text("c", ""), claimMismatch},
		"37 null is not false":                     {`"c":null`, truth("c", false), claimMismatch},
		"37 null is not 0":                         {`"c":null`, number("c", 0), claimMismatch},
		"37 an object":                             {`"c":{"gold":"gold"}`, text("c", "gold"), claimMismatch},
		"37 a list that holds it":                  {`"c":["silver","gold"]`, text("c", "gold"), passes},
		"37 a list that does not":                  {`"c":["silver"]`, text("c", "gold"), claimMismatch},
		"37 an empty list":                         {`"c":[]`, text("c", ""), claimMismatch},
		"37 a list of numbers":                     {`"c":[1,2.5]`, number("c", 2.5), passes},
		"37 a list of truths":                      {`"c":[false,true]`, truth("c", true), passes},
		"37 true in a list is not 1":               {`"c":[true,"1"]`, number("c", 1), claimMismatch},
		"37 1 in a list is not true":               {`"c":[1,"true"]`, truth("c", true), claimMismatch},
		"37 a list in a list is another value":     {`"c":[["gold"]]`, text("c", "gold"), claimMismatch},
		"37 an object in a list is another value":  {`"c":[{"x":"gold"}]`, text("c", "gold"), claimMismatch},
		"37 null in a list is nothing":             {`"c":[null]`, truth("c", false), claimMismatch},
		"37 a mixed list":                          {`"c":[null,1,{"a":[]},["x"],"gold"]`, text("c", "gold"), passes},
		"37 a nested claim":                        {`"a":{"b":{"c":"gold"}}`, text("a.b.c", "gold"), passes},
		"37 a nested claim that is another":        {`"a":{"b":{"c":"tin"}}`, text("a.b.c", "gold"), claimMismatch},
		"37 a nested claim whose parent is none":   {`"a":"gold"`, text("a.b.c", "gold"), claimMissing},
		"37 a nested claim is not a dotted name":   {`"a.b.c":"gold"`, text("a.b.c", "gold"), claimMissing},
		"37 a dotted name, by pointer":             {`"a.b":"gold"`, text("/a.b", "gold"), passes},
		"37 a URL, by pointer":                     {`"https://example.com/tier":"gold"`, text("/https:~1~1example.com~1tier", "gold"), passes},
		"37 a tilde, by pointer":                   {`"a~b":"gold"`, text("/a~0b", "gold"), passes},
		"37 an element of a list, by pointer":      {`"a":[{"b":"tin"},{"b":"gold"}]`, text("/a/1/b", "gold"), passes},
		"37 another element of a list, by pointer": {`"a":[{"b":"tin"},{"b":"gold"}]`, text("/a/0/b", "gold"), claimMismatch},
		"37 past the end of a list, by pointer":    {`"a":["gold"]`, text("/a/1", "gold"), claimMissing},
		"37 the empty name, by pointer":            {`"":"gold"`, text("/", "gold"), passes},
		"37 an index in a dotted path is a name":   {`"a":["gold"]`, text("a.0", "gold"), claimMissing},
		"37 a standard claim":                      {``, text("sub", "ada"), passes},
		"37 a standard claim of another case":      {`"SUB":"root"`, text("sub", "root"), claimMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := compiled(t, claimRule(tc.match))
			if got := decide(p, proven(t, tc.members), &testkitv1.BindRequest{}); got != tc.want {
				t.Errorf("%s for {%s} = %v, want %v", p.Checks()[1].Wants, tc.members, got, tc.want)
			}
		})
	}
}

// PARITY 37: all requirements are checked, wherever the unmet one stands and
// however deep the claims are.
func TestEveryClaimIsChecked(t *testing.T) {
	t.Parallel()
	rule := claimRule(text("a.b", "x"), text("a.c.d", "y"), truth("e", true), number("/f/0", 3))
	good := []string{`"b":"x"`, `"d":"y"`, `"e":true`, `"f":[3]`}
	bad := []string{`"b":"z"`, `"d":"z"`, `"e":false`, `"f":[4]`}
	p := compiled(t, rule)
	members := func(m []string) string {
		return `"a":{` + m[0] + `,"c":{` + m[1] + `}},` + m[2] + `,` + m[3]
	}
	for unmet := range 1 << len(good) {
		m := make([]string, len(good))
		for i := range m {
			if m[i] = good[i]; unmet&(1<<i) != 0 {
				m[i] = bad[i]
			}
		}
		want := claimMismatch
		if unmet == 0 {
			want = passes
		}
		if got := decide(p, proven(t, members(m)), &testkitv1.BindRequest{}); got != want {
			t.Errorf("37 {%s} = %v, want %v", members(m), got, want)
		}
	}
}
