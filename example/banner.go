package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/wildgate/wildgate/sigv4auth"
)

// banner is what the program prints at its start: what is served, and to whom. It fits on a screen:
// the commands that call it are in README.md.
type banner struct {
	API      api
	Endpoint string
	Data     string
	AtRoot   string // what is at /
	Change   string // how who may do what is changed
	Origins  string
	Callers  []callerLine
	SignIn   []string // what there is to say of the pools, line by line
}

type callerLine struct{ Name, File, Note string }

// newBanner collects what there is to be told.
func newBanner(ctx context.Context, opts options, a api, endpoint string, who []caller, from principals, signIn bool) banner {
	b := banner{
		API: a, Endpoint: endpoint, Data: opts.data, Origins: strings.Join(opts.origins, " "), SignIn: signInLines(ctx, a, from, signIn),
		AtRoot: "sign-in, credentials and users, as Cognito, STS and IAM have them",
		Change: "Users, keys and policies are changed by aws iam, as the operator: at once.",
	}
	if opts.store == filesStore {
		b.AtRoot = "sign-in and credentials, as Cognito and STS have them"
		b.Change = "Edits of principals.json and policies/ take effect within a second."
	}
	for i := range who {
		c := &who[i]
		line := callerLine{Name: c.name, File: "-", Note: c.note}
		if c.accessKeyID != "" {
			line.File = filepath.Base(envPath(opts.data, c.name))
		}
		b.Callers = append(b.Callers, line)
	}
	return b
}

// signInLines tells what somebody who signs in gets, or what is missing for that.
func signInLines(ctx context.Context, a api, from principals, can bool) []string {
	switch {
	case a.pools == (pools{}):
		return []string{"none, until a start at which the data folder can be written"}
	case !can:
		return []string{"none: the log says why"}
	}
	lines := []string{
		fmt.Sprintf("user pool %s, client %s", a.UserPoolID, a.ClientID),
		fmt.Sprintf("%s %s, in %s.env", identityPool, a.IdentityPoolID, poolEnv),
	}
	policies, err := from.attached(ctx, a.poolRole(authRole))
	switch {
	case errors.Is(err, sigv4auth.ErrNoSuchRole):
		return append(lines, fmt.Sprintf("%s has no %s: example/README.md has it", from.where(), authRole))
	case err != nil:
		return append(lines, fmt.Sprintf("%s: %v", authRole, err))
	case len(policies) == 0:
		return append(lines, authRole+" has no policy yet")
	}
	return append(lines, authRole+": "+strings.Join(policies, ", "))
}

func (b banner) write(w io.Writer) error {
	var text strings.Builder
	if err := bannerTemplate.Execute(&text, b); err != nil {
		return err
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// width returns the length of the longest name, to which the others are filled up.
func (b banner) width(of func(callerLine) string) int {
	longest := slices.MaxFunc(b.Callers, func(x, y callerLine) int { return len(of(x)) - len(of(y)) })
	return len(of(longest))
}

// NameWidth and FileWidth are the widths of the columns.
func (b banner) NameWidth() int { return b.width(func(c callerLine) string { return c.Name }) }
func (b banner) FileWidth() int { return b.width(func(c callerLine) string { return c.File }) }

// The address comes last, where it is seen.
var bannerTemplate = template.Must(template.New("").Parse(`Wild Rydes, signed: region {{.API.Region}}, service execute-api, API {{.API.APIID}} of account {{.API.AccountID}}

  POST   /prod/ride           ask for a ride
  GET    /prod/ride/{RideId}  see one of your own
  DELETE /prod/ride/{RideId}  cancel it
  GET    /prod/rides          list the rides of all riders
  GET    /healthz             is the service up? Open to anybody, unsigned
  POST   /                    {{.AtRoot}}
{{with .Origins}}
Web pages of these origins may call it: {{.}}
{{end}}
Sign-in:
{{range .SignIn}}  {{.}}
{{end}}
Data folder: {{.Data}}
{{.Change}} The callers' keys:

{{$names := .NameWidth}}{{$files := .FileWidth}}{{range .Callers}}  {{printf "%-*s  %-*s  %s" $names .Name $files .File .Note}}
{{end}}
example/README.md has the commands: signing up and in, the first ride, and calls as each of these.
Ctrl-C ends it. Wild Rydes is served at {{.Endpoint}}
`))
