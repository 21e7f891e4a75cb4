package main

import (
	"context"

	"github.com/alecthomas/kong"
)

// cli is the commands.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the auth server."`
	User    userCmd    `cmd:"" help:"Manage the people who may log in."`
	Proto   protoCmd   `cmd:"" help:"Get the .proto files that rules are written with."`
	Version versionCmd `cmd:"" help:"Print the version and exit."`
}

const description = `The auth server of grpcauth: it logs people in and issues, renews and ends their tokens.`

func newParser(ctx context.Context, p *process, exit func(int)) (*kong.Kong, error) {
	var parser *kong.Kong
	parser, err := kong.New(&cli{},
		kong.Name("grpcauth"),
		kong.Description(description),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 110}),
		kong.ValueFormatter(func(v *kong.Value) string { return describe(v, parser.Model) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(p),
	)
	return parser, err
}

// describe is a flag's help with the variable that sets it too.
func describe(v *kong.Value, app *kong.Application) string {
	if v.Flag == nil || !settings(app)[v.Name] {
		return v.Help
	}
	return v.Help + " [$" + envKey(v.Name) + "]"
}
