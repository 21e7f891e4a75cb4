package main

import (
	"net"
	"strings"
	"testing"
)

// checklist: B3
func TestWithoutTLSOnlyThisMachineIsListenedOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address string
		local   bool
		want    string // "" is no error
	}{
		{"127.0.0.1:0", true, ""},
		{"127.0.0.2:0", true, ""},
		{"localhost:0", true, ""},
		{"0.0.0.0:0", true, "others could read and change what is sent there: give --tls-cert and --tls-key, use 127.0.0.1, or add --allow-plaintext and --proxy ADDRESS when a proxy in front of it terminates TLS"},
		{":0", true, "others could read"},
		{"[::]:0", true, "others could read"},
		{"192.0.2.1:0", true, "others could read"},
		{"0.0.0.0:0", false, ""},
		{"127.0.0.1", true, "missing port in address: give HOST:PORT, such as 127.0.0.1:50051"},
		{"127.0.0.1:no-such-service", true, "give HOST:PORT"},
		{"192.0.2.1:0", false, "choose another address"}, // RFC 5737: nobody has it
	} {
		l, err := listen(t.Context(), "listen", c.address, c.local)
		if err == nil {
			_ = l.Close()
		}
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.address, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "--listen ") || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %s", c.address, err, c.want)
		}
	}
}

func TestAPortThatIsInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	address := taken.Addr().String()
	c := &serveCmd{Listen: "127.0.0.1:0", HTTPListen: address}
	if _, err := c.bind(t.Context()); err == nil || err.Error() != "--http-listen "+address+": the port is in use: stop what uses it, or choose another with --http-listen" {
		t.Errorf("got %v", err)
	}
}

func TestHTTPCanBeLeftOut(t *testing.T) {
	t.Parallel()
	for _, none := range []string{"", "off"} {
		c := &serveCmd{Listen: "127.0.0.1:0", HTTPListen: none}
		l, err := c.bind(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if l.http != nil || l.httpAddr() != "off" {
			t.Errorf("%q: serves on %s", none, l.httpAddr())
		}
		l.close()
	}
}
