package main

import (
	"errors"
	"strings"

	"github.com/alecthomas/kong"
)

// sources is the flags that say where other flags get their values, besides
// the command line.
type sources struct {
	Config  string `group:"Configuration:" placeholder:"FILE" help:"Read settings from this JSON file, such as {\"issuer\": \"https://auth.example\"}. [$$GRPCAUTH_CONFIG]"`
	EnvFile string `group:"Configuration:" placeholder:"FILE" help:"Read variables from this file of lines KEY=value. [$$GRPCAUTH_ENV_FILE]"`
}

// BeforeResolve is called by kong once the command line is read. It loads the
// sources and has kong ask them for every flag that was not on it: the
// environment first, then the file of variables, then the configuration file.
// What none of them has keeps its default.
func (*sources) BeforeResolve(ctx *kong.Context, p *process) error {
	known := settings(ctx.Model)
	found, err := load(given(ctx), p.environ)
	if err != nil {
		return err
	}
	var problems error
	for _, s := range found {
		problems = errors.Join(problems, s.check(known))
	}
	if problems != nil {
		return problems
	}
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if !known[flag.Name] {
			return nil, nil
		}
		return resolve(found, flag)
	}))
	return nil
}

// given is the flags of the command line that hold text, by name.
func given(ctx *kong.Context) map[string]string {
	values := map[string]string{}
	for _, p := range ctx.Path {
		if p.Flag == nil {
			continue
		}
		if text, ok := ctx.FlagValue(p.Flag).(string); ok {
			values[p.Flag.Name] = text
		}
	}
	return values
}

// load reads the sources, those that win first.
func load(flags map[string]string, environ []string) ([]source, error) {
	found := []source{{
		name: "the environment", key: envKey, values: ours(split(environ)),
		also: []string{envKey("config"), envKey("env-file")},
	}}
	if path, ok := early("env-file", flags, found); ok {
		values, err := readEnvFile(path)
		if err != nil {
			return nil, err
		}
		found = append(found, source{name: path, key: envKey, values: ours(values), also: []string{envKey("config")}})
	}
	if path, ok := early("config", flags, found); ok {
		values, err := readConfigFile(path)
		if err != nil {
			return nil, err
		}
		found = append(found, source{name: path, key: configKey, values: values})
	}
	return found, nil
}

// early is a setting that is needed before kong can be asked for it.
func early(name string, flags map[string]string, in []source) (string, bool) {
	if text, ok := flags[name]; ok {
		return text, true
	}
	for _, s := range in {
		if text, ok := s.values[s.key(name)].(string); ok {
			return text, true
		}
	}
	return "", false
}

// settings is the names of the flags that can be set by other means than the
// command line: serve's, and no other command's, so that no variable can make
// a user an administrator.
func settings(app *kong.Application) map[string]bool {
	names := map[string]bool{}
	for _, command := range app.Children {
		if command.Name != "serve" {
			continue
		}
		for _, flag := range command.Flags {
			names[flag.Name] = true
		}
	}
	delete(names, "config")
	delete(names, "env-file")
	return names
}

// envKey is how the environment spells a flag, configKey how a configuration
// file does.
func envKey(flag string) string    { return "GRPCAUTH_" + strings.ToUpper(configKey(flag)) }
func configKey(flag string) string { return strings.ReplaceAll(flag, "-", "_") }
