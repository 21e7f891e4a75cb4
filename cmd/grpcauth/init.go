package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/go-json-experiment/json/jsontext"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/grpcauth/grpcauth/internal/policy"
)

// initCmd proposes a rule for each method that has none.
type initCmd struct {
	JSON bool `name:"json" help:"Print the proposals as JSON."`

	Origin origin `embed:""`
}

// Help is shown below the summary of the command.
func (*initCmd) Help() string {
	return `Prints text to paste into your .proto files: the import, and for each method without a rule its rpc with one. Methods that have a rule, or take their service's, are left out. What was guessed goes to stderr, with why, the most doubtful first: read it before you paste.

The names decide. Logging in, refreshing and health checks are public; logging out and what is about the caller need a token and nothing more. Get, List, Watch and their like want the scope NAME.read, services and methods named after administrators NAME.admin, and all the rest NAME.write, where NAME is the service's ("notes" for NotesService). A method with the option idempotency_level = NO_SIDE_EFFECTS reads, whatever its name. Once pasted, grpcauth rules --fail-on-missing finds no gap in your files.

Files below google/ and grpc/ are not yours to edit: rules for their services are printed as options of interceptor.New. Health checking and reflection of grpc itself are not listed: interceptor.WithPublicInfrastructure() opens them.`
}

// Run prints the proposals to stdout and the reasons to stderr.
func (c *initCmd) Run(ctx context.Context, p *process) error {
	services, err := c.Origin.load(ctx, p)
	if err != nil {
		return err
	}
	found := propose(services)
	if c.JSON {
		return found.printJSON(p.stdout)
	}
	if err := printProposals(p.stdout, found.proposals); err != nil {
		return err
	}
	return found.printGuesses(p.stderr)
}

// proposals are what was found out about all methods.
type proposals struct {
	proposals      []proposal // by file, service, and place in it
	covered        int        // methods that have a rule
	unreadable     []error    // of methods whose options can't be read
	infrastructure []string   // services that carry no rules
}

func propose(services []protoreflect.ServiceDescriptor) proposals {
	var found proposals
	names := nameScopes(services)
	for _, sd := range services {
		if policy.Infrastructure(string(sd.FullName())) {
			found.infrastructure = append(found.infrastructure, string(sd.FullName()))
			continue
		}
		for i := range sd.Methods().Len() {
			found.add(sd.Methods().Get(i), names[sd.FullName()])
		}
	}
	slices.SortStableFunc(found.proposals, func(a, b proposal) int {
		return cmp.Or(
			strings.Compare(a.method.ParentFile().Path(), b.method.ParentFile().Path()),
			cmp.Compare(a.service().Index(), b.service().Index()))
	})
	return found
}

func (f *proposals) add(md protoreflect.MethodDescriptor, base string) {
	rule, _, err := policy.Find(md)
	switch {
	case err != nil:
		f.unreadable = append(f.unreadable, err)
	case rule != nil:
		f.covered++
	default:
		f.proposals = append(f.proposals, proposal{guessRule(md, base), md})
	}
}

// doubtful is the proposals, the most doubtful first.
func (f *proposals) doubtful() []proposal {
	sorted := slices.Clone(f.proposals)
	slices.SortStableFunc(sorted, func(a, b proposal) int { return cmp.Compare(b.doubt, a.doubt) })
	return sorted
}

// printGuesses lists for a reviewer what was guessed and why.
func (f *proposals) printGuesses(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	has := "have one and are"
	if f.covered == 1 {
		has = "has one and is"
	}
	_, _ = fmt.Fprintf(table, "%s without a rule; %d %s left out.\n", counted(len(f.proposals), "method"), f.covered, has)
	for _, err := range f.unreadable {
		_, _ = fmt.Fprintf(table, "Left out, too: %s\n", visible(oneLine(err)))
	}
	for _, service := range f.infrastructure {
		_, _ = fmt.Fprintf(table, "%s carries no rules: give interceptor.New the option interceptor.WithPublicInfrastructure(), unless it has it.\n", service)
	}
	heading := doubt(-1)
	for _, p := range f.doubtful() {
		if p.doubt != heading {
			heading = p.doubt
			_, _ = fmt.Fprintf(table, "\n%s\n", heading.heading())
		}
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\n", p.full(), ruleLiteral(p.rule), p.why)
	}
	return table.Flush()
}

// printJSON writes the same for programs.
func (f *proposals) printJSON(w io.Writer) error {
	out := initJSON{Covered: f.covered, Infrastructure: f.infrastructure}
	for _, p := range f.doubtful() {
		file := p.method.ParentFile()
		rule, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(p.rule)
		if err != nil {
			return err
		}
		out.Proposals = append(out.Proposals, proposalJSON{
			Method: p.full(), File: file.Path(), Rule: rule, Option: p.option(), RPC: p.rpc(symbolsOf(file)),
			Why: p.why, Doubt: p.doubt.String(), ImportMissing: !imports(file, ruleFile), Editable: !isForeign(file),
		})
	}
	for _, err := range f.unreadable {
		out.Unreadable = append(out.Unreadable, oneLine(err))
	}
	return writeJSON(w, out)
}

// initJSON is what --json prints, the most doubtful proposals first.
type initJSON struct {
	Proposals      []proposalJSON `json:"proposals"`
	Covered        int            `json:"covered"`        // methods that have a rule
	Unreadable     []string       `json:"unreadable"`     // why rules can't be read
	Infrastructure []string       `json:"infrastructure"` // services for WithPublicInfrastructure
}

type proposalJSON struct {
	Method        string         `json:"method"`
	File          string         `json:"file"`
	Rule          jsontext.Value `json:"rule"`
	Option        string         `json:"option"`
	RPC           string         `json:"rpc"`
	Why           string         `json:"why"`
	Doubt         string         `json:"doubt"`
	ImportMissing bool           `json:"import_missing"` // of rule.proto, in the file
	Editable      bool           `json:"editable"`       // false below google/ and grpc/
}
