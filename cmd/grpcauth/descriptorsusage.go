package main

import (
	"bytes"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// printHelp prints the help of kong. Of flags of which one must be given, kong
// lists all in the line of usage, as if all were needed.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	var text bytes.Buffer
	out := ctx.Stdout
	ctx.Stdout = &text
	err := kong.DefaultHelpPrinter(options, ctx)
	ctx.Stdout = out
	if err != nil {
		return err
	}
	help := text.String()
	for _, flags := range choices(ctx) {
		help = strings.Replace(help, strings.Join(flags, " "), "("+strings.Join(flags, " | ")+")", 1)
	}
	_, err = io.WriteString(out, help)
	return err
}

// oneOf says in an error of kong that one of such flags is missing, and not
// all.
func oneOf(text string, ctx *kong.Context) string {
	if ctx == nil {
		return text
	}
	for _, flags := range choices(ctx) {
		text = strings.Replace(text, strings.Join(flags, " or "), "one of "+strings.Join(flags, " and "), 1)
	}
	return text
}

// choices are the flags of which one must be given, by the name of the choice.
func choices(ctx *kong.Context) map[string][]string {
	of := map[string][]string{}
	for _, flag := range ctx.Flags() {
		for _, choice := range flag.Xor {
			if flag.Required {
				of[choice] = append(of[choice], flag.Summary())
			}
		}
	}
	return of
}
