// Tour starts the quickstart and walks through what it does: logging in,
// being refused, being let in, streaming, refreshing, logging out. Then the
// server stays up for grpcurl.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	once := flag.Bool("once", false, "end after the tour: exit 0 when every step went as it should, 1 otherwise")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *once); err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop is called above
	}
}

var errFailed = errors.New("a step did not go as it should")

func run(ctx context.Context, once bool) error {
	dir, err := os.MkdirTemp("", "tour")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store := filepath.Join(dir, "notes.db")
	if err := addAda(ctx, store); err != nil {
		return err
	}
	return walk(ctx, store, once)
}

// walk takes the steps against a quickstart with that store.
func walk(ctx context.Context, store string, once bool) error {
	server, err := startQuickstart(ctx, store)
	if err != nil {
		return err
	}
	defer server.stop()
	build := buildGrpcurl(ctx) // meanwhile, and after the quickstart, so that the first steps come soon
	defer build.stop()
	fmt.Printf("The quickstart serves on %s. The tour:\n\n", server.addr)

	t := newTour(ctx, server.addr)
	defer t.close()
	t.logIn()
	t.call()
	t.stream()
	t.refresh()
	t.logOut()
	t.forgottenRule()
	t.grpcurl(build)
	fmt.Printf("\n%d passed, %d failed\n", t.passed, t.failed)
	if t.failed > 0 {
		return errFailed
	}
	if once {
		return nil
	}
	return stayUp(ctx, server, t)
}

// stayUp prints lines to paste and waits for the end.
func stayUp(ctx context.Context, server *process, t *tour) error {
	fmt.Print(t.invitation())
	select {
	case <-ctx.Done():
		fmt.Println("\nbye")
		return nil
	case <-server.done:
		return fmt.Errorf("the quickstart ended by itself, see %s: %w", logFile, server.err)
	}
}
