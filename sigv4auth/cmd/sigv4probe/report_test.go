package main_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestTheTextRedacts: the report says which request to send, and holds nothing that could be sent
// again.
func TestTheTextRedacts(t *testing.T) {
	setKey(t, token)
	url := serve(t, naive{flaw: "ignores expiry"})
	status, text, stderr := call(t, "-url", url, "-rate", "1000", "-v", "-run", "^(GET|presigned GET|presigned: expired a day ago)$")
	if status != 1 || stderr != "" {
		t.Errorf("status %d, %q", status, stderr)
	}
	for _, want := range []string{
		"\nwrongly admitted (security): presigned: expired a day ago\n  answer: admitted, 200\n",
		"\n  make it again: -run '^presigned: expired a day ago$'\n",
		"X-Amz-Signature=REDACTED", "X-Amz-Security-Token=REDACTED", "\nok:\n  admitted, 200  GET  a plain signed request\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	url = serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	_, text, _ = call(t, "-url", url+"?x=1&X-Amz-Security-Token=of-the-URL&X-Amz-Signature=of-the-URL", "-rate", "1000", "-run", "^GET$")
	want := "/stage/thing?x=1&X-Amz-Security-Token=REDACTED&X-Amz-Signature=REDACTED\n"
	if !strings.Contains(text, want) || strings.Contains(text, "of-the-URL") {
		t.Errorf("the report holds what a URL that is signed holds:\n%s", text)
	}
}

// TestTheTextGroups: what is not tested for one reason is one line, unless -v asks for each.
func TestTheTextGroups(t *testing.T) {
	setKey(t, "")
	url := serve(t, wildgateWithoutPresigned(t))
	_, text, _ := call(t, "-url", url, "-rate", "1000", "-run", "presigned")
	const want = "\nnot tested (-v lists each):\n  \"presigned GET\" was not admitted  43 checks\n\n"
	if !strings.Contains(text, want) || strings.Count(text, "\n") > 12 {
		t.Errorf("the report lacks %q, or is long:\n%s", want, text)
	}
	_, text, _ = call(t, "-url", url, "-rate", "1000", "-run", "presigned", "-v")
	if !strings.Contains(text, "presigned: the signature is empty") || strings.Count(text, "\n") < 40 {
		t.Errorf("-v does not list the checks:\n%s", text)
	}
}
