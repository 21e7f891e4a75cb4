package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/grpcauth/grpcauth/proto"
)

type protoCmd struct {
	Export exportCmd `cmd:"" help:"Write the .proto files into a folder."`
}

// exportCmd writes the tree of proto.FS.
type exportCmd struct {
	Dir   string `arg:"" name:"dir" help:"The folder; the files go to DIR/grpcauth/v1."`
	Force bool   `help:"Replace files that differ."`
}

// Help is shown below the summary of the command.
func (*exportCmd) Help() string {
	return `A .proto with rules imports "grpcauth/v1/rule.proto". Name the folder as another -I of protoc, or as another module of buf.yaml. Don't generate Go code from these files: Go programs import the generated package, and a second copy panics at start.`
}

// Run writes every file, or none when one that differs is there already.
func (c *exportCmd) Run(p *process) error {
	todo, err := c.plan()
	if err != nil {
		return err
	}
	for _, f := range todo {
		if err := f.write(); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(p.stdout, f.did(), f.path); err != nil {
			return err
		}
	}
	return nil
}

// exported is a file to write.
type exported struct {
	path    string
	data    []byte
	present bool // it is there, as it should be
}

// plan reads what is there before anything is written.
func (c *exportCmd) plan() ([]exported, error) {
	var todo []exported
	err := fs.WalkDir(proto.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(proto.FS, name)
		if err != nil {
			return err
		}
		f := exported{path: filepath.Join(c.Dir, filepath.FromSlash(name)), data: data}
		f.present, err = f.compare(c.Force)
		todo = append(todo, f)
		return err
	})
	return todo, err
}

func (f exported) compare(force bool) (same bool, err error) {
	there, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case bytes.Equal(there, f.data):
		return true, nil
	case !force:
		return false, fmt.Errorf("%s differs from this version's: add --force to replace it", f.path)
	}
	return false, nil
}

func (f exported) write() error {
	if f.present {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil { //nolint:gosec // sources are for everyone to read
		return err
	}
	return os.WriteFile(f.path, f.data, 0o644) //nolint:gosec // as above
}

func (f exported) did() string {
	if f.present {
		return "unchanged"
	}
	return "wrote"
}
