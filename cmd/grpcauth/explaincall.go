package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// call is what is known of a call besides its token.
type call struct {
	method      protoreflect.MethodDescriptor
	request     protoreflect.Message // nil when it is not known
	certificate *x509.Certificate    // nil for none
}

// full is the method as gRPC names it.
func (c call) full() string {
	return "/" + string(c.method.Parent().FullName()) + "/" + string(c.method.Name())
}

// splitMethod cuts "/package.Service/Method"; the first slash may be missing,
// as other tools have it.
func splitMethod(full string) (service, method string, err error) {
	service, method, ok := strings.Cut(strings.TrimPrefix(full, "/"), "/")
	if !ok || !protoreflect.FullName(service).IsValid() || !protoreflect.Name(method).IsValid() {
		return "", "", fmt.Errorf("--method %.200q: want /package.Service/Method", full)
	}
	return service, method, nil
}

// findMethod finds a method by its full name.
func findMethod(services []protoreflect.ServiceDescriptor, full, origin string) (protoreflect.MethodDescriptor, error) {
	service, name, err := splitMethod(full)
	if err != nil {
		return nil, err
	}
	var known []string
	for _, sd := range services {
		for i := range sd.Methods().Len() {
			md := sd.Methods().Get(i)
			if string(sd.FullName()) == service && string(md.Name()) == name {
				return md, nil
			}
			known = append(known, call{method: md}.full())
		}
	}
	return nil, fmt.Errorf("%s has no method %.200q%s", origin, "/"+service+"/"+name, nearest("/"+service+"/"+name, known))
}

// nearest names the methods that were meant, perhaps.
func nearest(full string, known []string) string {
	const most, longest = 3, 1000
	if len(full) > longest { // nobody typed that
		known = nil
	}
	last := func(method string) string { return strings.ToLower(method[strings.LastIndexByte(method, '/'):]) }
	far := func(method string) int {
		if last(method) == last(full) { // of another service
			return 0
		}
		return distance(strings.ToLower(full), strings.ToLower(method))
	}
	near := map[string]int{}
	closest := len(full) / 4
	for _, method := range known {
		near[method] = far(method)
		closest = min(closest, near[method])
	}
	names := slices.DeleteFunc(slices.Clone(known), func(method string) bool { return near[method] > min(closest+2, len(full)/4) })
	if len(names) == 0 {
		return ": grpcauth rules lists those that it has"
	}
	slices.SortFunc(names, func(a, b string) int { return near[a] - near[b] })
	return ": did you mean " + strings.Join(names[:min(most, len(names))], " or ") + "?"
}

// parseRequest reads a request from JSON, or from a file when its name is
// given with an @. It is nil when there is none.
func parseRequest(text string, input protoreflect.MessageDescriptor) (protoreflect.Message, error) {
	if text == "" {
		return nil, nil
	}
	if path, ok := strings.CutPrefix(text, "@"); ok {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, cause(err))
		}
		text = string(data)
	}
	types, err := typesOf(input.ParentFile())
	if err != nil {
		return nil, err
	}
	message := dynamicpb.NewMessage(input)
	if err := (protojson.UnmarshalOptions{Resolver: types}).Unmarshal([]byte(text), message); err != nil {
		why := strings.ReplaceAll(err.Error(), "\u00a0", " ") // protojson varies its spaces
		return nil, fmt.Errorf("it is no JSON of %s: %s", input.FullName(), strings.TrimPrefix(why, "proto: "))
	}
	return message, nil
}

// typesOf are the messages that an Any of the request can hold.
func typesOf(file protoreflect.FileDescriptor) (*dynamicpb.Types, error) {
	var files protoregistry.Files
	for _, fd := range withImports(file) {
		if err := files.RegisterFile(fd); err != nil {
			return nil, err
		}
	}
	return dynamicpb.NewTypes(&files), nil
}

// readCertificate reads the first certificate of a PEM file, or nil when no
// file is named.
func readCertificate(path string) (*x509.Certificate, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			return certificate, nil
		}
	}
	return nil, errors.New(path + " holds no certificate in PEM")
}
