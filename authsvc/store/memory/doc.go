// Package memory keeps the AuthService's records in the process. They end
// with it, and nothing is ever swept out: it is for tests, trials and
// services that restart often. Package sqlstore keeps them.
//
//	svc, err := authsvc.New(authsvc.Config{Store: memory.New(), ...})
package memory
