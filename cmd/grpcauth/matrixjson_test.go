package main

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

// What --json writes is read as it was.
func TestRulesJSONComesBack(t *testing.T) {
	t.Parallel()
	services, err := parseDescriptorSet([]byte(shop(t)))
	if err != nil {
		t.Fatal(err)
	}
	rows := matrixOf(services)
	var text strings.Builder
	if err := writeMatrixJSON(&text, rows); err != nil {
		t.Fatal(err)
	}
	back, err := parseMatrixJSON([]byte(text.String()))
	if err != nil || len(back) != len(rows) {
		t.Fatalf("%d rows of %d: %v", len(back), len(rows), err)
	}
	for i := range rows {
		a, b := &rows[i], &back[i]
		if a.Method != b.Method || a.Shape != b.Shape || a.Source != b.Source || !proto.Equal(a.Rule, b.Rule) ||
			strings.Join(a.Problems, "\n") != strings.Join(b.Problems, "\n") {
			t.Errorf("%+v\ncame back as %+v", a, b)
		}
	}
}

func TestRulesJSONThatIsNotRight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, methods, want string }{
		{"no method", `{"method": "Buy", "shape": "unary", "source": "none", "who": ""}`, `methods[0]: "Buy" is no method: want /package.Service/Method`},
		{"a method of no name", `{"method": "/s\u007f/m", "shape": "unary", "source": "none", "who": ""}`, `methods[0]: "/s\x7f/m" is no method: want /package.Service/Method`},
		{"another shape", `{"method": "/s/m", "shape": "round", "source": "none", "who": ""}`, `methods[0]: shape "round" is not one that this version of grpcauth knows`},
		{"twice", `{"method": "/s/m", "shape": "unary", "source": "none", "who": ""}, {"method": "/s/m", "shape": "unary", "source": "none", "who": ""}`, `methods[1]: /s/m is there twice: keep one`},
		{"another source", `{"method": "/s/m", "shape": "unary", "source": "the sky", "who": ""}`, `methods[0]: source "the sky" is not one that this version of grpcauth knows`},
		{"no rule", `{"method": "/s/m", "shape": "unary", "source": "method option", "who": ""}`, `methods[0]: it has a source and neither a rule nor a problem`},
		{"a rule from nowhere", `{"method": "/s/m", "shape": "unary", "source": "none", "who": "", "rule": {}}`, `methods[0]: it has a rule, but its source is "none"`},
		{"a member more", `{"method": "/s/m", "shape": "unary", "source": "none", "who": "", "also": 1}`, `it is no matrix that this version of grpcauth rules --json writes: unknown object member name at /methods/0/also`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			old := write(t, "old.json", `{"grpcauth_rules": 1, "methods": [`+c.methods+`]}`, 0o600)
			got := runWith(t, oneMethod(t, ""), nil, "rules", "--descriptor-set", "-", "--diff", old)
			if got.code != exitFailure || got.stdout != "" || got.stderr != "grpcauth: --diff "+old+": "+c.want+"\n" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// What an old rule asked for that this version does not know can't be compared:
// whatever the rule is now may open the method.
func TestRulesDiffOfALaterRuleOpens(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{`{"scopes": ["a"], "condition": "true"}`, `{"scopes": ["a"], "max_auth_age": "soon"}`} {
		old := write(t, "old.json", `{"grpcauth_rules": 1, "methods": [{"method": "/shop.v1.ShopService/Buy", "shape": "unary", "source": "method option", "who": "", "rule": `+rule+`}]}`, 0o600)
		got := runWith(t, oneMethod(t, "scopes: 'a'"), nil, "rules", "--descriptor-set", "-", "--diff", old)
		if got.code != exitFailure || got.stderr != "grpcauth: 1 method was opened\n" || !strings.Contains(got.stdout, "this version of grpcauth can't read it") {
			t.Errorf("got %+v", got)
		}
	}
}
