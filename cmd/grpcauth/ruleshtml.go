package main

import (
	_ "embed" // the page
	"html/template"
	"io"
)

//go:embed rules.html
var rulesPage string

// page is what both pages show. html/template escapes all of it.
type page struct {
	Title, Summary string
	Services       []pageService
	Parts          []changesPart
}

type pageService struct {
	Name string
	Rows []pageRow
}

type pageRow struct {
	Name, Shape, Class string
	Source             ruleSource
	Who                []sentence
	Problems           []string
}

// writeMatrixHTML writes one page that asks for no other resource.
func writeMatrixHTML(out io.Writer, rows []methodRule) error {
	p := page{Title: "Who may call what", Summary: summary(rows)}
	for _, group := range byService(rows) {
		service, _ := group[0].split()
		s := pageService{Name: service}
		for i := range group {
			r := &group[i]
			_, method := r.split()
			s.Rows = append(s.Rows, pageRow{Name: method, Shape: r.Shape, Class: classOf(r), Source: r.Source, Who: r.who(), Problems: r.Problems})
		}
		p.Services = append(p.Services, s)
	}
	return p.write(out)
}

// classOf is what a row is coloured by. Its words say the same.
func classOf(r *methodRule) string {
	switch {
	case r.impossible():
		return "impossible"
	case r.missing():
		return "missing"
	case r.Rule.GetPublic() || r.Source == infrastructure:
		return "public"
	case r.Rule.GetOptional():
		return "optional"
	}
	return "guarded"
}

// writeChangesHTML writes what was opened in red and what was closed in green.
func writeChangesHTML(out io.Writer, changes []methodChange) error {
	return page{Title: "Who may call what: changes", Summary: balance(changes), Parts: partsOf(changes)}.write(out)
}

func (p page) write(out io.Writer) error {
	tmpl, err := template.New("page").Parse(rulesPage)
	if err != nil {
		return err
	}
	return tmpl.Execute(out, p)
}
