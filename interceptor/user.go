package interceptor

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// ErrNoUser is what the function of [WithUser] returns when the token's user
// does not exist, or does not any more.
var ErrNoUser = fault.New(grpcauthv1.Reason_REASON_USER_NOT_FOUND, "interceptor: the token's user does not exist")

// ErrRejected is what the function of [WithCheck] returns when it refuses the
// claims. Wrap it to say why; that is for observers only.
var ErrRejected = fault.New(grpcauthv1.Reason_REASON_CLAIMS_REJECTED, "interceptor: the server's own check refused the claims")

// userLoader is a WithUser whose type is forgotten.
type userLoader func(ctx context.Context, claims *token.Claims) (any, error)

// WithUser loads the caller's user once every check has passed, at each call
// that carries a token; handlers find it with [UserFrom]. An error that is
// [ErrNoUser] refuses the call with UNAUTHENTICATED (USER_NOT_FOUND), and so
// does a nil user; any other one means that it can't be known now, and refuses
// with UNAVAILABLE. What load costs, every call costs: keep users in memory
// where that is much. On a stream it is called once, at its start.
func WithUser[T any](load func(ctx context.Context, claims *token.Claims) (T, error)) Option {
	return optionFunc(func(g *Guard) error {
		switch {
		case load == nil:
			return errors.New("interceptor: WithUser: the function is nil")
		case g.loadUser != nil:
			return errors.New("interceptor: WithUser is given twice: load everything that handlers need into one type")
		}
		g.userType = reflect.TypeFor[T]()
		g.loadUser = func(ctx context.Context, claims *token.Claims) (any, error) {
			user, err := load(ctx, claims)
			if err == nil && isNil(user) {
				return nil, ErrNoUser
			}
			return user, err
		}
		return nil
	})
}

// WithCheck asks check about the claims of every call whose rule is met. An
// error that is [ErrRejected] refuses the call with PERMISSION_DENIED
// (CLAIMS_REJECTED); any other one means that it can't be known now, and
// refuses with UNAVAILABLE. grpc.Method(ctx) names the method. Several checks
// are asked in the order they are given. On a stream it is asked once, at its
// start.
func WithCheck(check func(ctx context.Context, claims *token.Claims) error) Option {
	return optionFunc(func(g *Guard) error {
		if check == nil {
			return errors.New("interceptor: WithCheck: the function is nil")
		}
		g.checks = append(g.checks, check)
		return nil
	})
}

// askChecks asks the server's own checks.
func (g *Guard) askChecks(ctx context.Context, claims *token.Claims) (grpcauthv1.Reason, error) {
	for _, check := range g.checks {
		if err := check(ctx, claims); err != nil {
			return refusedOr(ctx, err, ErrRejected, grpcauthv1.Reason_REASON_CHECK_UNAVAILABLE)
		}
	}
	return 0, nil
}

// userOf loads the caller's user, if there is anything to load.
func (g *Guard) userOf(ctx context.Context, claims *token.Claims) (any, grpcauthv1.Reason, error) {
	if g.loadUser == nil {
		return nil, 0, nil
	}
	user, err := g.loadUser(ctx, claims)
	if err != nil {
		reason, err := refusedOr(ctx, err, ErrNoUser, grpcauthv1.Reason_REASON_USER_UNAVAILABLE)
		return nil, reason, err
	}
	return user, 0, nil
}

// refusedOr is the reason of a refusal when err is one, and otherwise why we
// can't know: because the call is over, or for the reason given. Whatever else
// err wraps is not asked: it is somebody else's. The cause of a call that is
// over is how it ended, which is more than what broke off because of it.
func refusedOr(ctx context.Context, err error, refusal *fault.Sentinel, unknown grpcauthv1.Reason) (reason grpcauthv1.Reason, cause error) {
	switch {
	case errors.Is(err, refusal):
		return refusal.Reason(), err
	case ctx.Err() != nil:
		return grpcauthv1.Reason_REASON_CALL_ENDED, fmt.Errorf("%w: %s", ctx.Err(), err.Error())
	}
	return unknown, err
}

// admitted is a call's context with what the Guard puts into it beside the
// claims. It is a context by itself, because context.WithValue would allocate
// once more at every call.
type admitted struct {
	context.Context
	claims *token.Claims // whose all this is; nil where a test says so
	user   any
	loads  reflect.Type // as WithUser has it: user may be one of several behind an interface
	source TokenSource
}

type admittedKey struct{}

// admittedFrom is what was admitted with the claims in the context, or nil:
// in a call within another one it may be the other caller's.
func admittedFrom(ctx context.Context) *admitted {
	known, _ := ctx.Value(admittedKey{}).(*admitted)
	if known == nil || known.claims == nil {
		return known
	}
	if claims, _ := token.FromContext(ctx); claims != known.claims {
		return nil
	}
	return known
}

// Value is a itself for our own key.
func (a *admitted) Value(key any) any {
	if key == (admittedKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// String leaves out who the user is, as the contexts of package context leave
// out their values.
func (a *admitted) String() string { return fmt.Sprint(a.Context) + ".WithUser" }

// UserFrom returns the user that [WithUser] loaded for this call, and false
// where nobody was authenticated: on public methods, and on optional ones that
// were called without a token. It panics when the Guard loads no users or those
// of another type: that is a mistake in the program, which no caller can cause.
// Where WithUser loads an interface, ask for that (or one that it has), and
// tell the types behind it apart afterwards.
func UserFrom[T any](ctx context.Context) (user T, ok bool) {
	known := admittedFrom(ctx)
	if known == nil || known.user == nil {
		if _, authenticated := token.FromContext(ctx); authenticated {
			panic(fmt.Sprintf("interceptor: UserFrom[%s]: no user was loaded: give interceptor.New the option WithUser, or a test's context NewUserContext", reflect.TypeFor[T]()))
		}
		return user, false
	}
	if want := reflect.TypeFor[T](); want != known.loads && !known.loads.AssignableTo(want) {
		panic(fmt.Sprintf("interceptor: UserFrom[%s]: WithUser loads a %s", want, known.loads))
	}
	user, ok = known.user.(T)
	return user, ok
}

// NewUserContext returns a context in which [UserFrom] finds user, for tests of
// handlers. Its claims come from [token.NewContext].
func NewUserContext[T any](ctx context.Context, user T) context.Context {
	return &admitted{Context: ctx, user: user, loads: reflect.TypeFor[T](), source: bearerSource()}
}

// TokenSourceFrom tells where the call's token stood, and false when there was
// none that was read.
func TokenSourceFrom(ctx context.Context) (TokenSource, bool) {
	if known := admittedFrom(ctx); known != nil {
		return known.source, true
	}
	_, authenticated := token.FromContext(ctx)
	if !authenticated {
		return TokenSource{}, false
	}
	return bearerSource(), true
}

// isNil finds a nil also in an interface: a pointer to nobody, which loaders
// return for "not found" by mistake.
func isNil(value any) bool {
	if value == nil {
		return true
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}
