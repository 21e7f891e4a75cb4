package peers_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// What is pinned is pinned by its hash, wherever it is fetched from.
func TestPackagesArePinnedByHashAlone(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Resolved, Integrity string }
	}
	if err := json.Unmarshal(text, &lock); err != nil || len(lock.Packages) < 5 {
		t.Fatalf("%d packages, %v", len(lock.Packages), err)
	}
	for name, p := range lock.Packages {
		if p.Resolved != "" || name != "" && !strings.HasPrefix(p.Integrity, "sha512-") {
			t.Errorf("%s: resolved %q, integrity %q: install with the .npmrc of this folder", name, p.Resolved, p.Integrity)
		}
	}
}
