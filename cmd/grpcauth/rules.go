package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// rulesCmd shows who may call what.
type rulesCmd struct {
	Origin origin `embed:""`

	JSON          bool   `group:"Output:" name:"json" xor:"format" help:"Print JSON, for programs and for --diff."`
	Markdown      bool   `group:"Output:" xor:"format" help:"Print Markdown tables, for a page of documentation."`
	HTML          bool   `group:"Output:" name:"html" xor:"format" help:"Print one HTML page that needs nothing else."`
	Diff          string `group:"Output:" placeholder:"OLD" help:"Print instead what was opened and what was closed since OLD, which is what --json printed or a descriptor set; - is stdin. Exit 1 when something was opened."`
	FailOnMissing bool   `group:"Output:" help:"Exit 1 when a method has no rule."`
}

// Help is shown below the summary of the command.
func (*rulesCmd) Help() string {
	return `Rules are read as they are written in .proto files. What a program gives its Guard (WithRule, OverrideRule, WithPublicInfrastructure) can't be seen from outside, not by reflection either: Guard.Rules() lists it inside the program. A rule that can't be right is shown with what is wrong, and makes the exit code 1.`
}

// Validate is called by kong when the command line has been read.
func (c *rulesCmd) Validate() error {
	if c.Diff == "-" && c.Origin.DescriptorSet == "-" {
		return errors.New("--descriptor-set and --diff can't both read stdin: give one of them a file")
	}
	return nil
}

// Run prints the matrix, or how it differs from an old one.
func (c *rulesCmd) Run(ctx context.Context, p *process) error {
	services, err := c.Origin.load(ctx, p)
	if err != nil {
		return err
	}
	rows := matrixOf(services)
	var changes []methodChange
	write := func(out io.Writer) error { return c.writeMatrix(out, rows) }
	if c.Diff != "" {
		old, err := readOld(p, c.Diff)
		if err != nil {
			return fmt.Errorf("--diff %s: %w", c.Diff, err)
		}
		changes = compareMatrices(old, rows)
		write = func(out io.Writer) error { return c.writeChanges(out, changes) }
	}
	var out bytes.Buffer
	if err := write(&out); err != nil {
		return err
	}
	if _, err := p.stdout.Write(out.Bytes()); err != nil {
		return err
	}
	return c.judge(p, rows, changes)
}

// readOld reads a matrix that --json wrote, or makes one from a descriptor
// set. No descriptor set begins with a brace, and every matrix does.
func readOld(p *process, path string) ([]methodRule, error) {
	data, err := readInput(p, path)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte("{")) {
		return parseMatrixJSON(data)
	}
	services, err := parseDescriptorSet(data)
	if errors.Is(err, errNoDescriptorSet) {
		return nil, errors.New("it is neither what grpcauth rules --json prints nor a descriptor set")
	}
	return matrixOf(services), err
}

func (c *rulesCmd) writeMatrix(out io.Writer, rows []methodRule) error {
	switch {
	case c.JSON:
		return writeMatrixJSON(out, rows)
	case c.Markdown:
		return writeMatrixMarkdown(out, rows)
	case c.HTML:
		return writeMatrixHTML(out, rows)
	}
	return writeMatrixText(out, rows)
}

func (c *rulesCmd) writeChanges(out io.Writer, changes []methodChange) error {
	switch {
	case c.JSON:
		return writeChangesJSON(out, changes)
	case c.Markdown:
		return writeChangesMarkdown(out, changes)
	case c.HTML:
		return writeChangesHTML(out, changes)
	}
	return writeChangesText(out, changes)
}

// judge tells on stderr what must be mended, line by line, and fails when
// there is anything.
func (c *rulesCmd) judge(p *process, rows []methodRule, changes []methodChange) error {
	var verdicts, lines []string
	if n := count(rows, (*methodRule).impossible); n > 0 {
		verdicts = append(verdicts, methods(n)+plural(n, " has a rule that can't be right", " have a rule that can't be right"))
		lines = append(lines, problemLines(rows)...)
	}
	if n := count(rows, (*methodRule).missing); n > 0 && c.FailOnMissing {
		verdicts = append(verdicts, methods(n)+plural(n, " has no rule", " have no rule"))
		lines = append(lines, missingLines(rows)...)
	}
	if n := countOpened(changes); n > 0 {
		verdicts = append(verdicts, methods(n)+plural(n, " was opened", " were opened"))
	}
	if verdicts == nil {
		return nil
	}
	for _, line := range lines {
		_, _ = fmt.Fprintln(p.stderr, line)
	}
	return errors.New(strings.Join(verdicts, ", "))
}

func methods(n int) string { return fmt.Sprintf("%d %s", n, plural(n, "method", "methods")) }

func problemLines(rows []methodRule) []string {
	var lines []string
	for i := range rows {
		for _, problem := range rows[i].Problems {
			lines = append(lines, fmt.Sprintf("%s (%s): %s", rows[i].Method, rows[i].Source, problem))
		}
	}
	return lines
}

// missingLines name each method that has no rule, and the line to add.
func missingLines(rows []methodRule) []string {
	var lines []string
	for i := range rows {
		if !rows[i].missing() {
			continue
		}
		_, method := rows[i].split()
		lines = append(lines,
			fmt.Sprintf("%s: no rule: add this inside rpc %s in %s, or a stricter one:", rows[i].Method, method, visible(rows[i].descriptor.ParentFile().Path())),
			"    option (grpcauth.v1.rule) = {};  // any caller with a valid access token")
	}
	return lines
}

func countOpened(changes []methodChange) int {
	n := 0
	for _, m := range changes {
		if len(m.Opened) > 0 {
			n++
		}
	}
	return n
}
