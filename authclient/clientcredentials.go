package authclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// ClientCredentials is a service that calls others in its own name (RFC 6749
// §4.4): a token that renews itself, and a gRPC credential that sends it.
// [NewClientCredentials] makes one.
//
// All methods are safe for concurrent use. It owns one goroutine, which Close
// stops. Printing or logging it shows none of its secrets.
//
// There is no session and no refresh token: each renewal proves anew who the
// client is. So nothing ends it but Close. A server that refuses the client,
// because it was disabled or its secret was replaced, is asked again at the
// pace of renewals that fail, and calls fail with its answer until then.
type ClientCredentials struct {
	*renewer
}

var _ credentials.PerRPCCredentials = (*ClientCredentials)(nil)

// NewClientCredentials proves by proof that we are the client clientID, and
// keeps a token for it, from the AuthService that conn leads to. It does not
// wait for the server: the first token is asked for in the background, and
// calls that come before it wait for it. Token waits, for a program that wants
// to know at its start.
//
// conn is used as [Login] uses it. The options are [WithScopes],
// [WithAudiences] and [InsecureAllowPlaintext]; others are an error, as are an
// empty clientID and a proof that holds nothing.
//
// Calls and Token fail with [ErrPlaintext] when conn would show the proof to
// others, else with the server's status, whose [Reason] is INVALID_CLIENT,
// SCOPE_NOT_GRANTED or THROTTLED, among others.
func NewClientCredentials(conn grpc.ClientConnInterface, clientID string, proof ClientProof, opts ...Option) (*ClientCredentials, error) {
	c := newConfig(opts)
	if err := c.forClient(); err != nil {
		return nil, err
	}
	if clientID == "" {
		return nil, errors.New("authclient: client credentials: the client id is empty: name the client")
	}
	if err := proof.check(); err != nil {
		return nil, fmt.Errorf("authclient: client credentials: %w", err)
	}
	r := newRenewer("authclient.ClientCredentials", c.transport)
	asking := &asking{
		client:    grpcauthv1.NewAuthServiceClient(conn),
		proof:     proof,
		request:   &grpcauthv1.IssueClientTokenRequest{ClientId: clientID, Scopes: c.scopes, Audiences: c.audiences},
		transport: c.transport,
	}
	none := &grant{}
	r.start(none, asking.fetch)
	r.join(none, true) // in the background
	return &ClientCredentials{renewer: r}, nil
}

// asking asks for a client's tokens.
type asking struct {
	client    grpcauthv1.AuthServiceClient
	proof     ClientProof
	request   *grpcauthv1.IssueClientTokenRequest // without a proof
	transport transportGuard
}

func (a *asking) fetch(ctx context.Context) (*grant, error) {
	request := proto.Clone(a.request).(*grpcauthv1.IssueClientTokenRequest)
	if err := a.proof.prove(ctx, request); err != nil {
		return nil, fmt.Errorf("the client's proof: %w", err)
	}
	sent := time.Now()
	answer, err := a.client.IssueClientToken(ctx, request, grpc.PerRPCCredentials(a.transport))
	if err != nil {
		return nil, err
	}
	return newGrant(answer, sent)
}
