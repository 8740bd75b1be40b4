package iampolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// unrouted returns the findings of Validate about actions that no request asks for.
func unrouted(t *testing.T, doc string, actions ...string) (list []iampolicy.Finding) {
	t.Helper()
	for _, f := range validate(t, []byte(doc), iampolicy.IdentityPolicy, iampolicy.WithActions(actions...)) {
		if f.Code == iampolicy.CodeUnroutedAction {
			list = append(list, f)
		}
	}
	return list
}

// TestUnroutedActions: an action that no request asks for is told with its place and the nearest
// one; what can match is not, whatever its case and its wildcards.
func TestUnroutedActions(t *testing.T) {
	t.Parallel()
	routes := []string{"execute-api:Invoke", "orders:Get", "orders:Cancel", "orders:GetInvoice"}
	for _, tt := range []struct {
		name, effect, element, values string
		want                          []string // path: message
	}{
		{"right", "Allow", "Action", `["execute-api:Invoke","orders:Get"]`, nil},
		{"in another case", "Allow", "Action", `["EXECUTE-API:invoke","Orders:GETINVOICE"]`, nil},
		{"everything", "Allow", "Action", `"*"`, nil},
		{"a service", "Deny", "Action", `["orders:*","execute-api:*"]`, nil},
		{"a pattern that matches one", "Allow", "Action", `["orders:Get*","*:Cancel","orders:?et","e*:I*e"]`, nil},
		{
			"a slip", "Allow", "Action", `"execute-api:Invok"`,
			[]string{`Statement[0].Action: no request asks for "execute-api:Invok"; the nearest action is "execute-api:Invoke"`},
		},
		{
			"a slip in a Deny, which denies nothing", "Deny", "Action", `["orders:Get","orders:Cancle"]`,
			[]string{`Statement[0].Action[1]: no request asks for "orders:Cancle"; the nearest action is "orders:Cancel"`},
		},
		{
			"a slip in the service", "Allow", "Action", `"ordres:*"`,
			[]string{`Statement[0].Action: no request asks for "ordres:*"; the nearest action is "orders:Get"`},
		},
		{
			"a pattern that matches none", "Allow", "Action", `"orders:Delete*"`,
			[]string{`Statement[0].Action: no request asks for "orders:Delete*"; the nearest action is "orders:`},
		},
		{
			"an action of another service", "Allow", "Action", `"s3:GetObject"`,
			[]string{`Statement[0].Action: no request asks for "s3:GetObject"; the nearest action is "orders:Get"`},
		},
		{"NotAction, of the service", "Allow", "NotAction", `["orders:Get","orders:C*"]`, nil},
		{
			"a slip in NotAction", "Deny", "NotAction", `["iam:*","orders:Gte"]`,
			[]string{
				`Statement[0].NotAction[1]: no request asks for "orders:Gte", so that it excepts nothing; the nearest action is "orders:Get"`,
			},
		},
		{"NotAction, of other services", "Deny", "NotAction", `["iam:*","sts:AssumeRole"]`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := unrouted(t, document(`{"Effect":"`+tt.effect+`","`+tt.element+`":`+tt.values+`,"Resource":"*"}`), routes...)
			if len(got) != len(tt.want) {
				t.Fatalf("%v\nwant %q", got, tt.want)
			}
			for i, f := range got {
				if !strings.HasPrefix(f.Path+": "+f.Message, tt.want[i]) || f.Severity != iampolicy.SeverityWarning ||
					f.Line != 1 || f.Column < 2 {
					t.Errorf("%+v\nwant %s", f, tt.want[i])
				}
			}
		})
	}
	slip := document(`{"Effect":"Allow","Action":"execute-api:Invok","Resource":"*"}`)
	if got := unrouted(t, slip); len(got) > 0 {
		t.Errorf("with no actions: %v", got)
	}
	if _, err := iampolicy.Parse([]byte(slip), iampolicy.IdentityPolicy, iampolicy.WithActions(routes...)); err != nil {
		t.Errorf("Parse refuses it: %v", err)
	}
}

// TestMalformedActions: an action that no request can ask for is a mistake in the option.
func TestMalformedActions(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"", "*", "Get", "orders:", ":Get", "orders:*", "orders:G?t", "orders:Get ", "POST /orders"} {
		findings := validate(t, []byte(document(clean(""))), iampolicy.IdentityPolicy, iampolicy.WithActions("s3:GetObject", action))
		if len(findings) != 1 || findings[0].Code != iampolicy.CodeInvalidOption ||
			!strings.Contains(findings[0].Message, fmt.Sprintf("%q", action)) {
			t.Errorf("%q: %v", action, findings)
		}
	}
}

// TestNearestActionsAreBounded: a document and a list of actions that are as large as they may be
// cost a bounded time: where it ends, the nearest action is not looked for, and then nothing.
func TestNearestActionsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 240)
	known := make([]string, 2000)
	for i := range known {
		known[i] = fmt.Sprintf("s:%s%05d", long, i)
	}
	var list strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&list, `,"s:%s%05d"`, strings.Repeat("b", 240), i)
	}
	got := unrouted(t, document(`{"Effect":"Allow","Action":[`+list.String()[1:]+`],"Resource":"*"}`), known...)
	if len(got) != 1 || strings.Contains(got[0].Message, "nearest") {
		t.Errorf("%d findings: %.300v", len(got), got)
	}
	// What is of the usual size has all.
	got = unrouted(t, document(`{"Effect":"Allow","Action":["s:b`+strings.Repeat(`","s:b`, 200)+`"],"Resource":"*"}`), "s:a", "s:aa", "s:c")
	if len(got) != 201 || !strings.HasSuffix(got[200].Message, `; the nearest action is "s:a"`) {
		t.Errorf("%d findings: %.300v", len(got), got)
	}
}
