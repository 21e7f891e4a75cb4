package main

import (
	"slices"
	"strings"
	"unicode"
)

// nameWords splits a name of a .proto: "BatchGetHTTPRoutes" is batch get http
// routes, and so is "batch_get_http_routes".
func nameWords(name string) []string {
	var all []string
	runes, start := []rune(name), 0
	for i, r := range runes {
		switch {
		case r == '_':
			all = appendWord(all, runes[start:i])
			start = i + 1
		case i > start && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			all = appendWord(all, runes[start:i])
			start = i
		}
	}
	return appendWord(all, runes[start:])
}

func appendWord(all []string, word []rune) []string {
	if len(word) == 0 {
		return all
	}
	return append(all, strings.ToLower(string(word)))
}

// readVerbs begin the names of methods that change nothing.
func readVerbs() []string {
	return []string{
		"get", "list", "search", "watch", "find", "query", "lookup", "fetch", "read", "describe", "count", "show",
		"view", "subscribe", "tail", "download", "scan", "browse", "retrieve", "inspect", "peek", "preview", "compare",
	}
}

// writeVerbs begin the names of methods that change something. A name that
// begins with none of either is taken for a change too, but is to be checked.
func writeVerbs() []string {
	return []string{
		"create", "add", "insert", "put", "set", "update", "patch", "upsert", "edit", "replace", "rename", "move", "copy",
		"delete", "remove", "clear", "purge", "undelete", "restore", "archive", "write", "append", "upload", "import",
		"send", "publish", "post", "submit", "cancel", "start", "stop", "run", "execute", "assign", "approve", "reject",
		"enable", "disable", "register", "attach", "detach", "save", "store", "sync", "transfer", "reset", "grant", "revoke",
	}
}

// isSignIn takes the names of methods that a caller has no token for yet.
func isSignIn(method []string) bool {
	if len(method) > 2 && method[2] == "with" { // SignInWithPassword
		method = method[:2]
	}
	switch strings.Join(method, "") {
	case "login", "signin", "logon", "signup", "authenticate", "forgotpassword", "requestpasswordreset", "resetpassword", "confirmpasswordreset":
		return true
	}
	return len(method) > 1 && method[0] == "login" && method[1] == "with"
}

// isRefresh takes the names of methods that a caller's token may be too old
// for.
func isRefresh(method []string) bool {
	return len(method) > 0 && method[0] == "refresh"
}

// isSelf takes the names of methods that are about the caller, whoever it is.
func isSelf(method []string) bool {
	switch strings.Join(method, "") {
	case "logout", "signout", "logoff", "whoami", "getme", "getuserinfo", "userinfo":
		return true
	}
	return false
}

// isProbe takes the names of methods that a load balancer asks.
func isProbe(method []string) bool {
	switch strings.Join(method, "") {
	case "ping", "healthz", "livez", "readyz", "health", "healthcheck", "checkhealth", "gethealth", "liveness", "readiness":
		return true
	}
	return false
}

// isKeySet takes the names of methods that publish the keys of tokens.
func isKeySet(method []string) bool {
	return slices.Contains(method, "jwks")
}

// isAuth takes the names of services that log people in.
func isAuth(service []string) bool {
	return slices.ContainsFunc(service, func(word string) bool {
		switch word {
		case "auth", "authentication", "login", "session", "sessions", "identity", "token", "tokens", "oidc":
			return true
		}
		return false
	})
}

// isAdmin takes names that say that not everybody may.
func isAdmin(name []string) bool {
	return slices.ContainsFunc(name, func(word string) bool { return word == "admin" || word == "administration" })
}
