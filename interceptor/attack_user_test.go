package interceptor_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

type robot struct{ name string }

func (r *robot) String() string { return r.name }

// A handler that asks for one of the types behind an interface is wrong for
// every caller, and so seen by the first test; were it right for some, the
// others could make it panic.
func TestNoCallerDecidesWhetherUserFromPanics(t *testing.T) {
	t.Parallel()
	either := interceptor.WithUser(func(_ context.Context, claims *token.Claims) (fmt.Stringer, error) {
		if claims.Subject() == "r2" {
			return &robot{"r2"}, nil
		}
		return &user{"ada"}, nil
	})
	for name, tc := range map[string]struct {
		ask     func(context.Context) string
		ada, r2 string
	}{
		"by the loader's type": {func(ctx context.Context) string {
			u, _ := interceptor.UserFrom[fmt.Stringer](ctx)
			return u.String()
		}, "ada", "r2"},
		"by a looser one": {func(ctx context.Context) string {
			u, _ := interceptor.UserFrom[any](ctx)
			return fmt.Sprint(u)
		}, "ada", "r2"},
		"by one of those behind it": {func(ctx context.Context) string {
			u, _ := interceptor.UserFrom[*user](ctx)
			return u.name
		}, "interceptor: UserFrom[*interceptor_test.user]: WithUser loads a fmt.Stringer", "interceptor: UserFrom[*interceptor_test.user]: WithUser loads a fmt.Stringer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := askServer(t, authtest.NewIssuer(t), func(ctx context.Context) (answer string) {
				defer func() {
					if p := recover(); p != nil {
						answer = fmt.Sprint(p)
					}
				}()
				return tc.ask(ctx)
			}, either)
			for subject, want := range map[string]string{"ada": tc.ada, "r2": tc.r2} {
				res, err := testkitv1.NewStreamsServiceClient(server.As(subject)).Unary(t.Context(), &testkitv1.UnaryRequest{})
				if err != nil || res.GetText() != want {
					t.Errorf("%s: %q, %v\nwant %q", subject, res.GetText(), err, want)
				}
			}
		})
	}
}
