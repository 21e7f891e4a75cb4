package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSettingsComeFromTheFirstSourceThatHasThem(t *testing.T) {
	t.Parallel()
	envFile := write(t, "vars", "GRPCAUTH_ACCESS_TTL=3m\nGRPCAUTH_LOG_LEVEL=error\nGRPCAUTH_STORE=envfile.db\nDATABASE_URL=not ours\n", 0o644)
	config := write(t, "grpcauth.json", `{"access_ttl": "4m", "log_level": "debug", "store": "config.db", "listen": "127.0.0.1:4", "allow_plaintext": true, "proxy": ["10.0.0.2", "10.1.0.0/16", "fd00::2"], "audience": ["a", "b"]}`, 0o644)
	got, err := parse(t, []string{"GRPCAUTH_ACCESS_TTL=2m", "GRPCAUTH_LOG_LEVEL=warn", "GRPCAUTH_ISSUER=https://auth.test"},
		"serve", "--access-ttl", "1m", "--env-file", envFile, "--config", config)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		source    string
		got, want any
	}{
		{"flag", got.AccessTTL, time.Minute},
		{"environment", got.LogLevel, "warn"},
		{"file of variables", got.Storage.Store, "envfile.db"},
		{"configuration file", got.Listen, "127.0.0.1:4"},
		{"configuration file, boolean", got.AllowPlaintext, true},
		{"configuration file, list of addresses", fmt.Sprint(got.Proxy), "[10.0.0.2/32 10.1.0.0/16 fd00::2/128]"},
		{"configuration file, list", strings.Join(got.Audience, "+"), "a+b"},
		{"default", got.RefreshTTL, 720 * time.Hour},
		{"default", got.HTTPListen, "127.0.0.1:8080"},
	} {
		if c.got != c.want {
			t.Errorf("by %s: got %v, want %v", c.source, c.got, c.want)
		}
	}
}

func TestListsInVariablesAndFlags(t *testing.T) {
	t.Parallel()
	want := []string{"https://a.test", "https://b.test"}
	byVariable, err := parse(t, []string{"GRPCAUTH_ISSUER=i", "GRPCAUTH_AUDIENCE=https://a.test,https://b.test"}, "serve")
	if err != nil || !slices.Equal(byVariable.Audience, want) {
		t.Errorf("by variable: got %v, %v, want %v", byVariable.Audience, err, want)
	}
	byFlag, err := parse(t, []string{"GRPCAUTH_AUDIENCE=https://other.test"}, "serve", "--issuer=i", "--audience=https://a.test", "--audience", "https://b.test")
	if err != nil || !slices.Equal(byFlag.Audience, want) {
		t.Errorf("by flag: got %v, %v, want %v", byFlag.Audience, err, want)
	}
}

func TestFilesAreNamedByVariablesToo(t *testing.T) {
	t.Parallel()
	config := write(t, "grpcauth.json", `{"issuer": "https://config.test", "audience": "n"}`, 0o644)
	envFile := write(t, "vars", "GRPCAUTH_CONFIG="+config+"\nexport GRPCAUTH_LOG_FORMAT='json'\n", 0o644)
	got, err := parse(t, []string{"GRPCAUTH_ENV_FILE=" + envFile}, "serve")
	if err != nil {
		t.Fatal(err)
	}
	if got.Issuer != "https://config.test" || got.LogFormat != "json" {
		t.Errorf("got issuer %q and log format %q", got.Issuer, got.LogFormat)
	}
}

// Kubernetes sets these in every pod beside a Service called grpcauth.
func TestVariablesOfOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	_, err := parse(t, []string{
		"GRPCAUTH_PORT=tcp://10.0.0.1:50051", "GRPCAUTH_PORT_50051_TCP_ADDR=10.0.0.1", "GRPCAUTH_SERVICE_HOST=10.0.0.1",
		"GRPCAUTH_SERVICE_PORT_GRPC=50051", "GRPCAUTH_TEST_REQUIRE=all", "PATH=/bin", "GRPCAUTH=1",
	}, identity()...)
	if err != nil {
		t.Error(err)
	}
}

func TestNoVariableMakesAnAdministrator(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"GRPCAUTH_ADMIN", "GRPCAUTH_SCOPE", "GRPCAUTH_ROLE", "GRPCAUTH_PASSWORD_STDIN"} {
		got := runWith(t, "a good long password\n", []string{name + "=true"}, "user", "add", "ada", "--store", t.TempDir()+"/db")
		if got.code != exitUsage || !strings.Contains(got.stderr, name) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
