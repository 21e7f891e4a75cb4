package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// matrixVersion is raised when a reader of before would take a matrix wrongly.
const matrixVersion = 1

// matrixJSON is how a matrix is written for programs, and for --diff.
type matrixJSON struct {
	Version int       `json:"grpcauth_rules"`
	Methods []rowJSON `json:"methods"`
}

type rowJSON struct {
	Method   string         `json:"method"`
	Shape    string         `json:"shape"`
	Source   ruleSource     `json:"source"`
	Who      string         `json:"who"`
	Rule     jsontext.Value `json:"rule,omitzero"`
	Problems []string       `json:"problems,omitzero"`
}

// writeMatrixJSON writes rules as protobuf's JSON has them, with the names of
// the .proto.
func writeMatrixJSON(out io.Writer, rows []methodRule) error {
	matrix := matrixJSON{Version: matrixVersion, Methods: []rowJSON{}}
	for i := range rows {
		r := &rows[i]
		row := rowJSON{Method: r.Method, Shape: r.Shape, Source: r.Source, Who: r.whoText(), Problems: r.Problems}
		if r.Rule != nil {
			text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(r.Rule)
			if err != nil && !r.impossible() {
				return fmt.Errorf("%s: %w", r.Method, err)
			}
			row.Rule = text // nil for one that has no JSON, which its problems tell
		}
		matrix.Methods = append(matrix.Methods, row)
	}
	return writeJSON(out, matrix)
}

func writeJSON(out io.Writer, value any) error {
	if err := json.MarshalWrite(out, value, jsontext.WithIndent("  ")); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

// parseMatrixJSON reads what writeMatrixJSON wrote.
func parseMatrixJSON(data []byte) ([]methodRule, error) {
	var matrix matrixJSON
	err := json.Unmarshal(data, &matrix, json.RejectUnknownMembers(true))
	switch {
	case err != nil:
		return nil, fmt.Errorf("it is no matrix that this version of grpcauth rules --json writes: %s", jsonProblem(err))
	case matrix.Version != matrixVersion:
		return nil, fmt.Errorf("it is no matrix that this version of grpcauth rules --json writes: grpcauth_rules is %d, not %d", matrix.Version, matrixVersion)
	}
	rows := make([]methodRule, len(matrix.Methods))
	seen := map[string]bool{}
	for i, row := range matrix.Methods {
		if rows[i], err = row.parse(); err != nil {
			return nil, fmt.Errorf("methods[%d]: %w", i, err)
		}
		if seen[row.Method] {
			return nil, fmt.Errorf("methods[%d]: %s is there twice: keep one", i, row.Method)
		}
		seen[row.Method] = true
	}
	return rows, nil
}

// jsonProblem leaves out of an error what only its programmer understands.
func jsonProblem(err error) string {
	wrong, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return plain(err)
	}
	text := fmt.Sprintf("unexpected %s", wrong.JSONKind)
	if wrong.Err != nil {
		text = plain(wrong.Err)
	}
	if wrong.JSONPointer != "" {
		text += " at " + string(wrong.JSONPointer)
	}
	return text
}

func (r rowJSON) parse() (methodRule, error) {
	row := methodRule{Method: r.Method, Shape: r.Shape, Source: r.Source}
	service, method := row.split()
	if !protoreflect.FullName(service).IsValid() || !protoreflect.Name(method).IsValid() || r.Method != "/"+service+"/"+method {
		return methodRule{}, fmt.Errorf("%q is no method: want /package.Service/Method", r.Method)
	}
	if !slices.Contains([]string{"unary", "server stream", "client stream", "bidi stream"}, r.Shape) {
		return methodRule{}, fmt.Errorf("shape %q is not one that this version of grpcauth knows", r.Shape)
	}
	if !slices.Contains([]ruleSource{fromMethod, fromService, fromNowhere, infrastructure}, r.Source) {
		return methodRule{}, fmt.Errorf("source %q is not one that this version of grpcauth knows", r.Source)
	}
	for _, problem := range r.Problems {
		row.Problems = append(row.Problems, visible(problem))
	}
	if r.Rule != nil {
		rule := &grpcauthv1.Rule{}
		if err := protojson.Unmarshal(r.Rule, rule); err != nil {
			row.Problems = append(row.Problems, visible("this version of grpcauth can't read it: "+plain(err)+": upgrade grpcauth"))
		} else {
			row.Rule = rule
		}
	}
	return row, row.contradiction()
}

// contradiction finds a row whose source says one thing and its rule another.
func (r *methodRule) contradiction() error {
	written := r.Source == fromMethod || r.Source == fromService
	switch {
	case written && r.Rule == nil && !r.impossible():
		return errors.New("it has a source and neither a rule nor a problem")
	case !written && r.Rule != nil:
		return fmt.Errorf("it has a rule, but its source is %q", r.Source)
	}
	return nil
}

// plain is the text of an error of protobuf, which varies its white space on
// purpose.
func plain(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// split gives the service and the name of the method.
func (r *methodRule) split() (service, method string) {
	service, method, _ = strings.Cut(strings.TrimPrefix(r.Method, "/"), "/")
	return service, method
}
