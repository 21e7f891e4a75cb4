package authsvc_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// needles are the secrets in each spelling that somebody could have kept.
func (d *secretDay) needles() needles {
	all := needles{}
	for what, secret := range d.secrets {
		forms := [][]byte{[]byte(secret)}
		if strings.HasPrefix(secret, "grt_") {
			raw := decodedToken(secret)
			forms = append(forms, raw, raw[29:61])
		}
		if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil {
			forms = append(forms, raw) // of a signature
		}
		for _, form := range forms {
			all.add(what, form)
			all.add(what, []byte(hex.EncodeToString(form)))
			all.add(what, []byte(base64.RawStdEncoding.EncodeToString(form)))
			all.add(what, []byte(base64.RawURLEncoding.EncodeToString(form)))
		}
	}
	all.add(foundIt, []byte(d.known))
	return all
}

const foundIt = "what is no secret"

// needles are looked for all at once, by their first eight bytes.
type needles map[uint64][]needle

type needle struct {
	what string
	text []byte
}

func (n needles) add(what string, text []byte) {
	if len(text) >= 8 {
		first := binary.LittleEndian.Uint64(text)
		n[first] = append(n[first], needle{what, text})
	}
}

// in is what of them is in a haystack.
func (n needles) in(haystack []byte) map[string]bool {
	found := map[string]bool{}
	for i := range max(0, len(haystack)-7) {
		for _, needle := range n[binary.LittleEndian.Uint64(haystack[i:])] {
			if bytes.HasPrefix(haystack[i:], needle.text) {
				found[needle.what] = true
			}
		}
	}
	return found
}

// holdsNone reports whether what must be there was found, and fails for what
// must not.
func (d *secretDay) holdsNone(where string, found map[string]bool) bool {
	d.t.Helper()
	known := found[foundIt]
	delete(found, foundIt)
	for what := range found {
		d.t.Errorf("%s holds: %s", where, what)
	}
	return known
}

// tables looks through every row of every table.
func (d *secretDay) tables(driver, dsn, list string) {
	d.t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		d.t.Fatal(err)
	}
	defer db.Close()
	known, all := false, d.needles()
	for _, table := range columnOf(d.t, db, list) {
		rows, err := db.QueryContext(d.t.Context(), `SELECT * FROM `+table) //nolint:unqueryvet // also columns that come later
		if err != nil {
			d.t.Fatal(err)
		}
		text := rowsOf(d.t, rows)
		known = d.holdsNone("table "+table, all.in(text)) || known
	}
	if !known || len(d.secrets) < 150 {
		d.t.Errorf("the session is in none of the tables, or only %d secrets were looked for", len(d.secrets))
	}
}

func columnOf(t testing.TB, db *sql.DB, query string) (texts []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

// rowsOf is all that rows hold, one value after the other.
func rowsOf(t testing.TB, rows *sql.Rows) []byte {
	t.Helper()
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var all bytes.Buffer
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, value := range values {
			all.Write(value)
			all.WriteByte('\n')
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all.Bytes()
}

// postgresFiles has the server write its pages, and is where they are.
func (d *secretDay) postgresFiles(url string) string {
	d.t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		d.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), "CHECKPOINT"); err != nil {
		d.t.Fatal(err)
	}
	return columnOf(d.t, db, "SHOW data_directory")[0]
}

// files looks through every file that was written since the day began.
func (d *secretDay) files(dir string) {
	d.t.Helper()
	known, all := 0, d.needles()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil || info.ModTime().Before(d.began) {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if d.holdsNone(filepath.Base(path), all.in(content)) {
			known++
		}
		return nil
	})
	if err != nil {
		d.t.Error(err)
	}
	if known == 0 {
		d.t.Error("the session is in none of the files, so this test looks in the wrong place")
	}
}
