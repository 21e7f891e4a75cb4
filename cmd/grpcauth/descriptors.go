package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// origin is the flags that say where services are described: in a file, or by
// a server that runs.
type origin struct {
	DescriptorSet string `group:"Services (one of --descriptor-set and --reflect):" xor:"origin" required:"" placeholder:"FILE" help:"Read a descriptor set, as buf build -o FILE or protoc --include_imports -o FILE writes it. - is stdin."`
	Reflect       string `group:"Services (one of --descriptor-set and --reflect):" xor:"origin" required:"" placeholder:"ADDR" help:"Ask the server that runs at this host:port, by gRPC reflection."`
	Plaintext     bool   `group:"Services (one of --descriptor-set and --reflect):" xor:"tls" help:"Talk to the server without TLS."`
	CAFile        string `group:"Services (one of --descriptor-set and --reflect):" xor:"tls" name:"ca-file" placeholder:"FILE" help:"Trust the certificates in this PEM file, and no others, to vouch for the server."`
}

// Validate is called by kong when the command line has been read.
func (o *origin) Validate() error {
	if o.Reflect == "" && (o.Plaintext || o.CAFile != "") {
		return errors.New("--plaintext and --ca-file belong to --reflect ADDR: leave them out")
	}
	return nil
}

// name is what an error calls the origin.
func (o *origin) name() string {
	if o.Reflect != "" {
		return "--reflect " + o.Reflect
	}
	return "--descriptor-set " + o.DescriptorSet
}

// load gives every service that is described there, sorted by name. Their
// options hold rules as bytes: policy.Find reads them.
func (o *origin) load(ctx context.Context, p *process) ([]protoreflect.ServiceDescriptor, error) {
	services, err := o.read(ctx, p)
	if err == nil && len(services) == 0 {
		err = errors.New("it describes no service: give the files in which services are written")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.name(), err)
	}
	return services, nil
}

func (o *origin) read(ctx context.Context, p *process) ([]protoreflect.ServiceDescriptor, error) {
	if o.Reflect != "" {
		return o.ask(ctx)
	}
	data, err := readInput(p, o.DescriptorSet)
	if err != nil {
		return nil, err
	}
	return parseDescriptorSet(data)
}

// readInput reads a file, or stdin for "-".
func readInput(p *process, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(p.stdin)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, cause(err)
	}
	return data, nil
}

var errNoDescriptorSet = errors.New("it is no descriptor set, or was cut off: write it with buf build -o FILE, or protoc --include_imports -o FILE")

// parseDescriptorSet gives the services of a serialized FileDescriptorSet (a
// buf image is one), sorted by name.
func parseDescriptorSet(data []byte) ([]protoreflect.ServiceDescriptor, error) {
	var set descriptorpb.FileDescriptorSet
	if err := unmarshalBare(data, &set); err != nil || len(set.GetFile()) == 0 {
		return nil, errNoDescriptorSet
	}
	files, err := link(&set)
	if err != nil {
		return nil, err
	}
	var services []protoreflect.ServiceDescriptor
	files.RangeFiles(func(fd protoreflect.FileDescriptor) bool {
		for i := range fd.Services().Len() {
			services = append(services, fd.Services().Get(i))
		}
		return true
	})
	return sortServices(services), nil
}

// unmarshalBare leaves extensions as bytes. A rule that can't be read must be
// told of beside its method, and not keep everything else from being read.
func unmarshalBare(data []byte, m proto.Message) error {
	return proto.UnmarshalOptions{Resolver: new(protoregistry.Types)}.Unmarshal(data, m)
}

// link resolves what the files import from one another.
func link(set *descriptorpb.FileDescriptorSet) (*protoregistry.Files, error) {
	present := map[string]bool{}
	for _, file := range set.GetFile() {
		present[file.GetName()] = true
	}
	for _, file := range set.GetFile() {
		for _, imported := range file.GetDependency() {
			if !present[imported] {
				return nil, fmt.Errorf("%s imports %s, which is missing: include imports (protoc --include_imports, buf build without --exclude-imports)", file.GetName(), imported)
			}
		}
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("the descriptors do not fit together: %s", plain(err))
	}
	return files, nil
}

func sortServices(services []protoreflect.ServiceDescriptor) []protoreflect.ServiceDescriptor {
	slices.SortFunc(services, func(a, b protoreflect.ServiceDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	return services
}
