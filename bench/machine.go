package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// machine is what was measured on and with, as far as it tells about speed.
type machine struct {
	CPU     string            `json:"cpu"`
	CPUs    int               `json:"cpus"`
	System  string            `json:"system"`
	Go      string            `json:"go"`
	Date    string            `json:"date"`
	Modules map[string]string `json:"modules"`
}

// modules are those that take part.
func modules() []string {
	return []string{
		"google.golang.org/grpc", "github.com/grpc-ecosystem/go-grpc-middleware/v2", "github.com/golang-jwt/jwt/v5",
		"github.com/go-jose/go-jose/v4", "github.com/lestrrat-go/jwx/v3", "github.com/coreos/go-oidc/v3",
		"github.com/auth0/go-jwt-middleware/v3",
	}
}

func thisMachine() machine {
	m := machine{
		CPU: cpuModel(), CPUs: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Go: runtime.Version(), Date: time.Now().UTC().Format(time.DateOnly), Modules: map[string]string{},
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return m
	}
	for _, d := range info.Deps {
		if slices.Contains(modules(), d.Path) {
			m.Modules[d.Path] = d.Version
		}
	}
	return m
}

// cpuModel is what Linux calls the processor, or nothing.
func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// loadAverage is that of the last minute on Linux, or nothing.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	load, _, _ := strings.Cut(string(text), " ")
	return load
}
