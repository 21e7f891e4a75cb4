package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver is the program's choice

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "grpcauth")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	st, err := sqlstore.OpenSQLite(ctx, filepath.Join(dir, "auth.db"))
	if err != nil {
		panic(err)
	}
	defer st.Close()

	ada := store.User{Subject: "8c6f2e", Username: "ada", Scopes: []string{"notes.read"}}
	fmt.Println("added:", st.AddUser(ctx, ada) == nil)
	fmt.Println("again:", errors.Is(st.AddUser(ctx, ada), store.ErrExists))
	user, err := st.UserByName(ctx, "ada")
	fmt.Println(user, user.Scopes, err)
	// Output:
	// added: true
	// again: true
	// store.User{subject=8c6f2e} [notes.read] <nil>
}
