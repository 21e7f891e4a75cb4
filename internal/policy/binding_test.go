package policy

import (
	"math"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

type request = testkitv1.BindRequest

func items(owners ...string) (all []*testkitv1.BindParent) {
	for _, owner := range owners {
		all = append(all, &testkitv1.BindParent{Owner: owner})
	}
	return all
}

// PARITY 38 and 41a: a claim is bound to each kind of field that there is.
func TestBindings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		members string // "" for a token without the claim c
		field   string
		request *request
		want    grpcauthv1.Reason
	}{
		"38 the same string":                     {`"c":"ada"`, "user", &request{User: "ada"}, passes},
		"38 another string":                      {`"c":"ada"`, "user", &request{User: "bob"}, bindingMismatch},
		"38 another case":                        {`"c":"ada"`, "user", &request{User: "Ada"}, bindingMismatch},
		"38 a string that begins alike":          {`"c":"ada"`, "user", &request{User: "adam"}, bindingMismatch},
		"38 a space behind":                      {`"c":"ada"`, "user", &request{User: "ada "}, bindingMismatch},
		"38 a NUL behind":                        {`"c":"ada"`, "user", &request{User: "ada\x00"}, bindingMismatch},
		"38 a string written with escapes":       {`"c":"\u0061da"`, "user", &request{User: "ada"}, passes},
		"38 the field of another binding":        {`"c":"ada"`, "user", &request{Tenant: "ada"}, bindingMismatch},
		"41a a missing claim":                    {``, "user", &request{User: "ada"}, bindingMismatch},
		"41a a missing claim and field":          {``, "user", &request{}, bindingMismatch},
		"41a an empty claim and field":           {`"c":""`, "user", &request{}, bindingMismatch},
		"41a an empty claim":                     {`"c":""`, "user", &request{User: "ada"}, bindingMismatch},
		"41a an empty field":                     {`"c":"ada"`, "user", &request{}, bindingMismatch},
		"38 a number for a string":               {`"c":42`, "user", &request{User: "42"}, claimMismatch},
		"38 true for a string":                   {`"c":true`, "user", &request{User: "true"}, claimMismatch},
		"38 null for a string":                   {`"c":null`, "user", &request{User: "null"}, claimMismatch},
		"38 a list for a string":                 {`"c":["ada"]`, "user", &request{User: "ada"}, claimMismatch},
		"38 an object for a string":              {`"c":{"ada":"ada"}`, "user", &request{User: "ada"}, claimMismatch},
		"41a null and an empty field":            {`"c":null`, "user", &request{}, bindingMismatch},
		"38 an int32":                            {`"c":42`, "number", &request{Number: 42}, passes},
		"38 another int32":                       {`"c":42`, "number", &request{Number: 43}, bindingMismatch},
		"38 a negative int32":                    {`"c":-42`, "number", &request{Number: -42}, passes},
		"38 the sign counts":                     {`"c":-42`, "number", &request{Number: 42}, bindingMismatch},
		"38 1.0 is 1":                            {`"c":42.0`, "number", &request{Number: 42}, passes},
		"38 a fraction":                          {`"c":42.5`, "number", &request{Number: 42}, bindingMismatch},
		"38 more than the field holds":           {`"c":4294967338`, "number", &request{Number: 42}, bindingMismatch}, // 2^32 + 42
		"38 more than an int64 holds":            {`"c":18446744073709551658`, "number", &request{Number: 42}, bindingMismatch},
		"38 more than a float64 holds":           {`"c":1e400`, "number", &request{Number: 42}, claimMismatch},
		"38 digits in a string":                  {`"c":"42"`, "number", &request{Number: 42}, passes},
		"38 negative digits in a string":         {`"c":"-42"`, "number", &request{Number: -42}, passes},
		"38 a leading zero":                      {`"c":"042"`, "number", &request{Number: 42}, bindingMismatch},
		"38 a plus sign":                         {`"c":"+42"`, "number", &request{Number: 42}, bindingMismatch},
		"38 a space before":                      {`"c":" 42"`, "number", &request{Number: 42}, bindingMismatch},
		"38 a space behind the digits":           {`"c":"42 "`, "number", &request{Number: 42}, bindingMismatch},
		"38 an exponent in a string":             {`"c":"4.2e1"`, "number", &request{Number: 42}, bindingMismatch},
		"38 a fraction in a string":              {`"c":"42.0"`, "number", &request{Number: 42}, bindingMismatch},
		"38 hexadecimal":                         {`"c":"0x2a"`, "number", &request{Number: 42}, bindingMismatch},
		"38 digits of another script":            {`"c":"٤٢"`, "number", &request{Number: 42}, bindingMismatch},
		"38 digits parted for reading":           {`"c":"4_2"`, "number", &request{Number: 42}, bindingMismatch},
		"38 a string that is no number":          {`"c":"ada"`, "number", &request{Number: 42}, bindingMismatch},
		"38 true for a number":                   {`"c":true`, "number", &request{Number: 1}, claimMismatch},
		"38 a list for a number":                 {`"c":[42]`, "number", &request{Number: 42}, claimMismatch},
		"41a an empty claim for a number":        {`"c":""`, "number", &request{}, bindingMismatch},
		"41a 0 and a field that may be missing":  {`"c":0`, "number", &request{}, bindingMismatch},
		"41a a claim and a number that is 0":     {`"c":42`, "number", &request{}, bindingMismatch},
		"38 the largest int64":                   {`"c":9223372036854775807`, "big", &request{Big: math.MaxInt64}, passes},
		"38 the largest int64, in a string":      {`"c":"9223372036854775807"`, "big", &request{Big: math.MaxInt64}, passes},
		"38 the smallest int64":                  {`"c":-9223372036854775808`, "big", &request{Big: math.MinInt64}, passes},
		"38 the smallest int64, in a string":     {`"c":"-9223372036854775808"`, "big", &request{Big: math.MinInt64}, passes},
		"38 neighbours past 2^53":                {`"c":9007199254740993`, "big", &request{Big: 1 << 53}, bindingMismatch},
		"38 a neighbour written as a fraction":   {`"c":9007199254740993.0`, "big", &request{Big: 1 << 53}, bindingMismatch},
		"38 the last whole number that is sure":  {`"c":9007199254740991.0`, "big", &request{Big: 1<<53 - 1}, passes},
		"38 one past the largest int64":          {`"c":9223372036854775808`, "big", &request{Big: math.MaxInt64}, bindingMismatch},
		"38 one past the smallest int64":         {`"c":-9223372036854775809`, "big", &request{Big: math.MinInt64}, bindingMismatch},
		"38 a power of ten past 2^53":            {`"c":1e18`, "big", &request{Big: 1e18}, bindingMismatch},
		"38 a uint64":                            {`"c":42`, "unsigned", &request{Unsigned: 42}, passes},
		"38 a negative claim for a uint64":       {`"c":-1`, "unsigned", &request{Unsigned: math.MaxUint64}, bindingMismatch},
		"38 a negative string for a uint64":      {`"c":"-1"`, "unsigned", &request{Unsigned: math.MaxUint64}, bindingMismatch},
		"38 a uint64 past an int64, in a string": {`"c":"18446744073709551615"`, "unsigned", &request{Unsigned: math.MaxUint64}, passes},
		"38 another past an int64, in a string":  {`"c":"18446744073709551614"`, "unsigned", &request{Unsigned: math.MaxUint64}, bindingMismatch},
		"38 a uint64 past an int64 as a number":  {`"c":18446744073709551615`, "unsigned", &request{Unsigned: math.MaxUint64}, bindingMismatch}, // can't be told from its neighbours
		"38 a leading zero for a uint64":         {`"c":"042"`, "unsigned", &request{Unsigned: 42}, bindingMismatch},
		"41a 0 and an empty uint64":              {`"c":0`, "unsigned", &request{}, bindingMismatch},
		"38 an enum by name":                     {`"c":"LEVEL_HIGH"`, "level", &request{Level: testkitv1.Level_LEVEL_HIGH}, passes},
		"38 another value of the enum":           {`"c":"LEVEL_LOW"`, "level", &request{Level: testkitv1.Level_LEVEL_HIGH}, bindingMismatch},
		"38 an enum in another case":             {`"c":"level_high"`, "level", &request{Level: testkitv1.Level_LEVEL_HIGH}, bindingMismatch},
		"38 an enum by number":                   {`"c":2`, "level", &request{Level: testkitv1.Level_LEVEL_HIGH}, claimMismatch},
		"38 an enum by number in a string":       {`"c":"2"`, "level", &request{Level: testkitv1.Level_LEVEL_HIGH}, bindingMismatch},
		"38 a number the enum has no name for":   {`"c":"77"`, "level", &request{Level: 77}, bindingMismatch},
		"41a an empty name and an unknown enum":  {`"c":""`, "level", &request{Level: 77}, bindingMismatch},
		"41a the enum's zero":                    {`"c":"LEVEL_UNSPECIFIED"`, "level", &request{}, bindingMismatch},
		"38 a wrapped string":                    {`"c":"ada"`, "wrapped", &request{Wrapped: wrapperspb.String("ada")}, passes},
		"38 a wrapped string, in full":           {`"c":"ada"`, "wrapped.value", &request{Wrapped: wrapperspb.String("ada")}, passes},
		"38 another wrapped string":              {`"c":"ada"`, "wrapped", &request{Wrapped: wrapperspb.String("bob")}, bindingMismatch},
		"41a a wrapper that is not there":        {`"c":"ada"`, "wrapped", &request{}, bindingMismatch},
		"41a a wrapper of nothing":               {`"c":"ada"`, "wrapped", &request{Wrapped: wrapperspb.String("")}, bindingMismatch},
		"41a an empty claim and wrapper":         {`"c":""`, "wrapped", &request{Wrapped: wrapperspb.String("")}, bindingMismatch},
		"41a an empty claim and no wrapper":      {`"c":""`, "wrapped", &request{}, bindingMismatch},
		"38 a wrapped number":                    {`"c":42`, "wrapped_number", &request{WrappedNumber: wrapperspb.Int64(42)}, passes},
		"38 a wrapped 0 is there":                {`"c":0`, "wrapped_number", &request{WrappedNumber: wrapperspb.Int64(0)}, passes},
		"38 a wrapped 0, in a string":            {`"c":"0"`, "wrapped_number.value", &request{WrappedNumber: wrapperspb.Int64(0)}, passes},
		"38 a wrapped 0 for another claim":       {`"c":1`, "wrapped_number", &request{WrappedNumber: wrapperspb.Int64(0)}, bindingMismatch},
		"41a a claim of 0 and no wrapper":        {`"c":0`, "wrapped_number", &request{}, bindingMismatch},
		"41a no claim and a wrapped 0":           {``, "wrapped_number", &request{WrappedNumber: wrapperspb.Int64(0)}, bindingMismatch},
		"38 an optional field":                   {`"c":"ada"`, "maybe", &request{Maybe: new("ada")}, passes},
		"38 another in an optional field":        {`"c":"ada"`, "maybe", &request{Maybe: new("bob")}, bindingMismatch},
		"41a an optional field that is not set":  {`"c":"ada"`, "maybe", &request{}, bindingMismatch},
		"41a an optional field set to nothing":   {`"c":""`, "maybe", &request{Maybe: new("")}, bindingMismatch},
		"38 the chosen one of several":           {`"c":"ada"`, "choice", &request{Either: &testkitv1.BindRequest_Choice{Choice: "ada"}}, passes},
		"38 another in the chosen one":           {`"c":"ada"`, "choice", &request{Either: &testkitv1.BindRequest_Choice{Choice: "bob"}}, bindingMismatch},
		"41a another one was chosen":             {`"c":"ada"`, "choice", &request{Either: &testkitv1.BindRequest_Ratio{Ratio: 1}}, bindingMismatch},
		"41a none was chosen":                    {`"c":"ada"`, "choice", &request{}, bindingMismatch},
		"41a nothing was chosen":                 {`"c":""`, "choice", &request{Either: &testkitv1.BindRequest_Choice{}}, bindingMismatch},
		"38 a field of a field":                  {`"c":"ada"`, "parent.owner", &request{Parent: &testkitv1.BindParent{Owner: "ada"}}, passes},
		"38 another in a field of a field":       {`"c":"ada"`, "parent.owner", &request{Parent: &testkitv1.BindParent{Owner: "bob"}}, bindingMismatch},
		"41a no parent":                          {`"c":"ada"`, "parent.owner", &request{}, bindingMismatch},
		"41a an empty parent":                    {`"c":"ada"`, "parent.owner", &request{Parent: &testkitv1.BindParent{}}, bindingMismatch},
		"41a an empty claim and parent":          {`"c":""`, "parent.owner", &request{Parent: &testkitv1.BindParent{}}, bindingMismatch},
		"38 a list of one":                       {`"c":"ada"`, "names", &request{Names: []string{"ada"}}, passes},
		"38 a list of the same":                  {`"c":"ada"`, "names", &request{Names: []string{"ada", "ada"}}, passes},
		"38 another first":                       {`"c":"ada"`, "names", &request{Names: []string{"bob", "ada"}}, bindingMismatch},
		"38 another last":                        {`"c":"ada"`, "names", &request{Names: []string{"ada", "ada", "bob"}}, bindingMismatch},
		"38 an empty element":                    {`"c":"ada"`, "names", &request{Names: []string{"ada", ""}}, bindingMismatch},
		"41a an empty list":                      {`"c":"ada"`, "names", &request{Names: []string{}}, bindingMismatch},
		"41a an empty claim and element":         {`"c":""`, "names", &request{Names: []string{""}}, bindingMismatch},
		"41a an empty claim and list":            {`"c":""`, "names", &request{}, bindingMismatch},
		"38 a list for a list":                   {`"c":["ada"]`, "names", &request{Names: []string{"ada"}}, claimMismatch},
		"38 a list of numbers":                   {`"c":"42"`, "numbers", &request{Numbers: []int32{42, 42}}, passes},
		"38 another number in a list":            {`"c":42`, "numbers", &request{Numbers: []int32{42, 43}}, bindingMismatch},
		"38 a 0 in a list is there":              {`"c":0`, "numbers", &request{Numbers: []int32{0}}, passes},
		"38 a list of messages":                  {`"c":"ada"`, "items.owner", &request{Items: items("ada", "ada")}, passes},
		"38 another in a list of messages":       {`"c":"ada"`, "items.owner", &request{Items: items("ada", "bob")}, bindingMismatch},
		"38 an empty one in a list of messages":  {`"c":"ada"`, "items.owner", &request{Items: items("ada", "")}, bindingMismatch},
		"38 nil in a list of messages":           {`"c":"ada"`, "items.owner", &request{Items: []*testkitv1.BindParent{{Owner: "ada"}, nil}}, bindingMismatch},
		"41a no messages":                        {`"c":"ada"`, "items.owner", &request{}, bindingMismatch},
		"38 lists in a list": {
			`"c":"ada"`, "items.members",
			&request{Items: []*testkitv1.BindParent{{Members: []string{"ada"}}, {Members: []string{"ada", "ada"}}}},
			passes,
		},
		"38 another in lists in a list": {
			`"c":"ada"`, "items.members",
			&request{Items: []*testkitv1.BindParent{{Members: []string{"ada"}}, {Members: []string{"ada", "bob"}}}},
			bindingMismatch,
		},
		"41a an empty list in a list": {
			`"c":"ada"`, "items.members",
			&request{Items: []*testkitv1.BindParent{{Members: []string{"ada"}}, {}}},
			bindingMismatch,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, claims := compiled(t, bind("c", tc.field)), proven(t, tc.members)
			if got := decide(p, claims, tc.request); got != tc.want {
				t.Errorf("%s: got %v, want %v", &p.Bindings()[0], got, tc.want)
			}
			sent := &request{}
			if raw, err := proto.Marshal(tc.request); err != nil {
				t.Fatal(err)
			} else if err := proto.Unmarshal(raw, sent); err != nil {
				t.Fatal(err)
			}
			if got := decide(p, claims, sent); got != tc.want {
				t.Errorf("%s: got %v once it was sent, want %v", &p.Bindings()[0], got, tc.want)
			}
		})
	}
}

// PARITY 38: the claim's path is one as in claims.
func TestBindingPaths(t *testing.T) {
	t.Parallel()
	claims := proven(t, `"org":{"owner":"ada","ids":[7,8]},"a.b":"ada","https://x.test/id":"ada"`)
	for path, want := range map[string]grpcauthv1.Reason{
		"sub": passes, "/sub": passes, "org.owner": passes, "/org/owner": passes, "/a.b": passes, "/https:~1~1x.test~1id": passes,
		"a.b": bindingMismatch, "org": claimMismatch, "org.nobody": bindingMismatch, "org.ids": claimMismatch, "/org/ids/0": claimMismatch, "SUB": bindingMismatch,
	} {
		if got := decide(compiled(t, bind(path, "user")), claims, &request{User: "ada"}); got != want {
			t.Errorf("38 %s = user: got %v, want %v", path, got, want)
		}
	}
	if got := decide(compiled(t, bind("/org/ids/1", "number")), claims, &request{Number: 8}); got != passes {
		t.Errorf("38 an element of a list of claims: got %v", got)
	}
}

// PARITY 38: every binding is tested, wherever the unmet one stands.
func TestEveryBindingIsTested(t *testing.T) {
	t.Parallel()
	p := compiled(t, &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{
		{Claim: "sub", Field: "user"}, {Claim: "tenant", Field: "tenant"}, {Claim: "n", Field: "parent.owner"},
	}})
	claims := proven(t, `"tenant":"acme","n":"x"`)
	for unmet := range 8 {
		r := &request{User: "ada", Tenant: "acme", Parent: &testkitv1.BindParent{Owner: "x"}}
		want := passes
		for i, spoil := range []func(){func() { r.User = "bob" }, func() { r.Tenant = "other" }, func() { r.Parent.Owner = "y" }} {
			if unmet&(1<<i) != 0 {
				spoil()
				want = bindingMismatch
			}
		}
		if got := decide(p, claims, r); got != want {
			t.Errorf("%v: got %v, want %v", r, got, want)
		}
	}
}

// A service written by hand may hand over any message.
func TestBindingRefusesAnotherMessage(t *testing.T) {
	t.Parallel()
	p := compiled(t, bind("sub", "user"))
	err := p.CheckRequest(proven(t, ""), (&testkitv1.BindResponse{User: "ada"}).ProtoReflect())
	want := "policy: the request is not the message of the method's .proto: a rule with bind can't be checked in a service description written by hand: testkit.v1.BindResponse"
	if err == nil || err.Error() != want || fault.ReasonOf(err) != grpcauthv1.Reason_REASON_INTERNAL {
		t.Errorf("CheckRequest = %v\nwant           %s", err, want)
	}
}

// checklist: B2
func TestCausesHoldNoValue(t *testing.T) {
	t.Parallel()
	for want, tc := range map[string]struct {
		members string
		rule    *grpcauthv1.Rule
		request *request
	}{
		"policy: a claim does not equal the request's field: c = user, user has another value in the request":    {`"c":"s3cret"`, bind("c", "user"), &request{User: "s3cret2"}},
		"policy: a claim does not equal the request's field: c = user, user is missing or empty in the request":  {`"c":"s3cret"`, bind("c", "user"), &request{}},
		"policy: a claim does not equal the request's field: c is missing or empty":                              {`"c":""`, bind("c", "user"), &request{User: "s3cret"}},
		"policy: a claim has another value, or another type, than the rule wants: c can't be compared with user": {`"c":["s3cret"]`, bind("c", "user"), &request{User: "s3cret"}},
		"policy: a claim has another value, or another type, than the rule wants: c = \"gold\"":                  {`"c":"s3cret"`, claimRule(text("c", "gold")), &request{}},
		"policy: a claim of the rule is not there: c":                                                            {``, claimRule(text("c", "gold")), &request{}},
	} {
		p, claims := compiled(t, tc.rule), proven(t, tc.members)
		_, err := p.CheckHolder(claims, clock)
		if err == nil {
			err = p.CheckRequest(claims, tc.request.ProtoReflect())
		}
		if err == nil || err.Error() != want {
			t.Errorf("the cause is %v\nwant         %s", err, want)
		}
	}
}
