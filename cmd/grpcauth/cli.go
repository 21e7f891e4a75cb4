package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/alecthomas/kong"
)

// cli is the commands.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the auth server."`
	User    userCmd    `cmd:"" help:"Manage the people who may log in."`
	Session sessionCmd `cmd:"" help:"See and end the sessions of people."`
	Audit   auditCmd   `cmd:"" help:"Read the audit record."`
	Explain explainCmd `cmd:"" help:"Tell which check lets a call in or refuses it."`
	Init    initCmd    `cmd:"" help:"Propose a rule for each method that has none."`
	Rules   rulesCmd   `cmd:"" help:"Show who may call what."`
	Client  clientCmd  `cmd:"" help:"Manage the apps and services that may ask for tokens."`
	Migrate migrateCmd `cmd:"" help:"Bring the database up to date, or see whether it is."`
	Recover recoverCmd `cmd:"" help:"Make a database safe to serve from that was restored from a backup."`
	Proto   protoCmd   `cmd:"" help:"Get the .proto files that rules are written with."`
	Version versionCmd `cmd:"" help:"Print the version and exit."`

	HashPasswords hashPasswordsCmd `cmd:"" hidden:"" help:"Compute password hashes for the server that started this."`
}

const description = `The auth server of grpcauth: it logs people in and issues, renews and ends their tokens.`

// newParser reads command lines into commands. exit is called after --help has
// been printed.
func newParser(ctx context.Context, p *process, commands *cli, exit func(int)) (*kong.Kong, error) {
	var parser *kong.Kong
	parser, err := kong.New(commands,
		kong.Name("grpcauth"),
		kong.Description(description),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(exit),
		kong.Help(printHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 110}),
		kong.ValueFormatter(func(v *kong.Value) string { return describe(v, parser.Model) }),
		kong.KindMapper(reflect.String, kong.MapperFunc(decodeText)),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(decodeDuration)),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(p),
	)
	return parser, err
}

// describe is a flag's help with the variable that sets it too.
func describe(v *kong.Value, app *kong.Application) string {
	if v.Flag == nil || !settings(app)[v.Name] || !readsSources(v.Flag, app) {
		return v.Help
	}
	return v.Help + " [$" + envKey(v.Name) + "]"
}

// readsSources reports whether a flag is one of a command that reads more than
// its command line.
func readsSources(flag *kong.Flag, app *kong.Application) bool {
	for _, command := range app.Leaves(false) {
		if slices.Contains(command.Flags, flag) {
			return slices.ContainsFunc(command.Flags, func(f *kong.Flag) bool { return f.Name == "env-file" })
		}
	}
	return false
}

// decodeText takes text as it is. The mapper of kong goes by way of JSON, which
// silently replaces what is not UTF-8.
func decodeText(ctx *kong.DecodeContext, target reflect.Value) error {
	token, err := ctx.Scan.PopValue("text")
	if err != nil {
		return err
	}
	text, ok := token.Value.(string)
	if !ok {
		return fmt.Errorf("expected text but got %v", token.Value)
	}
	target.SetString(text)
	return nil
}

// decodeDuration takes durations with their unit, and says how when there is
// none.
func decodeDuration(ctx *kong.DecodeContext, target reflect.Value) error {
	token, err := ctx.Scan.PopValue("duration")
	if err != nil {
		return err
	}
	text, _ := token.Value.(string)
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%v is no duration: write it with its unit, such as 90s, 15m or 720h", token.Value)
	}
	target.SetInt(int64(d))
	return nil
}
