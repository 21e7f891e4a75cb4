package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
)

// row is one line of the table.
type row struct {
	Algorithm string  `json:"algorithm"`
	Case      string  `json:"case"`
	NsPerOp   float64 `json:"ns_per_op"`
	OverRaw   float64 `json:"over_raw"`
	Bytes     float64 `json:"bytes_per_op"`
	Allocs    float64 `json:"allocs_per_op"`
}

// report is all that is printed.
type report struct {
	Go      string `json:"go"`
	CPUs    int    `json:"cpus"`
	Rows    []row  `json:"rows"`
	Beaten  bool   `json:"golang_jwt_beaten"`
	Verdict string `json:"verdict"`
}

func newReport(results []result) report {
	r := report{Go: runtime.Version(), CPUs: runtime.NumCPU(), Beaten: true}
	var speeds []string
	for _, c := range results {
		r.Rows = append(r.Rows, row{
			Algorithm: c.algorithm, Case: c.name,
			NsPerOp: median(c.rounds), OverRaw: ratio(c.rounds, find(results, c.algorithm, rawCase).rounds),
			Bytes: c.bytes, Allocs: c.allocs,
		})
		if c.name == coldCase {
			speed := ratio(find(results, c.algorithm, peerCase).rounds, c.rounds)
			r.Beaten = r.Beaten && speed > 1
			speeds = append(speeds, fmt.Sprintf("%s %.2f times as fast", c.algorithm, speed))
		}
	}
	r.Verdict = "grpcauth verify beats golang-jwt for every algorithm: "
	if !r.Beaten {
		r.Verdict = "grpcauth verify does NOT beat golang-jwt for every algorithm: "
	}
	r.Verdict += strings.Join(speeds, ", ")
	return r
}

// find is the result of a case of an algorithm. Every algorithm has the same
// cases.
func find(results []result, algorithm, name string) result {
	for _, r := range results {
		if r.algorithm == algorithm && r.name == name {
			return r
		}
	}
	return result{}
}

func (r report) writeTable(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "algorithm\tcase\tns/op\tover raw\tB/op\tallocs/op\t")
	for i, row := range r.Rows {
		if i > 0 && row.Algorithm != r.Rows[i-1].Algorithm {
			fmt.Fprintln(table, "\t\t\t\t\t\t")
		}
		fmt.Fprintf(table, "%s\t%s\t%.0f\t%.2f\t%.0f\t%.0f\t\n", row.Algorithm, row.Case, row.NsPerOp, row.OverRaw, row.Bytes, row.Allocs)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s\n", r.Verdict)
	return err
}

func (r report) writeJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
