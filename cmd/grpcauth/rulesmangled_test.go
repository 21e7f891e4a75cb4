package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode"
)

// Whatever a file holds, it is refused or shown: nothing of it reaches a
// terminal but text, and what --json writes of it is read as the same. (It is
// no fuzz target: the database that is linked here makes those crawl.)
func TestRulesOfMangledFiles(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(7, 7))
	set, later := shop(t), shopLater(t)
	matrix := runWith(t, set, nil, "rules", "--descriptor-set", "-", "--json").stdout
	shown := 0
	for range 500 {
		for _, whole := range []string{set, later, matrix} {
			p := &process{stdin: bytes.NewReader(mangle(dice, []byte(whole)))}
			if rows, err := readOld(p, "-"); err == nil {
				checkShown(t, rows)
				shown++
			}
		}
	}
	if shown < 50 {
		t.Errorf("only %d could be read: the test proves little", shown)
	}
}

// mangle changes a few bytes.
func mangle(dice *rand.Rand, data []byte) []byte {
	for range 1 + dice.IntN(3) {
		at := dice.IntN(len(data))
		switch dice.IntN(4) {
		case 0:
			data = slices.Delete(data, at, at+1)
		case 1:
			data = slices.Insert(data, at, byte(dice.IntN(256)))
		default:
			data[at] = byte(dice.IntN(256))
		}
	}
	return data
}

func checkShown(t *testing.T, rows []methodRule) {
	t.Helper()
	var text, again bytes.Buffer
	for _, write := range []func(io.Writer, []methodRule) error{writeMatrixText, writeMatrixMarkdown, writeMatrixHTML} {
		if err := write(&text, rows); err != nil {
			t.Fatal(err)
		}
	}
	for _, write := range []func(io.Writer, []methodChange) error{writeChangesText, writeChangesMarkdown, writeChangesHTML} {
		if err := write(&text, compareMatrices(nil, rows)); err != nil {
			t.Fatal(err)
		}
	}
	if i := bytes.IndexFunc(text.Bytes(), func(r rune) bool { return unicode.IsControl(r) && r != '\n' }); i >= 0 {
		t.Errorf("a control character in %q", text.Bytes()[max(0, i-80):i+1])
	}
	text.Reset()
	if err := writeMatrixJSON(&text, rows); err != nil {
		t.Fatal(err)
	}
	back, err := parseMatrixJSON(text.Bytes())
	if err != nil {
		t.Fatalf("%v:\n%s", err, &text)
	}
	if err := writeMatrixJSON(&again, back); err != nil || again.String() != text.String() {
		t.Errorf("%v:\n%s\nbecame\n%s", err, &text, &again)
	}
	if changes := compareMatrices(rows, back); len(changes) > 0 {
		t.Errorf("read back it differs: %+v", changes)
	}
}
