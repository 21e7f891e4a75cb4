package testkit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPackagesMustBeThoseOfTheLockFile(t *testing.T) {
	t.Parallel()
	write := func(name, text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	pins := write("package-lock.json", "one")
	for name, tc := range map[string]struct{ dir, want string }{
		"the same":       {write("installed.json", "one"), ""},
		"another":        {write("installed.json", "two"), "other versions"},
		"half installed": {write("package-lock.json", "one"), "not here"},
	} {
		t.Run(name, func(t *testing.T) {
			err := installed(pins, tc.dir)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestNodeMustBeNewEnough(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v20.19.2": "", "v22.1.0": "",
		"v18.20.4": "20.19 or newer", "v20.18.3": "20.19 or newer",
		"nonsense": "the version of node",
	} {
		err := checkVersion(version + "\n")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", version, err, want)
		}
	}
}
