//go:build !linux

package password

import "os"

func itself() (string, error) { return os.Executable() }

func giveWay() {}
