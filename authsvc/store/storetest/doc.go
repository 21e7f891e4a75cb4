// Package storetest is the one suite that every [store.Store] must pass
// whole. There is nothing to opt out of: a backend that can't hold one of
// these promises can't keep sessions.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t testing.TB, now func() time.Time) store.Store {
//			return openEmpty(t, now)
//		})
//	}
//
// Where several handles (pools, processes) can share the data, [Races] runs
// the concurrent part of the suite over all of them at once.
package storetest
