package sqlstore_test

import (
	"context"
	"database/sql"
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

// A program that opens the database itself.
func ExampleNew() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "grpcauth")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "auth.db")))
	if err != nil {
		panic(err)
	}
	if err := sqlstore.Migrate(ctx, db, sqlstore.SQLite); err != nil {
		panic(err)
	}
	st, err := sqlstore.New(ctx, db, sqlstore.SQLite)
	if err != nil {
		panic(err)
	}
	defer st.Close() // closes db

	fmt.Println(st.Counters(ctx, "8c6f2e", "app"))
	// Output: {1 1 1} <nil>
}
