package main

import (
	"slices"
	"strings"
	"testing"
)

func TestFlagsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	const hmac = "--algorithm HS256 "
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--issuer", ""}, 1, "--issuer is empty: give the URL this server is reached by, such as https://auth.example"},
		{[]string{"--audience", ""}, 1, "--audience is empty: name the service that will accept the tokens, such as https://notes.example"},
		{[]string{"--algorithm", "none"}, 1, `--algorithm "none" is not supported: use EdDSA, or ES, RS, PS or HS with 256, 384 or 512`},
		{[]string{"--algorithm", "eddsa"}, 1, `--algorithm "eddsa" is not supported: use EdDSA, or ES, RS, PS or HS with 256, 384 or 512`},
		{[]string{"--algorithm", "HS256"}, 1, hmac + "needs --secret-file: make one with (umask 077; openssl rand -base64 32 > secret)"},
		{[]string{"--secret-file", "s"}, 1, "--secret-file is for HS256, HS384 and HS512 only: add --algorithm HS256, or leave the file out"},
		{[]string{"--algorithm", "HS256", "--secret-file", "s", "--private-key-file", "p"}, 1, hmac + "signs with --secret-file: leave --private-key-file out"},
		{[]string{"--access-ttl", "0s"}, 1, "--access-ttl is 0s: use 1s to 24h, such as 15m"},
		{[]string{"--access-ttl", "25h"}, 1, "--access-ttl is 25h0m0s: use 1s to 24h, such as 15m"},
		{[]string{"--access-ttl", "fast"}, 2, `--access-ttl: fast is no duration: write it with its unit, such as 90s, 15m or 720h`},
		{[]string{"--refresh-ttl", "1m"}, 1, "--refresh-ttl is 1m0s, less than --access-ttl (15m0s): a session must outlive its access tokens"},
		{[]string{"--session-ttl", "24h"}, 1, "--session-ttl is 24h0m0s, less than --refresh-ttl (720h0m0s): raise the one or lower the other"},
		{[]string{"--drain-timeout=-1s"}, 1, "--drain-timeout is -1s: use 0s or more"},
		{[]string{"--tls-cert", "c"}, 1, "--tls-cert is given without --tls-key: give both or neither"},
		{[]string{"--tls-key", "k"}, 1, "--tls-key is given without --tls-cert: give both or neither"},
		{[]string{"--tls-cert", "/no/cert", "--tls-key", "/no/key"}, 1, "--tls-cert /no/cert: no such file or directory"},
		{[]string{"--allow-plaintext"}, 1, "--allow-plaintext is given without --proxy: name the address that the proxy calls from, such as --proxy 10.0.0.2"},
		{[]string{"--allow-plaintext", "--proxy", ""}, 1, "--allow-plaintext is given without --proxy: name the address that the proxy calls from, such as --proxy 10.0.0.2"},
		{[]string{"--proxy-protocol"}, 1, "--proxy-protocol is given without --proxy: name the addresses of those who may say in it who calls, such as --proxy 10.0.0.2"},
		{[]string{"--proxy", "10.0.0.2,proxy.example"}, 2, `--proxy: "proxy.example" is no address and no network: give 10.0.0.2, or 10.0.0.0/28; names are not looked up, and ports don't matter`},
		{[]string{"--proxy", "::ffff:10.0.0.0/104"}, 2, `--proxy: "::ffff:10.0.0.0/104" is no address and no network: give 10.0.0.2, or 10.0.0.0/28; names are not looked up, and ports don't matter`},
		{[]string{"--proxy", "fe80::2%eth0"}, 2, `--proxy: "fe80::2%eth0" is no address and no network: give 10.0.0.2, or 10.0.0.0/28; names are not looked up, and ports don't matter`},
		{[]string{"--proxy", "10.0.0.5/8"}, 2, "--proxy: 10.0.0.5/8 is an address in a network: give 10.0.0.5 for it alone, or 10.0.0.0/8 for all of them"},
		{[]string{"--proxy", "10.0.0.2", "--proxy", "0.0.0.0/0"}, 2, "--proxy: 0.0.0.0/0 is too wide: name the proxies alone, because who is named can claim any address"},
		{[]string{"--store", ""}, 1, "--store: give the path of a SQLite file"},
		{[]string{"--store", "sqlite:"}, 1, "--store: give the path of a SQLite file"},
		{[]string{"--store", "mysql://u:hunter2@h/d"}, 1, "--store mysql:...: give the path of a SQLite file, or postgres://ROLE@HOST/DATABASE"},
		{[]string{"--store-password-file", "f"}, 1, "--store-password-file is for PostgreSQL only: leave it out, or give --store postgres://ROLE@HOST/DATABASE"},
		{[]string{"--store", "postgres://u:hunter2@h/d"}, 2, "--store holds a password, which others on this machine can see: use --store-password-file, or the variable GRPCAUTH_STORE"},
		{[]string{"--store", "postgres://u@h/d"}, 1, "--store postgres://u@h/d: say how the connection is protected: add ?sslmode=verify-full, or ?sslmode=disable where nobody else can read what is sent"},
		{[]string{"--store", "postgres://u@localhost/d"}, 1, "--key-file is needed with PostgreSQL, the same on every server: " + makeKeyFile("grpcauth.key")},
		{[]string{"--store", "postgres://u@localhost/d", "--store-password-file", "/no/file"}, 1, "--store-password-file /no/file: no such file or directory"},
		{[]string{"--log-level", "trace"}, 2, `--log-level must be one of "debug","info","warn","error" but got "trace"`},
		{[]string{"--isuer", "x"}, 2, `unknown flag --isuer, did you mean "--issuer"?`},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			want := "grpcauth: " + c.want + "\n"
			if c.code == exitUsage {
				want = "grpcauth: " + c.want + " (see grpcauth serve --help)\n"
			}
			flags := defaults(c.args)
			if got := runWith(t, "", nil, append([]string{"serve"}, append(flags, c.args...)...)...); got.code != c.code || got.stderr != want {
				t.Errorf("exit %d, %q\nwant %d, %q", got.code, got.stderr, c.code, want)
			}
		})
	}
}

// defaults is the required flags, without those that are in args.
func defaults(args []string) []string {
	var flags []string
	for _, flag := range []string{"--issuer", "--audience"} {
		if !slices.Contains(args, flag) {
			flags = append(flags, flag, "https://some.test")
		}
	}
	return flags
}

func TestCommandLinesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, `expected one of "serve", "user", "session", "audit", "explain", ... (see grpcauth --help)`},
		{[]string{"server"}, `unexpected argument server, did you mean "serve"? (see grpcauth --help)`},
		{[]string{"serve"}, "missing flags: --audience=NAME,..., --issuer=URL (see grpcauth serve --help)"},
		{[]string{"user", "add"}, `expected "<name>" (see grpcauth user add --help)`},
	} {
		if got := runWith(t, "", nil, c.args...); got.code != exitUsage || got.stderr != "grpcauth: "+c.want+"\n" {
			t.Errorf("%q: got %+v", c.args, got)
		}
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"user", "add", "-h"}, {"proto", "export", "--help"}} {
		got := runWith(t, "", []string{"GRPCAUTH_NONSENSE=1"}, args...)
		if got.code != exitOK || got.stderr != "" || !strings.HasPrefix(got.stdout, "Usage: grpcauth") {
			t.Errorf("%q: got %+v", args, got)
		}
	}
	if got := runWith(t, "", nil, "serve", "--help").stdout; !strings.Contains(got, "[$GRPCAUTH_ACCESS_TTL]") {
		t.Error("the help of serve names no variables")
	}
}
