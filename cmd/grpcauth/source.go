package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// source is one place that holds values of flags.
type source struct {
	name   string              // for errors
	key    func(string) string // how it spells the name of a flag
	values map[string]any      // by key
	also   []string            // keys that are no setting and may be there
}

// resolve is the value for a flag in the first source that has one, or nil.
func resolve(in []source, flag *kong.Flag) (any, error) {
	for _, s := range in {
		key := s.key(flag.Name)
		value, ok := s.values[key]
		if !ok {
			continue
		}
		if err := try(flag, value); err != nil {
			return nil, fmt.Errorf("%s in %s: %w", key, s.name, err)
		}
		return value, nil
	}
	return nil, nil
}

// try decodes a value as kong will, so that an error can name the source.
func try(flag *kong.Flag, value any) error {
	target := reflect.New(flag.Target.Type()).Elem()
	scan := kong.Scan().PushTyped(value, kong.FlagValueToken)
	return flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, target)
}

// check refuses a source with a key that nothing is set by: a setting that is
// spelled wrong would be ignored otherwise.
func (s source) check(known map[string]bool) error {
	keys := slices.Clone(s.also)
	for name := range known {
		keys = append(keys, s.key(name))
	}
	slices.Sort(keys)
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		if !slices.Contains(keys, key) {
			unknown = append(unknown, fmt.Sprintf("%q (%s)", key, suggest(key, keys)))
		}
	}
	if unknown == nil {
		return nil
	}
	return fmt.Errorf("unknown in %s: %s", s.name, strings.Join(unknown, ", "))
}

// suggest is what to write instead of key.
func suggest(key string, keys []string) string {
	far := func(known string) int {
		if strings.HasPrefix(known, key) {
			return 0
		}
		return distance(key, known)
	}
	nearest := slices.MinFunc(keys, func(a, b string) int { return far(a) - far(b) })
	if far(nearest) > len(key)/3 {
		return "no setting is called that"
	}
	return "did you mean " + nearest + "?"
}

// distance is how many bytes must be inserted, deleted or replaced to make b
// of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1) // distances of a[:i] to each b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
