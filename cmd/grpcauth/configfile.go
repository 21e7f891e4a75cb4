package main

import (
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/go-json-experiment/json"
)

// readConfigFile reads a JSON object: a key for each setting, spelled with
// underscores, and a string, a boolean, or a list of strings for its value.
// Numbers are refused: 15 would be 15 of what?
func readConfigFile(path string) (map[string]any, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--config %s: %w", path, cause(err))
	}
	var values map[string]any
	if err := json.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("--config %s: want one JSON object: %w", path, err)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !isSetting(values[key]) {
			return nil, fmt.Errorf(`--config %s: %q must be a string such as "15m", true, false, or a list of strings`, path, key)
		}
	}
	return values, nil
}

func isSetting(value any) bool {
	switch value := value.(type) {
	case string, bool:
		return true
	case []any:
		return !slices.ContainsFunc(value, func(v any) bool { _, ok := v.(string); return !ok })
	}
	return false
}
