package main

import "io"

// changesJSON is how a comparison is written for programs.
type changesJSON struct {
	Version int                `json:"grpcauth_rules_diff"`
	Methods []methodChangeJSON `json:"methods"`
}

type methodChangeJSON struct {
	Method string       `json:"method"`
	Was    string       `json:"was"`
	Now    string       `json:"now"`
	Opened []changeJSON `json:"opened"`
	Closed []changeJSON `json:"closed"`
}

type changeJSON struct {
	Field string `json:"field,omitzero"` // none: the method as a whole
	Text  string `json:"text"`
}

func writeChangesJSON(out io.Writer, changes []methodChange) error {
	doc := changesJSON{Version: matrixVersion, Methods: []methodChangeJSON{}}
	for _, m := range changes {
		doc.Methods = append(doc.Methods, methodChangeJSON{
			Method: m.Method, Was: join(m.Was), Now: join(m.Now),
			Opened: changesAsJSON(m.Opened), Closed: changesAsJSON(m.Closed),
		})
	}
	return writeJSON(out, doc)
}

func changesAsJSON(changes []change) []changeJSON {
	all := []changeJSON{}
	for _, c := range changes {
		all = append(all, changeJSON{Field: c.Field, Text: c.Text.String()})
	}
	return all
}
