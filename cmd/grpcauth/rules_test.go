package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

var formats = map[string]string{"txt": "", "json": "--json", "md": "--markdown", "html": "--html"}

func with(format string, args ...string) []string {
	if format == "" {
		return args
	}
	return append(args, format)
}

const shopProblems = `/shop.v1.ShopService/Broken (method option): role "a" is both in roles and in deny_roles: remove one of the two
/shop.v1.ShopService/Broken (method option): bind[0].field "nosuch": shop.v1.ShopServiceCall has no field "nosuch", but user
grpcauth: 1 method has a rule that can't be right
`

func TestRulesInEveryFormat(t *testing.T) {
	t.Parallel()
	for extension, flag := range formats {
		t.Run(extension, func(t *testing.T) {
			t.Parallel()
			got := runWith(t, shop(t), nil, with(flag, "rules", "--descriptor-set", "-")...)
			golden(t, "shop."+extension, got.stdout)
			if got.code != exitFailure || got.stderr != shopProblems {
				t.Errorf("exit %d, stderr\n%s", got.code, got.stderr)
			}
		})
	}
}

func TestRulesDiffInEveryFormat(t *testing.T) {
	t.Parallel()
	old := write(t, "old.binpb", shop(t), 0o600)
	matrix := write(t, "old.json", runWith(t, shop(t), nil, "rules", "--descriptor-set", "-", "--json").stdout, 0o600)
	for extension, flag := range formats {
		t.Run(extension, func(t *testing.T) {
			t.Parallel()
			got := runWith(t, shopLater(t), nil, with(flag, "rules", "--descriptor-set", "-", "--diff", old)...)
			golden(t, "diff."+extension, got.stdout)
			want := `/shop.v1.StockService/Fill (method option): role "x" is both in roles and in deny_roles: remove one of the two
grpcauth: 1 method has a rule that can't be right, 7 methods were opened
`
			if got.code != exitFailure || got.stderr != want {
				t.Errorf("exit %d, stderr\n%s", got.code, got.stderr)
			}
			if again := runWith(t, shopLater(t), nil, with(flag, "rules", "--descriptor-set", "-", "--diff", matrix)...); again != got {
				t.Errorf("with the old matrix as JSON:\n%s", again.stdout)
			}
		})
	}
}

func TestRulesOfTheSameAreNoChange(t *testing.T) {
	t.Parallel()
	set := ruledSet(t, ruledFile(t, "shop.v1.ShopService", "roles: 'a' roles: 'b'", ruled{"Buy", "unary", "-"}, ruled{"Sell", "unary", "-"}))
	moved := ruledSet(t, ruledFile(t, "shop.v1.ShopService", "-", ruled{"Sell", "unary", "roles: 'b' roles: 'a'"}, ruled{"Buy", "unary", "roles: 'b' roles: 'a' roles: 'a' kinds: 'AT+jwt' stream_lifetime: STREAM_LIFETIME_TOKEN"}))
	got := runWith(t, moved, nil, "rules", "--descriptor-set", "-", "--diff", write(t, "old", set, 0o600))
	if want := (outcome{exitOK, "nothing was opened, nothing was closed\n", ""}); got != want {
		t.Errorf("got %+v", got)
	}
}

func TestRulesExitCodes(t *testing.T) {
	t.Parallel()
	old := write(t, "old", oneMethod(t, "roles: 'a'"), 0o600)
	for _, c := range []struct {
		name, rule string
		args       []string
		code       int
		stderr     string
	}{
		{"a rule", "", nil, exitOK, ""},
		{"no rule", "-", nil, exitOK, ""},
		{
			"no rule, where it must not be", "-",
			[]string{"--fail-on-missing"},
			exitFailure,
			"/shop.v1.ShopService/Buy: no rule: add this inside rpc Buy in shop/v1/ShopService.proto, or a stricter one:\n" +
				"    option (grpcauth.v1.rule) = {};  // any caller with a valid access token\n" +
				"grpcauth: 1 method has no rule\n",
		},
		{"a rule where one must be", "", []string{"--fail-on-missing"}, exitOK, ""},
		{"closed", "roles: 'a' scopes: 's'", []string{"--diff", old}, exitOK, ""},
		{"closed by taking the rule away", "-", []string{"--diff", old}, exitOK, ""},
		{"opened", "", []string{"--diff", old}, exitFailure, "grpcauth: 1 method was opened\n"},
		{
			"missing in a comparison", "-",
			[]string{"--diff", old, "--fail-on-missing", "--json"},
			exitFailure,
			"/shop.v1.ShopService/Buy: no rule: add this inside rpc Buy in shop/v1/ShopService.proto, or a stricter one:\n" +
				"    option (grpcauth.v1.rule) = {};  // any caller with a valid access token\n" +
				"grpcauth: 1 method has no rule\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := runWith(t, oneMethod(t, c.rule), nil, append([]string{"rules", "--descriptor-set", "-"}, c.args...)...)
			if got.code != c.code || got.stderr != c.stderr || got.stdout == "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestRulesOfInfrastructureAreNotMissing(t *testing.T) {
	t.Parallel()
	set := ruledSet(t,
		ruledFile(t, "grpc.health.v1.Health", "-", ruled{"Check", "unary", "-"}),
		ruledFile(t, "grpc.reflection.v1.ServerReflection", "-", ruled{"ServerReflectionInfo", "bidi", "-"}))
	got := runWith(t, set, nil, "rules", "--descriptor-set", "-", "--fail-on-missing", "--json")
	var matrix matrixJSON
	if err := json.Unmarshal([]byte(got.stdout), &matrix); err != nil || got.code != exitOK || len(matrix.Methods) != 2 {
		t.Fatalf("%v: %+v", err, got)
	}
	for _, row := range matrix.Methods {
		if row.Source != infrastructure || row.Who != "anyone if the server was made with WithPublicInfrastructure, else nobody" {
			t.Errorf("got %+v", row)
		}
	}
}

// Names that would do something to a terminal, a table or a page, don't.
func TestRulesShowHostileNamesAsText(t *testing.T) {
	t.Parallel()
	for extension, flag := range formats {
		text := runWith(t, shop(t), nil, with(flag, "rules", "--descriptor-set", "-")...).stdout +
			runWith(t, shopLater(t), nil, with(flag, "rules", "--descriptor-set", "-", "--diff", write(t, "old", shop(t), 0o600))...).stdout
		bidi := flag != "--json" // which programs read
		if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || bidi && r == '\u202e' }); i >= 0 {
			t.Errorf("%s: a control character: %q", extension, text[max(0, i-40):min(len(text), i+40)])
		}
		if flag == "--html" && (strings.Contains(text, "<script>alert") || strings.Contains(text, "<b>")) {
			t.Errorf("a role is markup:\n%s", text)
		}
		if flag == "--markdown" {
			for line := range strings.Lines(text) {
				if cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); strings.HasPrefix(line, "|") && cells != 5 {
					t.Errorf("a role ends a cell: %s", line)
				}
			}
		}
	}
}

// Everything that a page needs is in it.
func TestRulesPageIsSelfContained(t *testing.T) {
	t.Parallel()
	page := runWith(t, shop(t), nil, "rules", "--descriptor-set", "-", "--html").stdout
	for _, external := range []string{"<link", "<img", "src=", "url(", "@import", "href="} {
		if strings.Contains(page, external) {
			t.Errorf("the page has %s", external)
		}
	}
	if !strings.Contains(page, `content="default-src 'none'`) || !strings.Contains(page, "@media print") {
		t.Error("the page may load something, or has no style for paper")
	}
}

func TestRulesFormatsExcludeOneAnother(t *testing.T) {
	t.Parallel()
	got := runWith(t, "", nil, "rules", "--descriptor-set", "-", "--html", "--json")
	if want := "grpcauth: --json and --html can't be used together (see grpcauth rules --help)\n"; got.code != exitUsage || got.stderr != want {
		t.Errorf("got %+v", got)
	}
}

func TestRulesHelpSaysWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	got := runWith(t, "", nil, "rules", "--help")
	text := strings.Join(strings.Fields(got.stdout), " ")
	for _, option := range []string{"WithRule", "OverrideRule", "can't be seen from outside"} {
		if !strings.Contains(text, option) {
			t.Errorf("%q is not in %s", option, got.stdout)
		}
	}
}

// The services order by name, methods as they are written.
func TestRulesAreInOrder(t *testing.T) {
	t.Parallel()
	set := ruledSet(t,
		ruledFile(t, "b.v1.B", "", ruled{"Z", "unary", "-"}, ruled{"A", "unary", "-"}),
		ruledFile(t, "a.v1.A", "", ruled{"M", "unary", "-"}))
	services, err := parseDescriptorSet([]byte(set))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range matrixOf(services) {
		names = append(names, row.Method)
	}
	if want := []string{"/a.v1.A/M", "/b.v1.B/Z", "/b.v1.B/A"}; !slices.Equal(names, want) {
		t.Errorf("got %v", names)
	}
}
