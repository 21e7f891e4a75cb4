package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/password"
)

// authReport is what is measured of the AuthService.
type authReport struct {
	report

	Costs   []cost
	Delays  []delay
	Memory  memoryUse
	Missing error // what could not be measured here
}

// A login takes fifty times as long as what the flags are made for, so it is
// measured less often, and longer each time.
const (
	lessOften = 20
	longer    = 400
)

// measuredAuth runs the cases of the AuthService that are wanted.
func measuredAuth(want wanted, process *password.Process, rounds int, duration time.Duration) (r authReport, err error) {
	l, missing, err := newAuthLab(want, process)
	if err != nil {
		return r, err
	}
	defer l.close()
	results, err := measure(l.cases, max(1, rounds/lessOften), longer*duration)
	if err != nil {
		return r, err
	}
	r.report, r.Missing = newReport(results), missing
	r.Costs, err = costs(l.cases, 10*longer*duration)
	return r, err
}

// runAuth measures all of it and prints it, as the page that it writes to the
// folder, if there is one.
func runAuth(out io.Writer, rounds int, duration time.Duration, docs string) (err error) {
	process, err := password.StartProcess(nil, hashPasswords)
	if err != nil {
		return err
	}
	defer process.Close()
	r, err := measuredAuth(everything, process, rounds, duration)
	if err != nil {
		return err
	}
	// Less than that is a look at whether it works.
	waiting := waitingLogins
	if rounds < lessOften {
		waiting = 10
	}
	if r.Delays, err = measureDelays(process, max(1, rounds/lessOften), waiting/2); err != nil {
		return err
	}
	if r.Memory, err = measureMemory(waiting); err != nil {
		return err
	}
	text, err := r.page()
	if err != nil {
		return err
	}
	if docs != "" {
		if err := os.WriteFile(filepath.Join(docs, "benchmarks-auth.md"), []byte(text), 0o644); err != nil { //nolint:gosec // documents are for everyone
			return err
		}
	}
	_, err = io.WriteString(out, text)
	return err
}

// authPage is docs/benchmarks-auth.md.
const authPage = `<!-- Written by make bench. Change bench/authreport.go, not this file. -->
# What a login and a refresh cost

{{.Verdict}}

` + "`make bench`" + ` measures again and writes this page. ` + "`make bench-gate`" + `, which CI runs, holds a login to 0.7 of argon2id and a refresh to its
allocations; the times are those of the machine.

Measured on {{.Machine.Date}}: {{.Machine.CPU}}, {{.Machine.CPUs}} CPUs, {{.Machine.System}}, {{.Machine.Go}}, {{.Rounds}} rounds.
{{with .Load}}Load average at the end: {{.}}. Where that is far above the number of CPUs, others had them as well, and the figures per second are low.
{{end}}{{with .Missing}}
Not measured here: {{.}}
{{end}}
## What must be reached

| | goal | here | |
|---|--:|--:|---|
{{range .Goals}}| {{.What}} | {{.Goal}} | {{.Here}} | {{if .Reached}}reached{{else}}not reached{{end}} |
{{end}}{{with .Costs}}
What bounds the refreshes of 32 callers, below gRPC, on processors that they share with the database:

| | server and callers | the database, and the kernel for it | leaves time for |
|---|--:|--:|--:|
{{range .}}| {{.Store}} | {{us .Own}} | {{us .Others}} | {{printf "%.0f" .Bound}} a second |
{{end}}{{end}}
## How to read the tables

All cases run in one process with their callers, one after the other in random order, for a number of rounds; a database has to share
the processors with them. A figure is the median of the rounds. The ratio to the first line of a table is taken within each round, so it holds where the
machine is busy with something else as well, and the figures per second do not.

- Hashes are computed in a process of their own, as by ` + "`grpcauth serve`" + `, but for the first line.
- **argon2id alone** is the function of golang.org/x/crypto with the parameters of new hashes (19 MiB, 2 passes), on every processor at once.
  ` + "`password.Hasher`" + ` puts its queue before that; a login looks the user up, counts the attempt, opens a session and signs a token besides.
- **RotateSession of the store alone** is the one statement that changes the session, synced to disk.
- **Refresh below gRPC** is the handler, called directly: it checks the token, reads session, user and counters in one statement, signs
  the access token (EdDSA), seals the successor and rotates. ` + "**over gRPC**" + ` is a call by a client in the same process, through the Guard. Each carries an idempotency key.
- SQLite has ` + "`synchronous=FULL`" + ` and PostgreSQL ` + "`fsync=on`" + `, on the same disk.
{{range .Sets}}
## {{.Title}}

| | per second | of the first line | B/op | allocs/op |
|---|--:|--:|--:|--:|
{{range .Rows}}| {{.Case}} | {{perSecond .}} | {{share .}} | {{printf "%.0f" .Bytes}} | {{printf "%.0f" .Allocs}} |
{{end}}{{end}}
## Refreshes while logins queue

One client refreshes over gRPC against SQLite, every ten milliseconds or so: while nothing else happens, and while every place of the hash queue is
taken and each login is followed by another. In turns, with the hashes computed in the server, and in a process of their own that has what
processors nobody else wants (` + "`password.Process`" + `), as ` + "`grpcauth serve`" + ` does.

| hashes | logins at once | p50 | p99 | p99 over idle |
|---|--:|--:|--:|--:|
{{range .Delays}}| {{if .Apart}}in their own process{{else}}in the server{{end}} | {{.Logins}} | {{ms .P50}} | {{ms .P99}} | {{printf "%.1f" .Times}} |
{{end}}
A hash keeps a processor busy for some 20 ms. Go takes a processor away from it only after 10 ms, so in one process every step of a refresh
waits for that: the handler, each statement, the answer. The operating system takes it away at once.

What is left is the store: the slowest refreshes beside logins spend most of their time in ` + "`RotateSession`" + `, which waits for SQLite's one writer (a login is
three transactions, each synced to disk) and for its own sync. On the memory store, which has neither, logins that wait make a refresh no slower at p99.

## Memory while logins queue

{{.Memory.Logins}} users log in at the same time, and the queue has a place for each. {{.Memory.Hashes}} hashes run at once, {{mib .Memory.Argon2}} each. The heap of the
server and its callers was {{mib .Memory.Idle}} before and {{mib .Memory.Peak}} at its peak, with what was not yet collected; a hash for each login at once would be {{mib .Memory.All}}.
`

func (r authReport) page() (string, error) {
	parsed, err := template.New("page").Funcs(template.FuncMap{
		"perSecond": func(r row) string { return fmt.Sprintf("%.0f", 1e9/r.NsPerOp) },
		"share":     func(r row) string { return fmt.Sprintf("%.2f", 1/r.OverFloor) },
		"us":        func(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) },
		"ms":        func(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) },
		"mib":       func(bytes uint64) string { return fmt.Sprintf("%d MiB", bytes>>20) },
	}).Parse(authPage)
	if err != nil {
		return "", err
	}
	var sets []set
	for _, rows := range r.sets() {
		title := rows[0].Group
		sets = append(sets, set{strings.ToUpper(title[:1]) + title[1:] + ", " + rows[0].Algorithm, rows})
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, map[string]any{
		"Machine": r.Machine, "Load": loadAverage(), "Rounds": r.Rounds, "Missing": r.Missing, "Sets": sets, "Goals": r.goals(), "Costs": r.Costs,
		"Delays": r.Delays, "Memory": r.Memory, "Verdict": r.verdict(),
	})
	return out.String(), err
}

// goal is what grpcauth sets out to reach.
type goal struct {
	What, Goal, Here string
	Reached          bool
}

// goals are those of the AuthService.
func (r authReport) goals() (all []goal) {
	for _, store := range r.stores() {
		share := 1 / r.one(loginGroup, argonSet, loginOf(store)).OverFloor
		all = append(all, goal{loginOf(store) + ", of argon2id alone", "0.9", fmt.Sprintf("%.2f", share), share >= 0.9})
	}
	for _, store := range r.stores()[1:] {
		least := map[string]float64{inSQLite: 3000, inPostgres: 5000}[store]
		rate := r.refreshes(store)
		all = append(all, goal{belowCase + ", " + store + ", a second", fmt.Sprintf("%.0f", least), fmt.Sprintf("%.0f", rate), rate >= least})
	}
	times := r.Delays[len(r.Delays)-1].Times
	return append(all, goal{"p99 of a refresh beside a full login queue, of that without", "2", fmt.Sprintf("%.1f", times), times <= 2})
}

// stores are those that could be measured.
func (r authReport) stores() []string {
	if r.Missing != nil {
		return []string{inMemory, inSQLite}
	}
	return []string{inMemory, inSQLite, inPostgres}
}

func (r authReport) one(group, set, name string) row {
	return r.find(bound{group: group, algorithm: set, name: name})
}

// refreshes is how many there are in a second.
func (r authReport) refreshes(store string) float64 {
	return 1e9 / r.one(refreshMany, store, belowCase).NsPerOp
}

// verdict is the page in a few sentences.
func (r authReport) verdict() string {
	logins := func(store string) float64 { return 1 / r.one(loginGroup, argonSet, loginOf(store)).OverFloor }
	var refreshes []string
	for _, store := range r.stores()[1:] {
		refreshes = append(refreshes, fmt.Sprintf("%.0f times a second on %s", r.refreshes(store), store))
	}
	crowded := r.Delays[len(r.Delays)-1]
	return fmt.Sprintf("A login costs little beside its hash: as many users log in a second as argon2id alone allows, times %.2f, or %.2f with their sessions in SQLite. "+
		"%d callers refresh %s, below gRPC. While %d logins wait, a refresh takes %.1f times as long at p99 as on an idle server.",
		logins(inMemory), logins(inSQLite), refreshCallers, strings.Join(refreshes, " and "), crowded.Logins, crowded.Times)
}
