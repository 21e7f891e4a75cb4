package guide

import (
	"github.com/grpcauth/grpcauth/interceptor"
)

// Given are rules that are given to interceptor.New, because they can't stand
// in a .proto of ours, or are not to.
func Given() []interceptor.Option {
	return []interceptor.Option{
		// readme:start with_rule
		interceptor.WithRule("/grpc.channelz.v1.Channelz/*", interceptor.Roles("operator")),
		// readme:end
		// readme:start override_rule
		interceptor.OverrideRule("/guide.v1.ShopService/GetOpeningHours", interceptor.Authenticated()),
		// readme:end
	}
}
