package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

const operatingPage = "../../docs/operating.md"

// shellBlock is the commands that a page shows, also within a list.
var shellBlock = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$")

// testOperatingPage runs every command of docs/operating.md as it is written
// there, but for the addresses of databases, in one folder from the first to the
// last.
func testOperatingPage(t *testing.T, b binaries) {
	page, err := os.ReadFile(operatingPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bash", "sqlite3", "psql", "pg_dump", "pg_restore"} {
		testkit.Require(t, name)
	}
	restored := testkit.Postgres(t)
	databases := strings.NewReplacer(
		"postgres://grpcauth@db.example/grpcauth", testkit.Postgres(t),
		"postgres://grpcauth@db.example/restored?sslmode=verify-full", restored,
		"postgres://grpcauth@db.example/restored", restored)
	r := &reader{T: t, dir: t.TempDir(), environ: []string{
		"PATH=" + string(b) + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"PASSWORD=" + goodPassword, "NEW_PASSWORD=" + goodPassword + "!", "SESSION=" + sessionID(1),
	}}
	r.run(databases.Replace("grpcauth migrate up --store postgres://grpcauth@db.example/grpcauth"))
	blocks := shellBlock.FindAllSubmatch(page, -1)
	for _, block := range blocks {
		commands := databases.Replace(string(block[1]))
		if strings.Contains(commands, "session list") {
			(&site{t, filepath.Join(r.dir, "grpcauth.db")}).session(1, "bob", "")
		}
		r.run(commands)
	}
	if len(blocks) < 10 {
		t.Errorf("%s has %d blocks of commands", operatingPage, len(blocks))
	}
	(&site{t, filepath.Join(r.dir, "grpcauth.db")}).with(func(st store.Store) {
		if l, err := st.Ledger(t.Context()); err != nil || l.Epoch != 2 {
			t.Errorf("the ledger is %+v, %v", l, err)
		}
	})
}

// reader does as a page says.
type reader struct {
	*testing.T
	dir     string
	environ []string
}

func (r *reader) run(commands string) {
	r.Helper()
	cmd := exec.CommandContext(r.Context(), "bash", "-euo", "pipefail", "-c", commands)
	cmd.Dir, cmd.Env, cmd.WaitDelay = r.dir, r.environ, 5*time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		r.Fatalf("%s\n%v\n%s", commands, err, out)
	}
}
