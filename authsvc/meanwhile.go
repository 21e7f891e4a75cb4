package authsvc

import (
	"context"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// eventPage is how many events are read at once.
const eventPage = 256

// began is where the events stand before it is known who logs in. The Store's
// own users need no such mark: the version of their password tells.
func (s *server) began(ctx context.Context) (store.Ledger, error) {
	if _, kept := s.users.(*builtin); kept {
		return store.Ledger{}, nil
	}
	return s.store.Ledger(ctx)
}

// unraised refuses a login that began before its subject's counter was raised.
// It is asked once that counter was read: a raise before the reading is among
// the events, and after one that comes later no session is stored.
//
// Events have no gaps, so one that is missing was swept away, or belongs to
// another epoch. It may have been the subject's.
func (s *server) unraised(ctx context.Context, subject string, began store.Ledger) error {
	if _, kept := s.users.(*builtin); kept {
		return nil
	}
	head, err := s.store.Ledger(ctx)
	if err != nil {
		return err
	}
	if head.Epoch != began.Epoch || head.Seq < began.Seq {
		return errChanged
	}
	for seq := began.Seq; seq < head.Seq; {
		page, err := s.store.Events(ctx, seq, eventPage)
		if err != nil {
			return err
		}
		if len(page) == 0 || raises(page, seq, subject) {
			return errChanged
		}
		seq = page[len(page)-1].Seq
	}
	return nil
}

// raises reports whether the events after one are of the subject, or may be:
// one of them is missing.
func raises(page []store.Event, after int64, subject string) bool {
	for i, e := range page {
		if e.Seq != after+1+int64(i) || e.Kind == store.EventAll || e.Kind == store.EventSubject && e.Key == subject {
			return true
		}
	}
	return false
}
