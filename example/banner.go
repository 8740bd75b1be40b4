package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// banner is what the program prints at its start: what is served, and commands to paste into
// another shell. Each line of a command, and no other line, begins with four spaces.
type banner struct {
	API      api
	Endpoint string
	Data     string
	Origins  string
	Callers  []callerLine
	Ride     string // curl's arguments for a ride

	Rider, Dispatcher, Newcomer string // their env files, quoted for the shell; "": none
	// the command that attaches the policy to the newcomer, ""; there is nothing to attach, or no
	// such line to edit
	Attach string
	// the folder of the profiles, quoted for the shell; "": there are none. botocore replaces what
	// looks like a variable in the path of the file.
	Profiles   string
	Unattached bool // the newcomer has no policy
	Policy     string
}

type callerLine struct{ Name, File, Note string }

// newBanner collects what there is to be told.
func newBanner(opts options, a api, endpoint string, who []caller, p *principalsView) banner {
	b := banner{
		API: a, Endpoint: endpoint, Data: opts.data, Origins: strings.Join(opts.origins, " "), Policy: standardPolicy,
		Ride: `"$WILDGATE_ENDPOINT/` + stage +
			`/ride" -H 'Content-Type: application/json' -d '{"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}'`,
	}
	if _, err := os.Stat(filepath.Join(opts.data, awsConfigFile)); err == nil {
		b.Profiles = shellQuote(opts.data)
	}
	files := map[string]*string{"rider": &b.Rider, dispatcherUser: &b.Dispatcher, newcomerUser: &b.Newcomer}
	for i := range who {
		c := &who[i]
		line := callerLine{Name: c.name, File: "-", Note: c.note}
		if c.accessKeyID != "" {
			line.File = filepath.Base(c.envPath(opts.data))
			*files[c.name] = shellQuote(c.envPath(opts.data))
		}
		b.Callers = append(b.Callers, line)
	}
	if u := p.user(a.principal("user", newcomerUser)); u != nil {
		b.Unattached = len(u.AttachedPolicies) == 0
		// The edit is one line, and must be that of the newcomer alone.
		if b.Unattached && strings.Count(p.text, nothingAttached) == 1 {
			b.Attach = "sed -i.bak " +
				shellQuote("s/"+sedPattern(nothingAttached)+"/"+strings.Replace(nothingAttached, "[]", `["`+standardPolicy+`"]`, 1)+"/") +
				" " + shellQuote(filepath.Join(opts.data, principalsFile))
		}
	}
	return b
}

// sedPattern escapes brackets, the only characters of nothingAttached that have a meaning in a
// regular expression.
func sedPattern(s string) string { return strings.NewReplacer("[", `\[`, "]", `\]`).Replace(s) }

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

// What follows "if True:" may be indented in any way, and so may be pasted as it is printed. The
// function of the shell leaves the token out where there is none, and gives it as one word: zsh
// would not split two.
var bannerTemplate = template.Must(template.New("").Parse(`Wild Rydes, signed: {{.Endpoint}}/prod (region {{.API.Region}}, service execute-api, API {{.API.APIID}} of account {{.API.AccountID}})

  POST   /prod/ride           ask for a ride
  GET    /prod/ride/{RideId}  see one of your own
  DELETE /prod/ride/{RideId}  cancel it
  GET    /prod/rides          list the rides of all riders
  GET    /healthz             is the service up? Open to anybody, unsigned
{{with .Origins}}
Web pages of these origins may call it: {{.}}
{{end}}
Data folder: {{.Data}}
Edits of principals.json and policies/ take effect within a second. The callers' keys:

{{$names := .NameWidth}}{{$files := .FileWidth}}{{range .Callers}}  {{printf "%-*s  %-*s  %s" $names .Name $files .File .Note}}
{{end}}
Try it from another shell, with curl 7.86 or later. First of all:

    signed_curl() { curl -sS -w '\n%{http_code}\n' --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" ${AWS_SESSION_TOKEN:+"-Hx-amz-security-token: $AWS_SESSION_TOKEN"} "$@"; }
{{with .Rider}}
The rider asks for a ride: 201.

    . {{.}}
    signed_curl {{$.Ride}}

The rider may not list all rides: 403.

    signed_curl "$WILDGATE_ENDPOINT/prod/rides"
{{end}}{{with .Dispatcher}}
The dispatcher may: 200.

    . {{.}}
    signed_curl "$WILDGATE_ENDPOINT/prod/rides"
{{end}}{{with .Newcomer}}{{if $.Unattached}}
The newcomer has no policy yet: 403.

    . {{.}}
    signed_curl {{$.Ride}}
{{if $.Attach}}
Attach the policy by one line of principals.json, and a second later: 201.

    {{$.Attach}}
    sleep 1
    signed_curl {{$.Ride}}
{{else}}
Set the newcomer's AttachedPolicies in principals.json to ["{{$.Policy}}"], and call again: 201.
{{end}}{{else}}
The newcomer has a policy attached by now.

    . {{.}}
    signed_curl {{$.Ride}}
{{end}}{{end}}
The same with botocore, as whoever was sourced last:

    python3 -c 'if True:
        import os
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.httpsession import URLLib3Session
        from botocore.session import Session
        request = AWSRequest("POST", os.environ["WILDGATE_ENDPOINT"] + "/prod/ride", {"Content-Type": "application/json"},
                             b"{\"PickupLocation\":{\"Latitude\":47.6,\"Longitude\":-122.3}}")
        SigV4Auth(Session().get_credentials(), "execute-api", os.environ["AWS_REGION"]).add_auth(request)
        answer = URLLib3Session().send(request.prepare())
        print(answer.status_code, answer.text)
    '

{{with .Profiles}}Stock AWS clients get the rider's credentials by themselves, at the same address, and renew them: AWS CLI 2.13, boto3 1.28 or later.

    (cd {{.}} && AWS_ENDPOINT_URL={{$.Endpoint}} AWS_CONFIG_FILE=` + awsConfigFile + ` aws --profile rider sts get-caller-identity)

{{end}}In Go, give an http.Client a Transport of github.com/wildgate/wildgate/sigv4auth/sigv4client:

  sigv4client.New(sigv4client.Config{Credentials: credentials, Region: os.Getenv("AWS_REGION"),
   Service: "execute-api", Endpoints: []string{os.Getenv("WILDGATE_ENDPOINT")}})

Stop with Ctrl-C.
`))
