package main

import (
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// testSilentConnection ends a server to which somebody has connected who says
// nothing: it does not wait for them.
func testSilentConnection(t *testing.T, b binaries) {
	for name, flags := range map[string][]string{"": nil, "by the PROXY protocol": {"--proxy", "127.0.0.1", "--proxy-protocol"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := b.serve(t, t.TempDir(), append(flags, "--drain-timeout", "1s")...)
			silent, err := net.Dial("tcp", server.GRPC)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = silent.Close() }()
			if len(flags) > 0 { // who connects to a balancer may say nothing either
				if _, err := silent.Write([]byte("PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n")); err != nil {
					t.Fatal(err)
				}
			}
			began := time.Now()
			server.signal(syscall.SIGTERM)
			if code := server.wait(); code != exitOK {
				t.Errorf("exit %d", code)
			}
			if took := time.Since(began); took > handshakePatience/2 {
				t.Errorf("it ended after %s", took)
			}
		})
	}
}

// Only those are remembered that may still be in their handshake.
func TestArrivals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &arrivals{Listener: piped{}, patience: time.Minute}
		first, _ := a.Accept()
		time.Sleep(time.Minute)
		second, _ := a.Accept()
		time.Sleep(time.Minute - 1)
		third, _ := a.Accept()
		a.cut()
		for i, conn := range []net.Conn{first, second, third} {
			closed := conn.SetDeadline(time.Time{}) != nil
			if closed != (i > 0) {
				t.Errorf("connection %d is closed: %v", i, closed)
			}
		}
	})
}

// piped is a listener that everybody connects to at once.
type piped struct{ net.Listener }

func (piped) Accept() (net.Conn, error) {
	conn, _ := net.Pipe()
	return conn, nil
}
