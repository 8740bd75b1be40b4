package awsquery_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

func params(t *testing.T, text string) *awsquery.Params {
	t.Helper()
	f, err := awsquery.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return awsquery.NewParams(f)
}

func pattern(text string) *awsquery.Pattern {
	return &awsquery.Pattern{Text: text, Match: regexp.MustCompile(`\A(?:` + text + `)\z`).MatchString}
}

// Rules of STS's model.
var (
	arn         = awsquery.Rule{Required: true, MinLength: 20, MaxLength: 2048}
	sessionName = awsquery.Rule{Required: true, MinLength: 2, MaxLength: 64, Pattern: pattern(`[\w+=,.@-]*`)}
	duration    = awsquery.Rule{Min: 900, Max: 43200}
	tags        = awsquery.Rule{MaxLength: 50}
	tagKey      = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 128, Pattern: pattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`)}
	tagValue    = awsquery.Rule{Required: true, MaxLength: 256, Pattern: pattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)}
	token       = awsquery.Rule{Required: true, Sensitive: true, MinLength: 4, MaxLength: 20000}
	kind        = awsquery.Rule{Enum: []string{"Active", "Inactive"}}
)

// read reads the input of a made-up operation that has a member of each type.
func read(p *awsquery.Params) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q", p.String("RoleSessionName", sessionName), p.String("Status", kind))
	n, ok := p.Int("DurationSeconds", duration)
	fmt.Fprintf(&b, " %d %v %v %q", n, ok, p.Bool("Force", awsquery.Rule{}), p.Strings("Keys", tags, tagKey))
	for _, tag := range p.Structs("Tags", tags) {
		fmt.Fprintf(&b, " %q=%q", tag.String("Key", tagKey), tag.String("Value", tagValue))
		fmt.Fprintf(&b, "%q", tag.Strings("More", awsquery.Rule{}, awsquery.Rule{}))
	}
	return b.String()
}

// TestParams: what clients send comes out, in order, whatever the order of the form.
func TestParams(t *testing.T) {
	t.Parallel()
	const more1 = "Tags.member.1.More.member.1="
	const me, tag1, tag2 = "RoleSessionName=me&", "Tags.member.1.", "Tags.member.2."
	for text, want := range map[string]string{
		me:                   `"me" "" 0 false false []`,
		me + "Keys=&Tags=":   `"me" "" 0 false false []`,
		me + "Status=Active": `"me" "Active" 0 false false []`,
		"RoleSessionName=m%40e&DurationSeconds=900&Force=true":                         `"m@e" "" 900 true true []`,
		me + tag2 + "Value=&" + tag2 + "Key=b&" + tag1 + "Key=a&" + tag1 + "Value=1+2": `"me" "" 0 false false [] "a"="1 2"[] "b"=""[]`,
		me + tag1 + "Key=a&" + tag1 + "Value=1&" + tag1 + "More.member.2=y&" + more1:   `"me" "" 0 false false [] "a"="1"["" "y"]`,
		me + "Unknown=1&Unknown.member.7=2&MaxItems=x":                                 `"me" "" 0 false false []`,
	} {
		p := params(t, text)
		if got := read(p); got != want || p.Err() != nil {
			t.Errorf("%s\n got %s, %v\nwant %s", text, got, p.Err(), want)
		}
	}
	var text strings.Builder
	var want []string
	for i := 1; i <= 50; i++ { // 10 sorts before 2
		fmt.Fprintf(&text, "Keys.member.%d=k%d&", i, i)
		want = append(want, "k"+strconv.Itoa(i))
	}
	p := params(t, text.String())
	if got := p.Strings("Keys", tags, tagKey); !slices.Equal(got, want) || p.Err() != nil {
		t.Errorf("%q, %v", got, p.Err())
	}
	p = params(t, "A=&B.member.1=x")
	if !p.Has("A") || !p.Has("B") || p.Has("C") {
		t.Error("Has")
	}
	if empty := p.Strings("A", tags, tagKey); empty == nil || len(empty) != 0 || p.Strings("C", tags, tagKey) != nil {
		t.Error("an empty list is not one that was not sent")
	}
}

// TestMalformedInput: parameters of another shape than the operation's are refused, and above all
// no member of a list is dropped silently: it may be the policy that restricts a session. The first
// one is told.
func TestMalformedInput(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"RoleSessionName.member.1=me":            "Start of list found where not expected",
		"RoleSessionName=me&RoleSessionName.x=1": "Start of list found where not expected",
		"Keys=a":                                 "Unexpected list element termination",
		"Keys=&Keys.member.1=a":                  "Unexpected list element termination",
		"Keys.1=a":                               "Top level element may not be treated as a list",
		"Keys.member=a":                          "Top level element may not be treated as a list",
		"Keys.Member.1=a":                        "Top level element may not be treated as a list",
		"Keys.member.1.x=a":                      "Start of structure or map found where not expected",
		"Tags.member.1=a":                        "Unexpected complex element termination",
		"Keys.member.0=a":                        "The members of 'keys' are not numbered from 1 on",
		"Keys.member.2=a":                        "The members of 'keys' are not numbered from 1 on",
		"Keys.member.1=a&Keys.member.3=a":        "The members of 'keys' are not numbered from 1 on",
		"Keys.member.01=a":                       "The members of 'keys' are not numbered from 1 on",
		"Keys.member.+1=a":                       "The members of 'keys' are not numbered from 1 on",
		"Keys.member.%2b1=a":                     "The members of 'keys' are not numbered from 1 on",
		"Keys.member.1=a&Keys.member.1.=b":       "Start of structure or map found where not expected",
		"Keys.member.1=a&Keys.member.1.x=b":      "Start of structure or map found where not expected",
		"Keys.member.-1=a":                       "The members of 'keys' are not numbered from 1 on",
		"Keys.member.=a":                         "The members of 'keys' are not numbered from 1 on",
		"Keys.member.%d9%a1=a":                   "The members of 'keys' are not numbered from 1 on",
		"Keys.member.99999999999999999999=a":     "The members of 'keys' are not numbered from 1 on",
		"Tags.member.1.Key=a&Tags.member.1.Value=a&Tags.member.3.Key=a": "The members of 'tags' are not numbered from 1 on",
		"Tags.member.1.Key=a&Tags.member.3.Key=a":                       "The members of 'tags' are not numbered from 1 on",
		"Tags.member.1.Key=a&Tags.member.1.More.member.2":               "The members of 'tags.1.member.more' are not numbered from 1 on",
		"DurationSeconds=":           "The value at 'durationSeconds' is not an integer",
		"DurationSeconds=%2B900":     "The value at 'durationSeconds' is not an integer",
		"DurationSeconds=0900":       "The value at 'durationSeconds' is not an integer",
		"DurationSeconds=9e2":        "The value at 'durationSeconds' is not an integer",
		"DurationSeconds=4294968196": "The value at 'durationSeconds' is not an integer",
		"DurationSeconds=x&Force=x":  "The value at 'durationSeconds' is not an integer",
		"Force=True":                 "The value at 'force' is neither true nor false",
		"Force=":                     "The value at 'force' is neither true nor false",
	} {
		p := params(t, text)
		read(p)
		e, ok := errors.AsType[*awsquery.Error](p.Err())
		if !ok || e.Code != "MalformedInput" || e.Message != want || e.HTTPStatus() != 400 {
			t.Errorf("%s: %v; want %s", text, p.Err(), want)
		}
	}
}

// TestValidationErrors: violations are told in AWS's words, all of them, at AWS's places.
func TestValidationErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 65)
	for text, want := range map[string]string{
		"": "1 validation error detected: Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null",
		"RoleSessionName=": "1 validation error detected: Value '' at 'roleSessionName' failed to satisfy constraint: " +
			"Member must have length greater than or equal to 2",
		"RoleSessionName=" + long: "1 validation error detected: Value '" + long + "' at 'roleSessionName' failed to satisfy constraint: " +
			"Member must have length less than or equal to 64",
		"RoleSessionName=x:y": "1 validation error detected: Value 'x:y' at 'roleSessionName' failed to satisfy constraint: " +
			`Member must satisfy regular expression pattern: [\w+=,.@-]*`,
		"RoleSessionName=me&Status=On": "1 validation error detected: Value 'On' at 'status' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [Active, Inactive]",
		"RoleSessionName=me&DurationSeconds=899": "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy " +
			"constraint: " +
			"Member must have value greater than or equal to 900",
		"RoleSessionName=%3A&DurationSeconds=43201": "3 validation errors detected: Value ':' at 'roleSessionName' failed to satisfy " +
			"constraint: Member must have length greater than or equal to 2; Value ':' at 'roleSessionName' failed to satisfy constraint: " +
			`Member must satisfy regular expression pattern: [\w+=,.@-]*; Value '43201' at 'durationSeconds' failed to satisfy constraint: ` +
			"Member must have value less than or equal to 43200",
		"RoleSessionName=me&Tags.member.1.Key=&Tags.member.2.Key=k&Tags.member.1.Value=v": "3 validation errors detected: " +
			"Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
			"Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
			`[\p{L}\p{Z}\p{N}_.:/=+\-@]+; Value null at 'tags.2.member.value' failed to satisfy constraint: Member must not be null`,
		"RoleSessionName=me&Keys.member.1=k&Keys.member.2=%3F": "1 validation error detected: Value '[k, ?]' at 'keys' failed to satisfy " +
			"constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length " +
			`greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+]`,
	} {
		p := params(t, text)
		read(p)
		e, ok := errors.AsType[*awsquery.Error](p.Err())
		if !ok || e.Code != "ValidationError" || e.Message != want || e.HTTPStatus() != 400 {
			t.Errorf("%s\n got %v\nwant %s", text, p.Err(), want)
		}
	}

	// A length is one of characters.
	p := params(t, "A=%E2%82%AC%E2%82%AC")
	if p.String("A", awsquery.Rule{MinLength: 2, MaxLength: 2}); p.Err() != nil {
		t.Error(p.Err())
	}
	// A list that is too short, too long, or missing.
	p = params(t, "A.member.1=x&A.member.2=y&B=")
	p.Strings("A", awsquery.Rule{MaxLength: 1}, awsquery.Rule{})
	p.Structs("B", awsquery.Rule{MinLength: 1})
	p.Structs("C", awsquery.Rule{Required: true})
	if want := "awsquery: ValidationError: 3 validation errors detected: Value '[x, y]' at 'a' failed to satisfy constraint: " +
		"Member must have length less than or equal to 1; Value at 'b' failed to satisfy constraint: Member must have length greater " +
		"than or equal to 1; Value null at 'c' failed to satisfy constraint: Member must not be null"; fmt.Sprint(p.Err()) != want {
		t.Errorf("got %v\nwant %s", p.Err(), want)
	}
}

// TestSensitiveIsNotRepeated: a message does not repeat what is secret, in a list neither.
func TestSensitiveIsNotRepeated(t *testing.T) {
	t.Parallel()
	p := params(t, "WebIdentityToken=eyJ&Secrets.member.1=eyJ&N=12345")
	p.String("WebIdentityToken", token)
	p.Strings("Secrets", awsquery.Rule{}, token)
	p.Int("N", awsquery.Rule{Sensitive: true, Min: 1, Max: 2})
	if text := fmt.Sprint(p.Err()); strings.Contains(text, "eyJ") || strings.Contains(text, "12345") ||
		!strings.Contains(text, "3 validation errors detected: Value at 'webIdentityToken' failed to satisfy constraint: "+
			"Member must have length greater than or equal to 4; Value at 'secrets' failed") {
		t.Error(text)
	}
}

// TestMessagesAreBounded: a message does not repeat more than the beginning of a long value, nor
// describe more violations than a person reads, though it counts them all.
func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	p := params(t, "A="+strings.Repeat("€", 5000))
	p.String("A", awsquery.Rule{MaxLength: 1})
	if text := fmt.Sprint(p.Err()); !strings.Contains(text, "'"+strings.Repeat("€", 1024)+"...' at 'a'") {
		t.Error(text)
	}
	var text strings.Builder
	for i := 1; i <= 500; i++ {
		fmt.Fprintf(&text, "Tags.member.%d.Value=v&", i)
	}
	p = params(t, text.String())
	for _, tag := range p.Structs("Tags", awsquery.Rule{}) {
		tag.String("Key", tagKey)
	}
	if text := fmt.Sprint(p.Err()); !strings.Contains(text, "500 validation errors detected: ") ||
		strings.Count(text, "Value null") != 50 {
		t.Error(text)
	}
}

// TestRecordedValidation: the message that STS itself was recorded with.
func TestRecordedValidation(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(testneed.Shared(t, "answers", "sts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var recorded map[string]struct {
		Content map[string]struct {
			Error            struct{ Code, Message, Type string }
			ResponseMetadata struct{ HTTPStatusCode int }
		} `json:"recorded-content"`
	}
	if err := json.Unmarshal(b, &recorded); err != nil {
		t.Fatal(err)
	}
	want := recorded["test_sts_invalid_parameters"].Content["invalid-session-name"]
	if want.Error.Code == "" {
		t.Fatal("the recording is not there")
	}
	value := regexp.MustCompile(`Value '([^']*)'`).FindStringSubmatch(want.Error.Message)[1]
	p := params(t, "RoleArn=arn:aws:iam::111111111111:role/r&RoleSessionName="+url.QueryEscape(value))
	p.String("RoleArn", arn)
	p.String("RoleSessionName", sessionName)
	e, ok := errors.AsType[*awsquery.Error](p.Err())
	if !ok || e.Code != want.Error.Code || e.Message != want.Error.Message || e.HTTPStatus() != want.ResponseMetadata.HTTPStatusCode {
		t.Errorf("%v; want %+v", p.Err(), want)
	}
}

// FuzzParams: reading a form as whatever input never panics, and a list that is accepted has each
// of its parameters.
func FuzzParams(f *testing.F) {
	for _, seed := range []string{
		"RoleSessionName=me&Tags.member.1.Key=a&Tags.member.1.Value=b&Keys.member.1=x&Keys.member.2=y", "Keys=", "Keys=1", "Keys.member.2=x",
		"DurationSeconds=900&Force=true", "Tags.member.1=&Tags.member.1.Key", "Keys.member.1.=x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		form, err := awsquery.Parse(text)
		if err != nil {
			return
		}
		p := awsquery.NewParams(form)
		keys := p.Strings("Keys", awsquery.Rule{}, awsquery.Rule{})
		if p.Err() == nil {
			n := 0
			values, _ := url.ParseQuery(form.Encode())
			for name := range values {
				if strings.HasPrefix(name, "Keys.") {
					n++
				}
			}
			if n != len(keys) {
				t.Fatalf("%d of %d members of %q", len(keys), n, text)
			}
			for i, key := range keys {
				if got, _ := form.Get("Keys.member." + strconv.Itoa(i+1)); got != key {
					t.Fatalf("member %d of %q is %q", i+1, text, key)
				}
			}
		}
		read(awsquery.NewParams(form))
	})
}
