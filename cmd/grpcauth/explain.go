package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/internal/policy"
	"github.com/grpcauth/grpcauth/token"
)

// explainCmd tells what a server would say to a call, and why.
type explainCmd struct {
	Method      string `required:"" placeholder:"/PKG.SVC/METHOD" help:"The method that is called, /package.Service/Method."`
	Token       string `placeholder:"FILE" help:"Read the token from this file, or from stdin (-): the token alone, or a whole value \"Bearer TOKEN\". Never the token itself: others on the machine can see a command line. Without it, a call without a token is explained."`
	Request     string `placeholder:"JSON" help:"The request, for a rule that binds claims to it: as JSON, or @FILE."`
	Certificate string `placeholder:"FILE" help:"The client's certificate in PEM, for a token that is bound to one (cnf)."`
	At          string `placeholder:"TIME" help:"Explain the call as if it came at this time, such as 2026-01-31T12:00:00Z. Default: now."`
	JSON        bool   `name:"json" help:"Print the explanation as JSON."`

	Trust  trust  `embed:""`
	Origin origin `embed:""`
}

// Help is shown below the summary of the command.
func (*explainCmd) Help() string {
	return `Goes through the checks of a guarded server, in its order, by the same code: the rule that is written in the .proto, the token, what the token is bound to, and each requirement of the rule. Each is ok, refused, lifted by the rule's override, not checked here, not known because the issuer's keys can't be had, or not reached. For the one that refused it prints what the client is told (code, reason, message) and the inner cause, which a client never learns.

The issuer's keys are found by its name, as a server does (OpenID Connect Discovery, RFC 8414), or given with --jwks. What only the server itself knows is not checked here: rules that its program gives as options, whether the connection has TLS, revocations, and the functions of WithCheck and WithUser.

	grpcauth explain --method /notes.v1.NotesService/CreateNote --token token.txt \
	  --issuer https://auth.example --audience https://notes.example --descriptor-set notes.binpb

Profiles say how an issuer writes its tokens. keycloak: the issuer is https://HOST/realms/REALM; roles of a client need --roles-claim /resource_access/CLIENT/roles. auth0: https://TENANT.auth0.com/ with the slash; the audience is the API's identifier. okta: https://DOMAIN/oauth2/SERVER. entra: https://login.microsoftonline.com/TENANT/v2.0 with the tenant's id; --subject-claim oid if your server has it so. cognito: https://cognito-idp.REGION.amazonaws.com/POOL; the audience is the list of app clients. rfc9068: grpcauth serve, and whoever else writes typ: at+jwt.

Exits with 0 when nothing that was checked refuses the call, with 1 when something does, and with 2 when the answer can't be found: the command is wrong, a file or server that it names can't be read, the issuer's keys can't be had (KEYS_UNAVAILABLE), or the rule binds a claim to the request and there is no --request. With --json, allowed is true, false or null accordingly, and what the client is told is in refusal where it is false; in not_known, where keys can't be had. The token is never printed.`
}

// Validate is called by kong when the command line has been read.
func (c *explainCmd) Validate() error {
	if c.Method == "" {
		return nil // kong tells which flags are missing, all at once
	}
	if _, _, err := splitMethod(c.Method); err != nil {
		return err
	}
	if c.Token == "-" && c.Origin.DescriptorSet == "-" {
		return errors.New("--token and --descriptor-set can't both be read from stdin: give one of them as a file")
	}
	if _, err := c.clock(); err != nil {
		return err
	}
	return refuseTokenItself(c.Token)
}

// clock tells the time that the call is explained at.
func (c *explainCmd) clock() (func() time.Time, error) {
	if c.At == "" {
		return time.Now, nil
	}
	at, err := time.Parse(time.RFC3339, c.At)
	if err != nil {
		return nil, fmt.Errorf("--at %.40q is no time: write it like 2026-01-31T12:00:00Z", c.At)
	}
	return func() time.Time { return at }, nil
}

var (
	// errRefused ends the program when the call would be refused.
	errRefused = errors.New("the call would be refused")
	// errOpen ends it when nobody can know without the request.
	errOpen = errors.New("whether the call would be let in depends on its request: give it with --request")
	// errUnknown ends it when a check could not be made from here.
	errUnknown = errors.New("whether the call would be let in can't be known now")
)

// Run prints the explanation. What keeps it from being found is no refusal.
func (c *explainCmd) Run(ctx context.Context, p *process) error {
	e, err := c.prepare(ctx, p)
	if err != nil {
		return usageError{err}
	}
	told := e.explain(ctx)
	if err := told.write(p.stdout, c.JSON); err != nil {
		return usageError{err}
	}
	if told.open != nil {
		return usageError{told.open}
	}
	if told.Refusal != nil {
		return fmt.Errorf("%w: %s", errRefused, told.Refusal.Reason)
	}
	return nil
}

// explainer has all that is needed to explain one call.
type explainer struct {
	call   call
	policy *policy.Policy // nil when there is no rule that holds
	trust  *trusted
	raw    string // the token, "" for none
}

func (c *explainCmd) prepare(ctx context.Context, p *process) (*explainer, error) {
	now, err := c.clock()
	if err != nil {
		return nil, err
	}
	e := &explainer{}
	if e.raw, err = readToken(p, c.Token); err != nil {
		return nil, fmt.Errorf("--token: %w", err)
	}
	if e.trust, err = c.Trust.open(now); err != nil {
		return nil, err
	}
	services, err := c.Origin.load(ctx, p)
	if err != nil {
		return nil, err
	}
	if e.call.method, err = findMethod(services, c.Method, c.Origin.name()); err != nil {
		return nil, err
	}
	if e.call.request, err = parseRequest(c.Request, e.call.method.Input()); err != nil {
		return nil, fmt.Errorf("--request: %w", err)
	}
	if e.call.certificate, err = readCertificate(c.Certificate); err != nil {
		return nil, fmt.Errorf("--certificate: %w", err)
	}
	return e, nil
}

// claims are what a check is about.
func (e *explainer) claims() *token.Claims { return e.trust.proof.claims }
