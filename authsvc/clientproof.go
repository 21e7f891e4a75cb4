package authsvc

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// How many proofs in a row may fail without a wait: of one client from one
// block of addresses, and of all clients from one.
const (
	freeClientFailures = 10
	freeBlockFailures  = 100
)

// clientProof is what a request brings to show that it is the client's. At
// most one of them is set.
type clientProof struct{ secret, assertion string }

func proofOf(r interface {
	GetClientSecret() string
	GetClientAssertion() string
},
) clientProof {
	return clientProof{secret: r.GetClientSecret(), assertion: r.GetClientAssertion()}
}

// proveClient gives the client that a request names, if it is the client's. A
// client that is unknown, that was disabled, or that brings the wrong proof is
// told the same, after the same work.
func (s *server) proveClient(ctx context.Context, id string, proof clientProof) (registered, error) {
	client, err := s.clients.find(ctx, id)
	if err != nil && !errors.Is(err, errInvalidClient) {
		return registered{}, err
	}
	if unproven := s.checkProof(ctx, client, proof); err == nil {
		err = unproven
	}
	if errors.Is(err, errInvalidClient) {
		return registered{}, s.clientFailed(ctx, id, client.ID, err)
	}
	return client, err
}

// checkProof holds a proof against the client. The zero client has none that
// could be right. A public client needs none, but one that it brings is wrong.
func (s *server) checkProof(ctx context.Context, client registered, proof clientProof) error {
	switch {
	case proof.assertion != "":
		return s.checkAssertion(ctx, client, proof.assertion)
	case proof.secret != "" && !s.holdsSecret(client, proof.secret):
		return fmt.Errorf("%w: the secret is not its own, or has expired", errInvalidClient)
	case proof.secret == "" && client.confidential():
		return fmt.Errorf("%w: it must prove itself", errInvalidClient)
	}
	return nil
}

// holdsSecret compares with each secret that stands.
func (s *server) holdsSecret(client registered, secret string) bool {
	presented, now, holds := hashSecret(secret), s.cfg.Now(), false
	for _, kept := range client.secrets {
		if equal(presented, kept.Hash) && standsAt(kept, now) {
			holds = true
		}
	}
	return holds
}

// clientFailed counts a proof that failed, and records it. A right proof is
// never kept waiting: it can't be guessed, so that waiting would help nobody
// but somebody who wants the client locked out. What is bounded here is how
// fast failures are written.
func (s *server) clientFailed(ctx context.Context, asked, known string, cause error) error {
	block := s.block(ctx).String()
	err := s.throttle.count(ctx,
		store.AttemptKey{Key: s.throttle.name("client", asked, block), Free: freeClientFailures},
		store.AttemptKey{Key: s.throttle.name("clients", block), Free: freeBlockFailures})
	if err != nil {
		return err
	}
	failure := store.Entry{Kind: "client_failed", ClientID: known, Address: s.address(ctx), Reason: "not proven"}
	if err := s.store.RecordFailure(ctx, failure); err != nil {
		return err
	}
	return cause
}
