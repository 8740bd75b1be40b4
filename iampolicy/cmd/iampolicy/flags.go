package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// kindName returns the word for a policy type, in flags and in JSON.
func kindName(k iampolicy.PolicyType) string {
	switch k {
	case iampolicy.IdentityPolicy:
		return "identity"
	case iampolicy.ResourcePolicy:
		return "resource"
	case iampolicy.SessionPolicy:
		return "session"
	case iampolicy.PermissionsBoundary:
		return "boundary"
	case iampolicy.SCP:
		return "scp"
	case iampolicy.RCP:
		return "rcp"
	case iampolicy.TrustPolicy:
		return "trust"
	}
	return ""
}

// A kindFlag is -type.
type kindFlag struct {
	kind  iampolicy.PolicyType
	given bool
}

func (f *kindFlag) String() string { return kindName(f.kind) }

func (f *kindFlag) Set(text string) error {
	for k := iampolicy.IdentityPolicy; k <= iampolicy.TrustPolicy; k++ {
		if kindName(k) == text {
			*f = kindFlag{k, true}
			return nil
		}
	}
	return errors.New("the types are identity, resource, session, boundary, scp, rcp and trust")
}

// A textFlag has one value. Given twice it is a mistake: which of two was meant
// is not to be guessed.
type textFlag struct {
	text  string
	given bool
}

func (f *textFlag) String() string { return f.text }

func (f *textFlag) Set(text string) error {
	if f.given {
		return errors.New("it is given twice")
	}
	*f = textFlag{text, true}
	return nil
}

// A listFlag has a value each time it is given.
type listFlag []string

func (f *listFlag) String() string { return strings.Join(*f, " ") }

func (f *listFlag) Set(text string) error {
	if text == "" {
		return errors.New("it is empty")
	}
	*f = append(*f, text)
	return nil
}

// parsing is the flags for how documents are parsed.
type parsing struct {
	sizeLimits bool
	api        apiFlag
}

func (p *parsing) register(fs *flag.FlagSet) {
	fs.BoolVar(&p.sizeLimits, "size-limits", false, "")
	fs.Var(&p.api, "api", "")
}

// options returns what to parse a document with.
func (p *parsing) options(name string) []iampolicy.ParseOption {
	options := []iampolicy.ParseOption{iampolicy.WithName(name)}
	if p.sizeLimits {
		options = append(options, iampolicy.WithSizeLimits())
	}
	if p.api.option != nil {
		options = append(options, p.api.option)
	}
	return options
}

// An apiFlag is -api, REGION/ACCOUNT/API-ID.
type apiFlag struct {
	text   string
	option iampolicy.ParseOption
}

func (f *apiFlag) String() string { return f.text }

func (f *apiFlag) Set(text string) error {
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return errors.New("it has the form REGION/ACCOUNT/API-ID, as us-east-1/111122223333/rides")
	}
	option := iampolicy.WithAPIGateway(parts[0], parts[1], parts[2])
	// What may stand in the parts is iampolicy's to know, and no file's mistake.
	findings, err := iampolicy.Validate(context.Background(), []byte("{}"), iampolicy.ResourcePolicy, option)
	if err != nil {
		return err // unreachable: the context does not end
	}
	for _, finding := range findings {
		if finding.Code == iampolicy.CodeInvalidOption {
			return fmt.Errorf("%s", strings.TrimPrefix(finding.Message, "WithAPIGateway: "))
		}
	}
	*f = apiFlag{text, option}
	return nil
}
