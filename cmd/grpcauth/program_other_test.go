//go:build !linux

package main

import (
	"os/exec"
	"testing"
)

func dieWithTest(*exec.Cmd) {}

func testHashesApart(t *testing.T, _ binaries) { t.Skip("looks into /proc") }
