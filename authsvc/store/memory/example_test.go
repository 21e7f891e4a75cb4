package memory_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
)

func Example() {
	ctx := context.Background()
	st := memory.New()
	defer st.Close()

	// A login reads the counter before it checks the password ...
	counters, err := st.Counters(ctx, "8c6f2e", "app")
	if err != nil {
		panic(err)
	}
	// ... and is refused when the account changed in between.
	if err := st.RaiseSubject(ctx, "8c6f2e", "log out everywhere"); err != nil {
		panic(err)
	}
	session := store.Session{ID: "Zm9vYmFyYmF6cXV4MTIzNA", Subject: "8c6f2e", Expires: time.Now().Add(time.Hour)}
	err = st.CreateSession(ctx, session, counters.Subject)
	fmt.Println(errors.Is(err, store.ErrStale))
	// Output: true
}
