package storetest

import (
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// Open makes an empty store that reads the time from now, and closes it when
// the test ends.
type Open func(t testing.TB, now func() time.Time) store.Store

// Run runs the suite. open is called once for each test in it, so the tests
// don't see each other's data; they run in parallel.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, *fixture){
		"session comes back as it went in":              testSessionRoundTrip,
		"session of an unknown id is not found":         testSessionNotFound,
		"create refuses a taken id":                     testCreateTaken,
		"create is refused after raise":                 testCreateAfterRaise,
		"create is refused for a subject never seen":    testCreateUnseen,
		"rotate moves the session on":                   testRotate,
		"rotate is refused unless all stands":           testRotateRefused,
		"rotate keeps idle expiry within the absolute":  testRotateIdleCap,
		"rotate counts replayed generations":            testRotateReplays,
		"rotate remembers the idempotency key":          testRotateKeyed,
		"replace ends one session and opens another":    testReplace,
		"replace is refused unless all stands":          testReplaceRefused,
		"standing sessions are listed":                  testSessionsOf,
		"sweep deletes what can't matter":               testSweep,
		"disable ends the sessions":                     testSetDisabled,
		"the last administrator is not disabled":        testLastAdmin,
		"attempts wait longer and longer":               testAttempts,
		"attempts are counted for all keys or none":     testAttemptKeys,
		"attempts that were right are taken back":       testPardon,
		"what is right is forgotten, and one less":      testForgive,
		"what was right of late is known":               testKnown,
		"change password while the old one stands":      testChangePassword,
		"attempts are forgotten":                        testAttemptsForgotten,
		"attempts after the clock was set back":         testAttemptsClockBack,
		"counters of what was never seen are 1":         testCounters,
		"renewal is session, counters and user":         testRenewal,
		"what ends a session is an event":               testEvents,
		"what changes nothing is no event":              testNoEvents,
		"a token is revoked once":                       testRevokeToken,
		"standing tells of session, token and counters": testStanding,
		"raising a client ends its sessions":            testRaiseClient,
		"recover ends everything":                       testRecover,
		"what is used once is not used twice":           testUseOnce,
		"the audit record goes with the change":         testAudit,
		"failures of an hour are added up":              testFailures,
		"clients come back as they went in":             testClients,
		"update changes a client":                       testUpdateClient,
		"update writes what the function changed":       testUpdate,
		"update writes nothing when the function fails": testUpdateFails,
		"update survives a panic":                       testUpdatePanics,
		"update keeps what never changes":               testUpdateFixed,
		"counter starts at 1 and rises":                 testCounter,
		"raise revokes what stands":                     testRaise,
		"users are unique by name and subject":          testUsersUnique,
		"users are found and listed":                    testUsers,
		"set password ends the sessions":                testSetPassword,
		"rehash keeps the sessions":                     testRehash,
		"keys":                                          testKeys,
		"records share no memory with the store":        testNoSharedMemory,
		"an ended context comes back as it is":          testEndedContext,
		"a closed store is unavailable":                 testClosed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newFixture(t, open))
		})
	}
	Races(t, func(t testing.TB, now func() time.Time) []store.Store {
		return []store.Store{open(t, now)}
	})
}
