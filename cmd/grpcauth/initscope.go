package main

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// scopeNames is what scopes begin with, by the service that they are for.
type scopeNames map[protoreflect.FullName]string

// nameScopes names the scopes of services. Two services share a name only when
// they are versions of one, or when one is for administrators, whose scopes end
// otherwise: the scope of a service must not open another.
func nameScopes(services []protoreflect.ServiceDescriptor) scopeNames {
	names := scopeNames{}
	for _, spell := range []func(protoreflect.ServiceDescriptor) string{shortName, longName, fullName} {
		owners := map[string]map[string]bool{} // the services of a name, without their versions
		for _, sd := range services {
			name := scopeRange(spell(sd), sd)
			if owners[name] == nil {
				owners[name] = map[string]bool{}
			}
			owners[name][fullName(sd)] = true
		}
		for _, sd := range services {
			if name := spell(sd); names[sd.FullName()] == "" && len(owners[scopeRange(name, sd)]) == 1 {
				names[sd.FullName()] = name
			}
		}
	}
	return names
}

// scopeRange tells apart what ends in .admin alone.
func scopeRange(name string, sd protoreflect.ServiceDescriptor) string {
	if isAdmin(nameWords(string(sd.Name()))) {
		return name + ".admin"
	}
	return name
}

// shortName is the service's own name, or its package's where that says
// nothing: NotesService is "notes", and so is notes.v1.Service.
func shortName(sd protoreflect.ServiceDescriptor) string {
	if own := ownWords(sd); len(own) > 0 {
		return strings.Join(own, "_")
	}
	if pkg := packageWords(sd); len(pkg) > 0 {
		return pkg[len(pkg)-1]
	}
	return strings.ToLower(string(sd.Name()))
}

// longName has the last part of the package before it: "billing.users".
func longName(sd protoreflect.ServiceDescriptor) string {
	pkg := packageWords(sd)
	if short := shortName(sd); len(pkg) > 0 && pkg[len(pkg)-1] != short {
		return pkg[len(pkg)-1] + "." + short
	}
	return shortName(sd)
}

// fullName has the whole package before it, without its version.
func fullName(sd protoreflect.ServiceDescriptor) string {
	return strings.Join(append(packageWords(sd), strings.ToLower(string(sd.Name()))), ".")
}

// ownWords are the words of a service's name that tell it from others.
func ownWords(sd protoreflect.ServiceDescriptor) []string {
	return slices.DeleteFunc(nameWords(string(sd.Name())), func(word string) bool {
		return word == "service" || word == "api" || word == "admin" || word == "administration" || isVersion(word)
	})
}

// packageWords are the parts of a service's package without its version.
func packageWords(sd protoreflect.ServiceDescriptor) []string {
	pkg := strings.ToLower(string(sd.ParentFile().Package()))
	return slices.DeleteFunc(strings.Split(pkg, "."), func(part string) bool { return part == "" || isVersion(part) })
}

// isVersion takes v1, v2beta1 and the like.
func isVersion(part string) bool {
	rest, ok := strings.CutPrefix(part, "v")
	return ok && rest != "" && '0' <= rest[0] && rest[0] <= '9'
}
