package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongSettingsAreRefusedByName(t *testing.T) {
	t.Parallel()
	const see = " (see grpcauth serve --help)\n"
	for _, c := range []struct {
		name, environ, envFile, config string
		want                           string // FILE is the path of the file
	}{
		{
			name: "a variable that is spelled wrong", environ: "GRPCAUTH_ISUER=x",
			want: `unknown in the environment: "GRPCAUTH_ISUER" (did you mean GRPCAUTH_ISSUER?)`,
		},
		{
			name: "a variable that begins like one", environ: "GRPCAUTH_SECRET=hunter2hunter2",
			want: `unknown in the environment: "GRPCAUTH_SECRET" (did you mean GRPCAUTH_SECRET_FILE?)`,
		},
		{
			name: "a variable like no other", environ: "GRPCAUTH_X=1",
			want: `unknown in the environment: "GRPCAUTH_X" (no setting is called that)`,
		},
		{
			name: "a variable in the file of them", envFile: "GRPCAUTH_LISTENN=x\n",
			want: `unknown in FILE: "GRPCAUTH_LISTENN" (did you mean GRPCAUTH_LISTEN?)`,
		},
		{
			name: "a key of the configuration file", config: `{"access-ttl": "1m", "Issuer": "x"}`,
			want: `unknown in FILE: "Issuer" (did you mean issuer?), "access-ttl" (did you mean access_ttl?)`,
		},
		{
			name: "a file that names itself", config: `{"config": "other.json"}`,
			want: `unknown in FILE: "config" (no setting is called that)`,
		},
		{
			name: "a value in the environment", environ: "GRPCAUTH_ACCESS_TTL=15",
			want: `--access-ttl: GRPCAUTH_ACCESS_TTL in the environment: 15 is no duration: write it with its unit, such as 90s, 15m or 720h`,
		},
		{
			name: "a value in the configuration file", config: `{"allow_plaintext": "maybe"}`,
			want: `--allow-plaintext: allow_plaintext in FILE: bool value must be true, 1, yes, false, 0 or no but got "maybe"`,
		},
		{
			name: "a number in the configuration file", config: `{"access_ttl": 15}`,
			want: `--config FILE: "access_ttl" must be a string such as "15m", true, false, or a list of strings`,
		},
		{
			name: "a list of numbers", config: `{"audience": ["a", 1]}`,
			want: `--config FILE: "audience" must be a string such as "15m", true, false, or a list of strings`,
		},
		{
			name: "a line without a value", envFile: "# ours\nGRPCAUTH_ISSUER=x\nhunter2\n",
			want: `--env-file FILE: line 3: want KEY=value`,
		},
		{
			name: "a variable twice", envFile: "A=1\nA=2\n",
			want: `--env-file FILE: line 2: A is set a second time: keep one of the two`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			args, want := identity(), "grpcauth: "+c.want+see
			if c.envFile != "" {
				path := write(t, "vars", c.envFile, 0o644)
				args, want = append(args, "--env-file", path), strings.ReplaceAll(want, "FILE", path)
			}
			if c.config != "" {
				path := write(t, "config", c.config, 0o644)
				args, want = append(args, "--config", path), strings.ReplaceAll(want, "FILE", path)
			}
			got := runWith(t, "", strings.Fields(c.environ), args...)
			if got.code != exitUsage || got.stderr != want {
				t.Errorf("exit %d, %q\nwant %d, %q", got.code, got.stderr, exitUsage, want)
			}
		})
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	for flag, want := range map[string]string{
		"--config":   "grpcauth: --config " + missing + ": no such file or directory",
		"--env-file": "grpcauth: --env-file " + missing + ": no such file or directory",
	} {
		if got := runWith(t, "", nil, identity(flag, missing)...); got.code != exitUsage || !strings.HasPrefix(got.stderr, want) {
			t.Errorf("%s: got %+v, want %q", flag, got, want)
		}
	}
}

// What encoding/json lets pass.
func TestConfigurationIsReadStrictly(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"issuer": "a", "issuer": "b"}`, `{"issuer": "a"} {}`, `["issuer"]`, `{"issuer": null}`, `"issuer"`, ``, "{\"issuer\": \"\xff\"}",
	} {
		path := filepath.Join(t.TempDir(), "c.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if values, err := readConfigFile(path); err == nil {
			t.Errorf("%q was read as %v", text, values)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%q: the error does not name the file: %v", text, err)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"same", "same", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
