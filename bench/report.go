package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// row is one line of a table.
type row struct {
	Group     string  `json:"group"`
	Algorithm string  `json:"algorithm"`
	Case      string  `json:"case"`
	NsPerOp   float64 `json:"ns_per_op"`
	OverFloor float64 `json:"over_floor"`
	Bytes     float64 `json:"bytes_per_op"`
	Allocs    float64 `json:"allocs_per_op"`
}

// report is all that is printed, and on what it was measured.
type report struct {
	Machine machine `json:"machine"`
	Rounds  int     `json:"rounds"`
	Rows    []row   `json:"rows"`
}

func newReport(results []result) report {
	r := report{Machine: thisMachine()}
	for _, c := range results {
		floor := floorOf(results, c)
		r.Rounds = len(c.rounds)
		r.Rows = append(r.Rows, row{
			Group: c.group, Algorithm: c.algorithm, Case: c.name,
			NsPerOp: median(c.rounds), OverFloor: ratio(c.rounds, floor.rounds),
			Bytes: c.bytes, Allocs: c.allocs,
		})
	}
	return r
}

// floorOf is the case that c is measured against. Every set has one.
func floorOf(results []result, c result) result {
	i := slices.IndexFunc(results, func(r result) bool {
		return r.group == c.group && r.algorithm == c.algorithm && r.isFloor()
	})
	return results[i]
}

// sets are the rows by group and algorithm, in the order they are in.
func (r report) sets() [][]row {
	var sets [][]row
	for i, row := range r.Rows {
		if i == 0 || row.Group != r.Rows[i-1].Group || row.Algorithm != r.Rows[i-1].Algorithm {
			sets = append(sets, nil)
		}
		sets[len(sets)-1] = append(sets[len(sets)-1], row)
	}
	return sets
}

func (r report) writeTable(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, set := range r.sets() {
		fmt.Fprintf(table, "%s, %s\tns/op\tover floor\tB/op\tallocs/op\t\n", set[0].Group, set[0].Algorithm)
		for _, row := range set {
			fmt.Fprintf(table, "%s\t%.0f\t%.3f\t%.0f\t%.0f\t\n", row.Case, row.NsPerOp, row.OverFloor, row.Bytes, row.Allocs)
		}
		fmt.Fprintln(table, "\t\t\t\t\t")
	}
	return table.Flush()
}

func (r report) writeJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
