package main

import (
	"fmt"
	"io"
	"strings"
)

// writeMatrixMarkdown writes a table for each service.
func writeMatrixMarkdown(out io.Writer, rows []methodRule) error {
	var text strings.Builder
	text.WriteString("# Who may call what\n\nWritten by `grpcauth rules --markdown`: " + summary(rows) + ".\n")
	for _, group := range byService(rows) {
		service, _ := group[0].split()
		fmt.Fprintf(&text, "\n## %s\n\n| Method | Shape | Who may call | Rule from |\n|---|---|---|---|\n", service)
		for i := range group {
			_, method := group[i].split()
			fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", code(method), group[i].Shape, whoMarkdown(&group[i]), group[i].Source)
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func whoMarkdown(r *methodRule) string {
	lines := []string{sentencesMarkdown(r.who())}
	for _, problem := range r.Problems {
		lines = append(lines, "**Problem:** "+code(problem))
	}
	return strings.Join(lines, "<br>")
}

func sentencesMarkdown(sentences []sentence) string {
	texts := make([]string, len(sentences))
	for i, s := range sentences {
		texts[i] = s.markdown()
	}
	return strings.Join(texts, "; ")
}

// markdown shows names as code. The words are ours and need no escaping.
func (s sentence) markdown() string {
	var text strings.Builder
	for _, piece := range s {
		if piece.Name {
			text.WriteString(code(piece.Text))
		} else {
			text.WriteString(piece.Text)
		}
	}
	return text.String()
}

// code is a code span that any text of one line fits into, in a table too:
// its fence is longer than any run of backticks in the text.
func code(text string) string {
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + strings.ReplaceAll(text, "|", `\|`) + fence
}

// writeChangesMarkdown writes what was opened, then what was closed.
func writeChangesMarkdown(out io.Writer, changes []methodChange) error {
	var text strings.Builder
	text.WriteString("# Who may call what: changes\n\nWritten by `grpcauth rules --diff --markdown`: " + balance(changes) + ".\n")
	for _, part := range partsOf(changes) {
		text.WriteString("\n## " + part.Title + "\n\n")
		for _, m := range part.Methods {
			text.WriteString("- " + code(m.Method) + "\n")
			for _, c := range m.Changes {
				text.WriteString("  - **" + strings.ToLower(part.Title) + "** " + c.labelMarkdown() + c.Text.markdown() + "\n")
			}
			text.WriteString("  - was: " + sentencesMarkdown(m.Was) + "\n  - now: " + sentencesMarkdown(m.Now) + "\n")
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func (c change) labelMarkdown() string {
	if c.Field == "" {
		return ""
	}
	return code(c.Field) + ": "
}
