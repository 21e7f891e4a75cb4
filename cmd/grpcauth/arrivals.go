package main

import (
	"net"
	"slices"
	"sync"
	"time"
)

// arrivals remembers the connections that may still be in their handshake. gRPC
// waits for those, also when it is told to stop at once.
type arrivals struct {
	net.Listener

	patience time.Duration // that a handshake is given
	mu       sync.Mutex
	recent   []arrival // the oldest first
}

type arrival struct {
	conn net.Conn
	at   time.Time
}

// Accept waits for the next connection.
func (a *arrivals) Accept() (net.Conn, error) {
	conn, err := a.Listener.Accept()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	young := slices.IndexFunc(a.recent, func(r arrival) bool { return now.Sub(r.at) < a.patience })
	if young < 0 {
		young = len(a.recent)
	}
	a.recent = append(a.recent[young:], arrival{conn, now})
	return conn, nil
}

// cut closes them.
func (a *arrivals) cut() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.recent {
		_ = r.conn.Close()
	}
}
