package main

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// symbols are the names that stand for something in a file or in what it
// imports, whether a package, a type or a method.
type symbols map[protoreflect.FullName]bool

func symbolsOf(fd protoreflect.FileDescriptor) symbols {
	s := symbols{}
	for _, file := range withImports(fd) {
		s.addFile(file)
	}
	return s
}

// withImports is a file and all that it imports, each once.
func withImports(fd protoreflect.FileDescriptor) []protoreflect.FileDescriptor {
	var all []protoreflect.FileDescriptor
	seen := map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(fd protoreflect.FileDescriptor) {
		if fd.IsPlaceholder() || seen[fd.Path()] {
			return
		}
		seen[fd.Path()] = true
		all = append(all, fd)
		for i := range fd.Imports().Len() {
			add(fd.Imports().Get(i).FileDescriptor)
		}
	}
	add(fd)
	return all
}

// addFile adds what stands at the top of a file, and the methods of its
// services: a name that is looked up from a method passes no other ones.
func (s symbols) addFile(fd protoreflect.FileDescriptor) {
	for name := fd.Package(); name != ""; name = name.Parent() {
		s[name] = true
	}
	for i := range fd.Messages().Len() {
		s[fd.Messages().Get(i).FullName()] = true
	}
	for i := range fd.Extensions().Len() {
		s[fd.Extensions().Get(i).FullName()] = true
	}
	for i := range fd.Enums().Len() {
		enum := fd.Enums().Get(i)
		s[enum.FullName()] = true
		for j := range enum.Values().Len() {
			s[enum.Values().Get(j).FullName()] = true // beside its enum, not in it
		}
	}
	for i := range fd.Services().Len() {
		sd := fd.Services().Get(i)
		s[sd.FullName()] = true
		for j := range sd.Methods().Len() {
			s[sd.Methods().Get(j).FullName()] = true
		}
	}
}

// refer writes the name of a message as a method of sd refers to it: as short
// as people write it where that leads there, with a leading dot where
// something nearer has the name (protoc takes the first part that it finds,
// from the inside out).
func (s symbols) refer(sd protoreflect.ServiceDescriptor, message protoreflect.MessageDescriptor) string {
	full, name := string(message.FullName()), string(message.FullName())
	if pkg := sd.ParentFile().Package(); pkg != "" && pkg == message.ParentFile().Package() {
		name = strings.TrimPrefix(full, string(pkg)+".")
	}
	first, _, _ := strings.Cut(name, ".")
	for scope := sd.FullName(); ; scope = scope.Parent() {
		if s[scope.Append(protoreflect.Name(first))] {
			if within(scope, name) == full {
				return name
			}
			return "." + full
		}
		if scope == "" {
			return "." + full
		}
	}
}

func within(scope protoreflect.FullName, name string) string {
	if scope == "" {
		return name
	}
	return string(scope) + "." + name
}
