package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// ours is the variables that are meant for this program. Kubernetes gives
// every pod some for each Service of its namespace, so those it makes for one
// called "grpcauth" are left out, as are those of the tests.
func ours(vars map[string]string) map[string]any {
	values := map[string]any{}
	for key, value := range vars {
		rest, ok := strings.CutPrefix(key, "GRPCAUTH_")
		if ok && !strings.HasPrefix(rest, "PORT") && !strings.HasPrefix(rest, "SERVICE_") && !strings.HasPrefix(rest, "TEST_") {
			values[key] = value
		}
	}
	return values
}

// split reads an environment as os.Environ gives it.
func split(environ []string) map[string]string {
	vars := map[string]string{}
	for _, entry := range environ {
		key, value, _ := strings.Cut(entry, "=")
		vars[key] = value
	}
	return vars
}

func readEnvFile(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--env-file %s: %w", path, cause(err))
	}
	vars, err := parseEnvFile(string(data))
	if err != nil {
		return nil, fmt.Errorf("--env-file %s: %w", path, err)
	}
	return vars, nil
}

// parseEnvFile reads lines KEY=value. Empty lines and lines that begin with #
// are skipped, "export " before a key too, and a value may stand in single or
// double quotes. Nothing is expanded. An error tells the line's number and
// never the line: it may hold somebody's secret.
func parseEnvFile(text string) (map[string]string, error) {
	vars := map[string]string{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		key, value = strings.TrimSpace(key), unquote(strings.TrimSpace(value))
		if !ok || key == "" || strings.ContainsAny(key, " \t") {
			return nil, fmt.Errorf("line %d: want KEY=value", i+1)
		}
		if _, twice := vars[key]; twice {
			return nil, fmt.Errorf("line %d: %s is set a second time: keep one of the two", i+1, key)
		}
		vars[key] = value
	}
	return vars, nil
}

// unquote takes the quotes off a value that stands in them.
func unquote(value string) string {
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		return value[1 : n-1]
	}
	return value
}

// cause is why a file can't be used, for an error that names the file itself.
func cause(err error) error {
	if inner, ok := errors.AsType[*os.PathError](err); ok {
		return inner.Err
	}
	return err
}
