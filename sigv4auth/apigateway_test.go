package sigv4auth_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

func TestAPIGatewayTarget(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		g            sigv4auth.APIGateway
		method, path string
		resource     string
	}{
		{"a path in the stage", testAPI, "POST", "/prod/ride", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride"},
		{"decoded", testAPI, "GET", "/prod/a b", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/a b"},
		{"colons are the path's", testAPI, "GET", "/prod/a:b", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/a:b"},
		{"the root of the stage", testAPI, "GET", "/prod/", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/"},
		{"threat 138: the stage without a slash", testAPI, "GET", "/prod", ""},
		{"a slash in a field", sigv4auth.APIGateway{Region: "r", AccountID: "1", APIID: "a/prod/GET", Stage: "s"}, "GET", "/s/x", ""},
		{"a colon in a field", sigv4auth.APIGateway{Region: "r:1", AccountID: "1", APIID: "a", Stage: "s"}, "GET", "/s/x", ""},
		{"a star in a field", sigv4auth.APIGateway{Region: "r", AccountID: "1", APIID: "*", Stage: "s"}, "GET", "/s/x", ""},
		{"another stage", testAPI, "GET", "/dev/ride", ""},
		{"a stage that begins like it", testAPI, "GET", "/prodx/ride", ""},
		{"another case", testAPI, "GET", "/Prod/ride", ""},
		{"no slash", testAPI, "GET", "prod/ride", ""},
		{
			"the default stage",
			sigv4auth.APIGateway{Region: "r", AccountID: "1", APIID: "a", Stage: "$default"},
			"GET", "/ride",
			"arn:aws:execute-api:r:1:a/$default/GET/ride",
		},
		{
			"another partition",
			sigv4auth.APIGateway{Partition: "aws-cn", Region: "r", AccountID: "1", APIID: "a", Stage: "s"},
			"GET",
			"/s/x", "arn:aws-cn:execute-api:r:1:a/s/GET/x",
		},
		{"no account", sigv4auth.APIGateway{Region: "r", APIID: "a", Stage: "s"}, "GET", "/s/x", ""},
		{"the zero value", sigv4auth.APIGateway{}, "GET", "/s/x", ""},
	}
	for _, tt := range tests {
		action, resource := tt.g.Target(&http.Request{Method: tt.method, URL: &url.URL{Path: tt.path}})
		want := "execute-api:Invoke"
		if tt.resource == "" {
			want = ""
		}
		if action != want || resource != tt.resource {
			t.Errorf("%s: %q, %q; want %q, %q", tt.name, action, resource, want, tt.resource)
		}
	}
}
