package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

const ruleFile = "grpcauth/v1/rule.proto"

// proposal is the rule that is proposed for a method.
type proposal struct {
	guess
	method protoreflect.MethodDescriptor
}

func (p proposal) service() protoreflect.ServiceDescriptor {
	return p.method.Parent().(protoreflect.ServiceDescriptor) //nolint:forcetypeassert // methods have no other parent
}

// full is the method as gRPC names it.
func (p proposal) full() string {
	return "/" + string(p.method.Parent().FullName()) + "/" + string(p.method.Name())
}

// option is the line to write into the braces of the method.
func (p proposal) option() string {
	return "option (grpcauth.v1.rule) = " + ruleLiteral(p.rule) + ";"
}

// ruleLiteral is a guessed rule as an option has it.
func ruleLiteral(rule *grpcauthv1.Rule) string {
	switch {
	case rule.GetPublic():
		return "{public: true}"
	case len(rule.GetScopes()) > 0:
		return "{scopes: " + strconv.Quote(rule.GetScopes()[0]) + "}"
	}
	return "{}"
}

// ruleCall is the rule as an argument of interceptor.WithRule.
func ruleCall(rule *grpcauthv1.Rule) string {
	switch {
	case rule.GetPublic():
		return "interceptor.Public()"
	case len(rule.GetScopes()) > 0:
		return "interceptor.Scopes(" + strconv.Quote(rule.GetScopes()[0]) + ")"
	}
	return "interceptor.Authenticated()"
}

// rpc is the method with its rule, in the place of the one that is there.
func (p proposal) rpc(names symbols) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  rpc %s(%s%s) returns (%s%s) {\n", p.method.Name(),
		stream(p.method.IsStreamingClient()), names.refer(p.service(), p.method.Input()),
		stream(p.method.IsStreamingServer()), names.refer(p.service(), p.method.Output()))
	if others := otherOptions(p.method); len(others) > 0 {
		fmt.Fprintf(&b, "    // Keep the options that it has: %s.\n", strings.Join(others, ", "))
	}
	fmt.Fprintf(&b, "    %s\n  }\n", p.option())
	return b.String()
}

func stream(yes bool) string {
	if yes {
		return "stream "
	}
	return ""
}

// otherOptions names the options that a method has already.
func otherOptions(md protoreflect.MethodDescriptor) []string {
	var names []string
	options := md.Options().ProtoReflect()
	options.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if field.IsExtension() {
			names = append(names, "("+string(field.FullName())+")")
		} else {
			names = append(names, string(field.Name()))
		}
		return true
	})
	for unknown := options.GetUnknown(); len(unknown) > 0; {
		number, _, size := protowire.ConsumeField(unknown)
		if size < 0 {
			break
		}
		names, unknown = append(names, extensionName(md, number)), unknown[size:]
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// extensionName finds the name of an option that was left as bytes.
func extensionName(md protoreflect.MethodDescriptor, number protowire.Number) string {
	for _, file := range withImports(md.ParentFile()) {
		for i := range file.Extensions().Len() {
			if xt := file.Extensions().Get(i); xt.Number() == number && xt.ContainingMessage().FullName() == md.Options().ProtoReflect().Descriptor().FullName() {
				return "(" + string(xt.FullName()) + ")"
			}
		}
	}
	return fmt.Sprintf("number %d", number)
}

// isForeign takes files of the packages that everybody imports and nobody
// edits.
func isForeign(fd protoreflect.FileDescriptor) bool {
	return strings.HasPrefix(fd.Path(), "google/") || strings.HasPrefix(fd.Path(), "grpc/")
}

// printProposals writes the .proto text, by file and service.
func printProposals(w io.Writer, all []proposal) error {
	var b strings.Builder
	for len(all) > 0 {
		file := all[0].method.ParentFile()
		end := slices.IndexFunc(all, func(p proposal) bool { return p.method.ParentFile().Path() != file.Path() })
		if end < 0 {
			end = len(all)
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		if isForeign(file) {
			printForeign(&b, file, all[:end])
		} else {
			printFile(&b, file, all[:end])
		}
		all = all[end:]
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printFile(b *strings.Builder, file protoreflect.FileDescriptor, all []proposal) {
	fmt.Fprintf(b, "// %s: %s without a rule. Put each rpc in the place of the one that is there.\n", visible(file.Path()), counted(len(all), "method"))
	if !imports(file, ruleFile) {
		fmt.Fprintf(b, "\n// Beside the other imports:\nimport %q;\n", ruleFile)
	}
	names, last := symbolsOf(file), protoreflect.FullName("")
	for _, p := range all {
		if service := p.service(); service.FullName() != last {
			last = service.FullName()
			fmt.Fprintf(b, "\n// In service %s:\n", service.Name())
		}
		b.WriteString("\n" + p.rpc(names))
	}
}

// printForeign writes what goes into the program instead: the file is not the
// reader's.
func printForeign(b *strings.Builder, file protoreflect.FileDescriptor, all []proposal) {
	fmt.Fprintf(b, "// %s is not yours to edit: give interceptor.New these options.\n//\n", visible(file.Path()))
	for _, p := range all {
		fmt.Fprintf(b, "//\tinterceptor.WithRule(%q, %s),\n", p.full(), ruleCall(p.rule))
	}
}

func imports(fd protoreflect.FileDescriptor, path string) bool {
	for i := range fd.Imports().Len() {
		if fd.Imports().Get(i).Path() == path {
			return true
		}
	}
	return false
}

// counted is "1 method" or "2 methods".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
