package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	"github.com/grpcauth/grpcauth/internal/fault"
)

// explanation is what is told about a call.
type explanation struct {
	Method string `json:"method"`
	// Allowed is null where it can't be known: it depends on the request, and
	// none was given, or the issuer's keys could not be had.
	Allowed *bool  `json:"allowed"`
	Verdict string `json:"verdict"`
	Checks  []told `json:"checks"`
	// Refusal is there where Allowed is false.
	Refusal *theAnswer `json:"refusal,omitzero"`
	// NotKnown is what a server answers that can't make a check either.
	NotKnown *theAnswer `json:"not_known,omitzero"`

	open error // why it can't be known whether the call is let in
}

// told is one check.
type told struct {
	Check  string `json:"check"`
	State  state  `json:"state"`
	Detail string `json:"detail,omitempty"`
}

// theAnswer is what a client is told, and the cause, which it is not.
type theAnswer struct {
	Check    string            `json:"check"`
	Code     string            `json:"code"`
	Reason   string            `json:"reason"`
	Message  string            `json:"message"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Cause    string            `json:"cause"`
}

// add keeps a finding, and reports whether it is the last.
func (x *explanation) add(name string, found finding) (done bool) {
	if found.state == stateRefused {
		found.state, done = x.refuse(name, found), true
	}
	x.Checks = append(x.Checks, told{name, found.state, showable(found.detail)})
	if found.letIn != "" {
		x.Verdict = found.letIn
	}
	if found.state == stateNotChecked && strings.HasPrefix(name, "bind[") {
		x.open = errOpen
		x.Verdict = "let in if the request has what claims are bound to: give it with --request to know"
	}
	x.Allowed = nil
	if letIn := x.Refusal == nil; x.open == nil {
		x.Allowed = &letIn
	}
	return done
}

// refuse keeps what refused the call. What can't be known from here is no
// refusal: a server that has the keys may let the call in.
func (x *explanation) refuse(name string, found finding) state {
	answer := answerTo(name, found)
	if answer.Code == codes.Unavailable.String() {
		x.NotKnown, x.Verdict = answer, "not known: "+name+" could not be checked"
		x.open = fmt.Errorf("%w: %s", errUnknown, answer.Reason)
		return stateNotKnown
	}
	x.Refusal, x.Verdict, x.open = answer, "refused", nil
	return stateRefused
}

// answerTo is what the Guard makes of a cause.
func answerTo(name string, found finding) *theAnswer {
	f := fault.Because(fault.ReasonOf(found.cause), found.cause, found.public...)
	status := f.GRPCStatus()
	answer := &theAnswer{
		Check: name, Code: status.Code().String(), Reason: fault.Name(f.Reason()), Message: status.Message(), Cause: showable(found.cause.Error()),
	}
	for _, detail := range status.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			answer.Metadata = map[string]string{}
			for key, value := range info.GetMetadata() {
				answer.Metadata[key] = showable(value)
			}
		}
	}
	return answer
}

// showable is text of others on one line, in which no token can be read.
func showable(text string) string { return withoutTokens(visible(text)) }

func (x *explanation) write(w io.Writer, asJSON bool) error {
	if asJSON {
		return writeJSON(w, x)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", x.Method)
	width := 0
	for _, c := range x.Checks {
		width = max(width, len(c.Check))
	}
	for _, c := range x.Checks {
		row := fmt.Sprintf("  %-*s  %-11s  %s", width, c.Check, strings.ReplaceAll(string(c.State), "_", " "), c.Detail)
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	fmt.Fprintf(&b, "\n%s", x.Verdict)
	switch {
	case x.Refusal != nil:
		b.WriteString(" by " + x.Refusal.Check + "; the client is told all of this but the cause")
		x.Refusal.write(&b)
	case x.NotKnown != nil:
		b.WriteString("; a server that can't check it either refuses, and tells the client all of this but the cause")
		x.NotKnown.write(&b)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (a *theAnswer) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n  code     %s\n  reason   %s\n  message  %s", a.Code, a.Reason, a.Message)
	for _, key := range slices.Sorted(maps.Keys(a.Metadata)) {
		fmt.Fprintf(b, "\n  metadata %s = %s", key, a.Metadata[key])
	}
	fmt.Fprintf(b, "\n  cause    %s", a.Cause)
}
