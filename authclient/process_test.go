package authclient_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// This test binary is also the programs that share a file: it runs one of
// children where the environment says so.
func TestMain(m *testing.M) {
	child, ok := children[os.Getenv("AUTHCLIENT_TEST_CHILD")]
	if !ok {
		os.Exit(m.Run())
	}
	if err := child(context.Background(), os.Getenv("AUTHCLIENT_TEST_FILE"), os.Getenv("AUTHCLIENT_TEST_SERVER")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

var children = map[string]func(ctx context.Context, path, server string) error{
	"lock":   lockForever,
	"resume": resumeOften,
	"die":    resumeAndDie,
}

// child is one of these programs.
func child(t *testing.T, name, path, server string, more ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), append(more, "AUTHCLIENT_TEST_CHILD="+name, "AUTHCLIENT_TEST_FILE="+path, "AUTHCLIENT_TEST_SERVER="+server)...)
	return cmd
}

// lockForever takes the lock, says so, and never lets go.
func lockForever(ctx context.Context, path, _ string) error {
	files, err := authclient.NewFileStore(path)
	if err != nil {
		return err
	}
	if _, err := files.Lock(ctx); err != nil {
		return err
	}
	fmt.Println("locked")
	select {}
}

// resumeOften does what a command line tool does that is called in a loop.
func resumeOften(ctx context.Context, path, server string) error {
	files, err := authclient.NewFileStore(path)
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(server, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	for range 5 {
		session, err := authclient.Resume(ctx, conn, files)
		if err != nil {
			return err
		}
		err = session.Refresh(ctx)
		session.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// resumeAndDie goes on with a session, and is killed, or panics, at a step of
// that.
func resumeAndDie(ctx context.Context, path, server string) error {
	files, err := authclient.NewFileStore(path)
	if err != nil {
		return err
	}
	at, err := strconv.Atoi(os.Getenv("AUTHCLIENT_TEST_STEP"))
	if err != nil {
		return err
	}
	var mu sync.Mutex
	w := &watched{TokenStore: files, step: func(string) error {
		mu.Lock()
		defer mu.Unlock()
		if at--; at == 0 {
			if os.Getenv("AUTHCLIENT_TEST_END") == "panic" {
				panic("the store is out of order")
			}
			self, err := os.FindProcess(os.Getpid())
			if err != nil {
				return err
			}
			_ = self.Kill()
			select {}
		}
		return nil
	}}
	conn, err := grpc.NewClient(server, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	session, err := authclient.Resume(ctx, w.way(conn), w)
	if err != nil {
		return err
	}
	defer session.Close()
	return session.Refresh(ctx)
}

// watched is a store that says before and after everything that it does, and
// is stopped by an error.
type watched struct {
	authclient.TokenStore

	step func(name string) error
}

func (w *watched) Lock(ctx context.Context) (func(), error) {
	if err := w.step("before Lock"); err != nil {
		return nil, err
	}
	unlock, err := w.TokenStore.Lock(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.step("after Lock"); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

func (w *watched) Load(ctx context.Context) (authclient.Saved, error) {
	if err := w.step("before Load"); err != nil {
		return authclient.Saved{}, err
	}
	return w.TokenStore.Load(ctx)
}

func (w *watched) Save(ctx context.Context, s authclient.Saved) error {
	if err := w.step("before Save"); err != nil {
		return err
	}
	return errors.Join(w.TokenStore.Save(ctx, s), w.step("after Save"))
}

// way is a connection whose requests and answers are steps as well.
func (w *watched) way(conn grpc.ClientConnInterface) grpc.ClientConnInterface {
	return watchedConn{conn, w}
}

type watchedConn struct {
	grpc.ClientConnInterface

	w *watched
}

func (c watchedConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	name := strings.TrimPrefix(method, "/"+grpcauthv1.AuthService_ServiceDesc.ServiceName+"/")
	if err := c.w.step("before " + name); err != nil {
		return err
	}
	return errors.Join(c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...), c.w.step("after "+name))
}
