package labels_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/internal/labels"
	"github.com/grpcauth/grpcauth/token"
)

const (
	expired = grpcauthv1.Reason_REASON_TOKEN_EXPIRED
	scope   = grpcauthv1.Reason_REASON_SCOPE_MISSING
)

func TestKeyOfADecision(t *testing.T) {
	t.Parallel()
	const method = "/notes.v1.NotesService/ListNotes"
	somebody := &token.Claims{}
	for name, tc := range map[string]struct {
		decision interceptor.Decision
		want     labels.Key
		reason   string
	}{
		"public": {
			interceptor.Decision{Method: method, Registered: true},
			labels.Key{Method: method, Outcome: labels.Allowed, Cached: labels.NotProven},
			"OK",
		},
		"proven at this call": {
			interceptor.Decision{Method: method, Registered: true, Claims: somebody},
			labels.Key{Method: method, Outcome: labels.Allowed, Cached: labels.Miss},
			"OK",
		},
		"known": {
			interceptor.Decision{Method: method, Registered: true, Claims: somebody, Cached: true},
			labels.Key{Method: method, Outcome: labels.Allowed, Cached: labels.Hit},
			"OK",
		},
		"denied by the rule": {
			interceptor.Decision{Method: method, Registered: true, Claims: somebody, Cached: true, Reason: scope, Cause: errors.New("inner")},
			labels.Key{Method: method, Outcome: labels.Denied, Cached: labels.Hit, Code: scope},
			"SCOPE_MISSING",
		},
		"a method that is not there": {
			interceptor.Decision{Method: "/anything", Reason: grpcauthv1.Reason_REASON_NO_RULE},
			labels.Key{Outcome: labels.Denied, Cached: labels.NotProven, Code: grpcauthv1.Reason_REASON_NO_RULE},
			"NO_RULE",
		},
		"let through though refused": {
			interceptor.Decision{Method: method, Registered: true, Reason: expired, ReportOnly: true},
			labels.Key{Method: method, Outcome: labels.ReportOnly, Cached: labels.NotProven, Code: expired},
			"TOKEN_EXPIRED",
		},
		"the end of a stream": {
			interceptor.Decision{Method: method, Registered: true, Claims: somebody, Reason: expired, StreamEnd: true},
			labels.Key{Method: method, StreamEnd: true, Outcome: labels.Ended, Cached: labels.Miss, Code: expired},
			"TOKEN_EXPIRED",
		},
		"a stream that would have been ended": {
			interceptor.Decision{Method: method, Registered: true, Claims: somebody, Reason: expired, StreamEnd: true, ReportOnly: true},
			labels.Key{Method: method, StreamEnd: true, Outcome: labels.ReportOnly, Cached: labels.Miss, Code: expired},
			"TOKEN_EXPIRED",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := labels.Of(tc.decision)
			if got != tc.want || got.Reason() != tc.reason {
				t.Errorf("Of = %+v %s, want %+v %s", got, got.Reason(), tc.want, tc.reason)
			}
		})
	}
}

func TestMemoMakesEachOnce(t *testing.T) {
	t.Parallel()
	const keys, callers = 50, 8
	var memo labels.Memo[*string]
	var mu sync.Mutex
	made := map[labels.Key]int{}
	produce := func(k labels.Key) *string {
		mu.Lock()
		defer mu.Unlock()
		made[k]++
		return &k.Method
	}
	var done sync.WaitGroup
	for range callers {
		done.Go(func() {
			for i := range keys * 10 {
				k := labels.Key{Method: strconv.Itoa(i % keys), Outcome: labels.Allowed}
				if got := memo.Get(k, produce); *got != k.Method {
					t.Errorf("Get(%q) = %q", k.Method, *got)
				}
			}
		})
	}
	done.Wait()
	if len(made) != keys {
		t.Errorf("%d were made, want %d", len(made), keys)
	}
	for k, n := range made {
		if n != 1 {
			t.Errorf("%q was made %d times", k.Method, n)
		}
	}
}

func TestNamesOfValues(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		labels.Allowed.String(): "allowed", labels.Denied.String(): "denied",
		labels.Ended.String(): "ended", labels.ReportOnly.String(): "report_only",
		labels.Hit.String(): "true", labels.Miss.String(): "false", labels.NotProven.String(): "none",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSecondsAreSorted(t *testing.T) {
	t.Parallel()
	bounds := labels.Seconds()
	for i := 1; i < len(bounds); i++ {
		if bounds[i] <= bounds[i-1] {
			t.Errorf("bound %d is %g after %g", i, bounds[i], bounds[i-1])
		}
	}
}
