package guide_test

import (
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/revocation"
)

// section is the calls that the page shows about one field of Rule, or about
// what is not a field.
type section struct {
	name    string
	partner bool // the server is the one that trusts a partner
	given   bool // the server has rules from options
	calls   []exchange
}

// claims are those of a token that the page shows.
type claims map[string]any

func holding(c claims) *bearer {
	if c["sub"] == nil {
		c["sub"] = "ada"
	}
	return &bearer{claims: c}
}

// ok is the reason of a call that is let in.
const ok = grpcauthv1.Reason_REASON_UNSPECIFIED

func req(messages ...string) []string { return messages }

var sections = []section{
	{name: "public", calls: []exchange{
		{method: "ShopService/GetOpeningHours", requests: req(`{}`)},
		{method: "ShopService/GetOpeningHours", requests: req(`{}`), token: holding(claims{"exp": ago(time.Hour)})},
		{method: "ShopService/GetCart", requests: req(`{}`), want: grpcauthv1.Reason_REASON_TOKEN_MISSING},
	}},
	{name: "optional", calls: []exchange{
		{method: "ShopService/ListProducts", requests: req(`{}`)},
		{method: "ShopService/ListProducts", requests: req(`{}`), token: holding(claims{})},
		{method: "ShopService/ListProducts", requests: req(`{}`), token: holding(claims{"exp": ago(time.Hour)}), want: grpcauthv1.Reason_REASON_TOKEN_EXPIRED},
	}},
	{name: "authenticated", calls: []exchange{
		{method: "ShopService/GetCart", requests: req(`{}`), token: holding(claims{})},
		{method: "ShopService/GetCart", requests: req(`{}`), want: grpcauthv1.Reason_REASON_TOKEN_MISSING},
	}},
	{name: "issuers", partner: true, calls: []exchange{
		{method: "PartnerService/PushStock", requests: req(`{"product":"tea"}`), token: holding(claims{"iss": partnerIssuer, "sub": "depot-7"})},
		{method: "PartnerService/PushStock", requests: req(`{"product":"tea"}`), token: holding(claims{}), want: grpcauthv1.Reason_REASON_ISSUER_DENIED},
	}},
	{name: "kinds", calls: []exchange{
		{method: "ShopService/ResetPassword", requests: req(`{}`), token: &bearer{typ: "password-reset+jwt", claims: claims{"sub": "ada"}}},
		{method: "ShopService/ResetPassword", requests: req(`{}`), token: holding(claims{}), want: grpcauthv1.Reason_REASON_TOKEN_KIND},
		{method: "ShopService/GetCart", requests: req(`{}`), token: &bearer{typ: "password-reset+jwt", claims: claims{"sub": "ada"}}, want: grpcauthv1.Reason_REASON_TOKEN_KIND},
	}},
	{name: "scopes", calls: []exchange{
		{method: "ShopService/PlaceOrder", requests: req(`{"product":"tea"}`), token: holding(claims{"scope": "orders.write payments.write"})},
		{method: "ShopService/PlaceOrder", requests: req(`{"product":"tea"}`), token: holding(claims{"scope": "orders.write"}), want: grpcauthv1.Reason_REASON_SCOPE_MISSING},
	}},
	{name: "any_scopes", calls: []exchange{
		{method: "ShopService/ListOrders", requests: req(`{}`), token: holding(claims{"scope": "orders.write"})},
		{method: "ShopService/ListOrders", requests: req(`{}`), token: holding(claims{"scope": "orders"}), want: grpcauthv1.Reason_REASON_SCOPE_MISSING},
	}},
	{name: "roles", calls: []exchange{
		{method: "ShopService/CancelOrder", requests: req(`{"order":"o-1"}`), token: holding(claims{"roles": []string{"support", "trainee"}})},
		{method: "ShopService/CancelOrder", requests: req(`{"order":"o-1"}`), token: holding(claims{"roles": []string{"trainee"}}), want: grpcauthv1.Reason_REASON_ROLE_MISSING},
	}},
	{name: "deny_roles", calls: []exchange{
		{method: "ShopService/ReviewProduct", requests: req(`{"product":"tea"}`), token: holding(claims{"scope": "reviews.write"})},
		{method: "ShopService/ReviewProduct", requests: req(`{"product":"tea"}`), token: holding(claims{"scope": "reviews.write", "roles": []string{"manager", "suspended"}}), want: grpcauthv1.Reason_REASON_ROLE_DENIED},
	}},
	{name: "claims", calls: []exchange{
		{method: "ShopService/ReserveProduct", requests: req(`{"product":"tea"}`), token: holding(claims{"plan": claims{"tier": "gold"}, adult: true})},
		{method: "ShopService/ReserveProduct", requests: req(`{"product":"tea"}`), token: holding(claims{"plan": claims{"tier": []string{"trial", "gold"}}, adult: true})},
		{method: "ShopService/ReserveProduct", requests: req(`{"product":"tea"}`), token: holding(claims{"plan": claims{"tier": "gold"}}), want: grpcauthv1.Reason_REASON_CLAIM_MISSING},
		{method: "ShopService/ReserveProduct", requests: req(`{"product":"tea"}`), token: holding(claims{"plan": claims{"tier": "gold"}, adult: 1}), want: grpcauthv1.Reason_REASON_CLAIM_MISMATCH},
	}},
	{name: "bind", calls: []exchange{
		{method: "ShopService/GetAccount", requests: req(`{"userId":"ada"}`), token: holding(claims{})},
		{method: "ShopService/GetAccount", requests: req(`{"userId":"bob"}`), token: holding(claims{}), want: grpcauthv1.Reason_REASON_BINDING_MISMATCH},
		{method: "ShopService/GetAccount", requests: req(`{}`), token: holding(claims{}), want: grpcauthv1.Reason_REASON_BINDING_MISMATCH},
	}},
	{name: "bind-stream", calls: []exchange{
		{method: "ShopService/ImportPrices", requests: req(`{"price":{"product":"tea","branch":0}}`, `{"price":{"product":"milk","branch":0}}`), token: holding(claims{"branch": 0})},
		{method: "ShopService/ImportPrices", requests: req(`{"price":{"product":"tea","branch":0}}`, `{"price":{"product":"milk","branch":4}}`), token: holding(claims{"branch": 0}), want: grpcauthv1.Reason_REASON_BINDING_MISMATCH},
		{method: "ShopService/ImportPrices", requests: req(`{"price":{"product":"tea","branch":4}}`), token: holding(claims{"branch": "4"})},
		{method: "ShopService/ImportPrices", requests: req(`{"price":{"product":"tea","branch":4}}`), token: holding(claims{"branch": true}), want: grpcauthv1.Reason_REASON_CLAIM_MISMATCH},
	}},
	{name: "bind-kinds", calls: []exchange{
		{method: "ShopService/MoveStock", requests: req(`{"region":"REGION_NORTH","moves":[{"from":0,"to":4},{"from":0,"to":7}]}`), token: holding(claims{"region": "REGION_NORTH", "branch": 0})},
		{method: "ShopService/MoveStock", requests: req(`{"region":"REGION_NORTH","moves":[{"from":0,"to":4},{"from":4,"to":0}]}`), token: holding(claims{"region": "REGION_NORTH", "branch": "0"}), want: grpcauthv1.Reason_REASON_BINDING_MISMATCH},
		{method: "ShopService/MoveStock", requests: req(`{"region":"REGION_NORTH"}`), token: holding(claims{"region": "REGION_NORTH", "branch": 0}), want: grpcauthv1.Reason_REASON_BINDING_MISMATCH},
		{method: "ShopService/MoveStock", requests: req(`{"region":"REGION_NORTH","moves":[{"from":0,"to":4}]}`), token: holding(claims{"region": 1, "branch": 0}), want: grpcauthv1.Reason_REASON_CLAIM_MISMATCH},
	}},
	{name: "override", calls: []exchange{
		{method: "ShopService/UpdateAccount", requests: req(`{"userId":"ada"}`), token: holding(claims{"scope": "account.write"})},
		{method: "ShopService/UpdateAccount", requests: req(`{"userId":"bob"}`), token: holding(claims{"roles": []string{"admin"}})},
		{method: "ShopService/UpdateAccount", requests: req(`{"userId":"bob"}`), token: holding(claims{"scope": "account.write"}), want: grpcauthv1.Reason_REASON_BINDING_MISMATCH},
		{method: "ShopService/UpdateAccount", requests: req(`{"userId":"bob"}`), token: holding(claims{"roles": []string{"admin", "suspended"}}), want: grpcauthv1.Reason_REASON_ROLE_DENIED},
	}},
	{name: "max_auth_age", calls: []exchange{
		{method: "ShopService/DeleteAccount", requests: req(`{}`), token: holding(claims{"auth_time": ago(5 * time.Minute)})},
		{method: "ShopService/DeleteAccount", requests: req(`{}`), token: holding(claims{"auth_time": ago(5*time.Minute + time.Second)}), want: grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED},
		{method: "ShopService/DeleteAccount", requests: req(`{}`), token: holding(claims{}), want: grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED},
	}},
	{name: "sender_constrained", calls: []exchange{
		{method: "ShopService/Settle", requests: req(`{}`), certificate: "ada", token: holding(claims{"cnf": certificateOf("ada")})},
		{method: "ShopService/Settle", requests: req(`{}`), certificate: "ada", token: holding(claims{}), want: grpcauthv1.Reason_REASON_TOKEN_UNBOUND},
		{method: "ShopService/GetCart", requests: req(`{}`), certificate: "mallory", token: holding(claims{"cnf": certificateOf("ada")}), want: grpcauthv1.Reason_REASON_TOKEN_BINDING},
	}},
	{name: "skip_revocation", calls: []exchange{
		{method: "ShopService/GetTheme", requests: req(`{}`), revocation: revocation.ErrRevoked, token: holding(claims{})},
		{method: "ShopService/GetCart", requests: req(`{}`), revocation: revocation.ErrRevoked, token: holding(claims{}), want: grpcauthv1.Reason_REASON_TOKEN_REVOKED},
	}},
	{name: "stream_lifetime", calls: []exchange{
		{method: "ShopService/WatchOrders", requests: req(`{"count":3}`), token: holding(claims{})},
		{method: "ShopService/WatchOrders", requests: req(`{"count":60}`), token: holding(claims{}), want: grpcauthv1.Reason_REASON_TOKEN_EXPIRED},
	}},
	{name: "when_stale", calls: []exchange{
		{method: "ShopService/GetPrice", requests: req(`{"product":"tea"}`), revocation: revocation.ErrStale, token: holding(claims{})},
		{method: "ShopService/GetPrice", requests: req(`{"product":"tea"}`), revocation: revocation.ErrRevoked, token: holding(claims{}), want: grpcauthv1.Reason_REASON_TOKEN_REVOKED},
		{method: "ShopService/GetCart", requests: req(`{}`), revocation: revocation.ErrStale, token: holding(claims{}), want: grpcauthv1.Reason_REASON_REVOCATION_UNAVAILABLE},
	}},
	{name: "service_rule", calls: []exchange{
		{method: "ReportService/GetReport", requests: req(`{"report":"r-1"}`), token: holding(claims{"scope": "reports.read"})},
		{method: "ReportService/GetReport", requests: req(`{"report":"r-1"}`), token: holding(claims{}), want: grpcauthv1.Reason_REASON_SCOPE_MISSING},
		{method: "ReportService/DeleteReport", requests: req(`{"report":"r-1"}`), token: holding(claims{"roles": []string{"manager"}})},
		{method: "ReportService/DeleteReport", requests: req(`{"report":"r-1"}`), token: holding(claims{"scope": "reports.read"}), want: grpcauthv1.Reason_REASON_ROLE_MISSING},
	}},
	{name: "with_rule", given: true, calls: []exchange{
		{method: "grpc.channelz.v1.Channelz/GetServers", requests: req(`{"startServerId":"1000000"}`), token: holding(claims{"roles": []string{"operator"}})},
		{method: "grpc.channelz.v1.Channelz/GetServers", requests: req(`{"startServerId":"1000000"}`), token: holding(claims{}), want: grpcauthv1.Reason_REASON_ROLE_MISSING},
	}},
	{name: "override_rule", given: true, calls: []exchange{
		{method: "ShopService/GetOpeningHours", requests: req(`{}`), token: holding(claims{})},
		{method: "ShopService/GetOpeningHours", requests: req(`{}`), want: grpcauthv1.Reason_REASON_TOKEN_MISSING},
	}},
}

const adult = "https://shop.example/adult"
