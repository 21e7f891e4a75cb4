package main

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"text/tabwriter"
	"time"
)

// pageSize is how many records are read, and how many lines are kept to align
// their columns, at once.
const pageSize = 500

// paged is every record of a list that is read in pages. page gives those
// after a key.
func paged[T, K any](page func(after K) ([]T, error), key func(T) K) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var after K
		for {
			records, err := page(after)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
				after = key(r)
			}
			if len(records) < pageSize {
				return
			}
		}
	}
}

// sheet is how records are printed: as a table for people, or as a line of
// JSON each for programs.
type sheet[T any] struct {
	head  []string
	cells func(T) []string
	json  func(T) any
}

func (s sheet[T]) show(p *process, asJSON bool, records iter.Seq2[T, error]) error {
	t := p.table()
	if !asJSON {
		t.row(s.head...)
	}
	n := 0
	for r, err := range records {
		switch {
		case err != nil:
		case asJSON:
			err = p.printJSON(s.json(r))
		default:
			t.row(s.cells(r)...)
			if n++; n%pageSize == 0 {
				err = t.flush()
			}
		}
		if err != nil {
			return err
		}
	}
	return t.flush()
}

// printJSON prints one line.
func (p *process) printJSON(v any) error { return json.NewEncoder(p.stdout).Encode(v) }

// table is lines in columns.
type table struct{ out *tabwriter.Writer }

func (p *process) table() table {
	return table{tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)}
}

// row adds a line. What others have chosen can neither break it nor reach the
// terminal. The line is kept until flush, so nothing fails here.
func (t table) row(cells ...string) {
	shown := make([]string, 0, len(cells))
	for _, cell := range cells {
		shown = append(shown, orDash(visible(cell)))
	}
	_, _ = fmt.Fprintln(t.out, strings.Join(shown, "\t"))
}

func (t table) flush() error { return t.out.Flush() }

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// moment is a time for people, to the second.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// stamp is a time for programs, null for none.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
