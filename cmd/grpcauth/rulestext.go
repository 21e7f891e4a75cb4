package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// writeMatrixText writes a table for a terminal.
func writeMatrixText(out io.Writer, rows []methodRule) error {
	width := len("METHOD")
	for i := range rows {
		_, method := rows[i].split()
		width = max(width, 2+utf8.RuneCountInString(method))
	}
	var text strings.Builder
	line := func(method, shape, source, who string) {
		fmt.Fprintf(&text, "%-*s  %-13s  %-14s  %s\n", width, method, shape, source, who)
	}
	line("METHOD", "SHAPE", "RULE FROM", "WHO MAY CALL")
	for _, group := range byService(rows) {
		service, _ := group[0].split()
		text.WriteString(service + "\n")
		for i := range group {
			_, method := group[i].split()
			line("  "+method, group[i].Shape, string(group[i].Source), group[i].whoText())
			for _, problem := range group[i].Problems {
				text.WriteString("    ! " + problem + "\n")
			}
		}
	}
	text.WriteString("\n" + summary(rows) + "\n")
	_, err := io.WriteString(out, text.String())
	return err
}

// summary counts what a reader looks for first.
func summary(rows []methodRule) string {
	counts := []string{methods(len(rows))}
	for _, kind := range []struct {
		is   func(*methodRule) bool
		name string
	}{
		{func(r *methodRule) bool { return r.enforced().GetPublic() }, "public"},
		{func(r *methodRule) bool { return r.enforced().GetOptional() }, "optional"},
		{(*methodRule).missing, "without a rule"},
		{(*methodRule).impossible, "with a rule that can't be right"},
	} {
		if n := count(rows, kind.is); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, kind.name))
		}
	}
	return strings.Join(counts, ", ")
}

// visible keeps text on its line, and a terminal as it is.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return unicode.ReplacementChar
	}, text)
}

// writeChangesText writes what was opened, then what was closed.
func writeChangesText(out io.Writer, changes []methodChange) error {
	var text strings.Builder
	for _, part := range partsOf(changes) {
		text.WriteString(part.Title + ":\n")
		for _, m := range part.Methods {
			text.WriteString("  " + m.Method + "\n")
			for _, c := range m.Changes {
				text.WriteString("    " + c.label() + c.Text.String() + "\n")
			}
			text.WriteString("      was: " + join(m.Was) + "\n      now: " + join(m.Now) + "\n")
		}
		text.WriteString("\n")
	}
	text.WriteString(balance(changes) + "\n")
	_, err := io.WriteString(out, text.String())
	return err
}

// label is the field and a colon, where there is one.
func (c change) label() string {
	if c.Field == "" {
		return ""
	}
	return c.Field + ": "
}

// changesPart is what was opened, or what was closed.
type changesPart struct {
	Title   string
	Class   string // in HTML
	Methods []changedMethod
}

type changedMethod struct {
	methodChange

	Changes []change
}

// partsOf leaves out a part that is empty.
func partsOf(changes []methodChange) []changesPart {
	opened := changesPart{Title: "Opened", Class: "opened"}
	closed := changesPart{Title: "Closed", Class: "closed"}
	for _, m := range changes {
		if len(m.Opened) > 0 {
			opened.Methods = append(opened.Methods, changedMethod{m, m.Opened})
		}
		if len(m.Closed) > 0 {
			closed.Methods = append(closed.Methods, changedMethod{m, m.Closed})
		}
	}
	var parts []changesPart
	for _, part := range []changesPart{opened, closed} {
		if len(part.Methods) > 0 {
			parts = append(parts, part)
		}
	}
	return parts
}

// balance is a line that says it all in numbers.
func balance(changes []methodChange) string {
	opened, closed := 0, 0
	for _, m := range changes {
		opened += len(m.Opened)
		closed += len(m.Closed)
	}
	if opened+closed == 0 {
		return "nothing was opened, nothing was closed"
	}
	return fmt.Sprintf("%d opened, %d closed, in %s", opened, closed, methods(len(changes)))
}
