package password

import (
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// ErrBusy: as many calls wait for a hash as may. It says when to come again:
// returned from a gRPC handler as it is, it is RESOURCE_EXHAUSTED with a
// RetryInfo.
var ErrBusy = fault.New(grpcauthv1.Reason_REASON_BUSY, "password: too many calls wait for a hash, try again later or raise Config.Waiting")

// busy is ErrBusy with the time in which all that run or wait now will be done,
// as hashes took lately.
func (q *queue) busy() error {
	wait := q.mean * time.Duration(q.running+q.waiting) / time.Duration(q.lanes)
	return fault.Because(grpcauthv1.Reason_REASON_BUSY, ErrBusy, fault.RetryAfter(max(wait, time.Millisecond).Round(time.Millisecond)))
}
