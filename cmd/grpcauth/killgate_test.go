package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// gate stands between a server and PostgreSQL and reads what the server asks
// for (the PostgreSQL frontend/backend protocol, version 3). When a statement
// comes by that it waits for, nothing gets through any more, and whoever set
// the gate can kill the server.
type gate struct {
	url   string // of the database, by way of the gate
	point atomic.Pointer[checkpoint]
}

// checkpoint is where a server stops.
type checkpoint struct {
	statement string // how its text begins, with single spaces
	within    string // how one before it in its transaction begins
	done      bool   // the database carries it out, and only its answer is held back
	reached   chan struct{}
}

func newGate(t *testing.T, database string) *gate {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal("the database has no URL")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	address := u.Host
	u.Host = l.Addr().String()
	g := &gate{url: u.String()}
	go func() {
		for {
			server, err := l.Accept()
			if err != nil {
				return
			}
			go g.serve(server, address)
		}
	}()
	return g
}

// set waits for a statement.
func (g *gate) set(c checkpoint) <-chan struct{} {
	c.reached = make(chan struct{})
	g.point.Store(&c)
	return c.reached
}

// connection is one of the server to the database.
type connection struct {
	gate             *gate
	server, database net.Conn
	statements       map[string]string // the texts of prepared statements
	executed         []string          // since the transaction began
	held             atomic.Pointer[checkpoint]
}

func (g *gate) serve(server net.Conn, address string) {
	defer server.Close()
	database, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer database.Close()
	c := &connection{gate: g, server: server, database: database, statements: map[string]string{}}
	go c.answers()
	c.requests()
}

// requests passes on what the server asks for, until it stops at a checkpoint
// or the server is gone.
func (c *connection) requests() {
	startup := make([]byte, 4)
	if _, err := io.ReadFull(c.server, startup); err != nil {
		return
	}
	body := io.LimitReader(c.server, int64(binary.BigEndian.Uint32(startup))-4)
	if _, err := io.Copy(c.database, io.MultiReader(bytes.NewReader(startup), body)); err != nil {
		return
	}
	for {
		kind, message, err := readMessage(c.server)
		if err != nil {
			return
		}
		if c.stops(c.statement(kind, message[5:])) {
			_, _ = io.Copy(io.Discard, c.server) // until it is killed
			return
		}
		if _, err := c.database.Write(message); err != nil {
			return
		}
	}
}

// statement is the text of what is to be executed, or "".
func (c *connection) statement(kind byte, body []byte) string {
	first, rest, _ := bytes.Cut(body, []byte{0})
	second, _, _ := bytes.Cut(rest, []byte{0})
	switch kind {
	case 'P': // Parse: name and text
		c.statements[string(first)] = string(second)
	case 'B': // Bind: portal and name
		return c.statements[string(second)]
	case 'Q': // Query: text
		return string(first)
	}
	return ""
}

// stops reports whether the server is held here, before the statement. Where it
// is held after it, the answers are held back.
func (c *connection) stops(statement string) bool {
	statement = strings.Join(strings.Fields(statement), " ")
	if strings.HasPrefix(statement, "BEGIN") {
		c.executed = nil
	}
	c.executed = append(c.executed, statement)
	point := c.gate.point.Load()
	if point == nil || !strings.HasPrefix(statement, point.statement) || !c.hasExecuted(point.within) || !c.gate.point.CompareAndSwap(point, nil) {
		return false
	}
	if point.done {
		c.held.Store(point)
		return false
	}
	close(point.reached)
	return true
}

func (c *connection) hasExecuted(within string) bool {
	return slices.ContainsFunc(c.executed, func(s string) bool { return strings.HasPrefix(s, within) })
}

// answers passes on what the database says.
func (c *connection) answers() {
	defer c.server.Close()
	for {
		kind, message, err := readMessage(c.database)
		if err != nil {
			return
		}
		switch held := c.held.Load(); {
		case held != nil && kind == 'Z': // ReadyForQuery: it is done
			close(held.reached)
			_, _ = io.Copy(io.Discard, c.database) // until the server is killed
			return
		case held != nil:
		default:
			if _, err := c.server.Write(message); err != nil {
				return
			}
		}
	}
}

// readMessage reads a whole message: its kind, its length, its body.
func readMessage(r io.Reader) (kind byte, message []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	message = make([]byte, 1+binary.BigEndian.Uint32(head[1:]))
	copy(message, head)
	_, err = io.ReadFull(r, message[5:])
	return head[0], message, err
}
