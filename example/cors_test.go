package main_test

import (
	"strings"
	"testing"
)

// The headers that clients send, in the form in which browsers send and compare them.
const (
	// Those of wire.md's CORS rule, to the API.
	corsHeaders = "amz-sdk-invocation-id,amz-sdk-request,authorization,content-type,x-amz-content-sha256,x-amz-date," +
		"x-amz-security-token,x-amz-user-agent,x-api-key"
	// Those of Amplify and the SDKs to the pools.
	poolHeaders = "amz-sdk-invocation-id,amz-sdk-request,cache-control,content-type,x-amz-target,x-amz-user-agent"
)

func (s *site) preflight(path, origin, method, headers string) answer {
	r := s.request("OPTIONS", path, "")
	r.Header.Set("Origin", origin)
	r.Header.Set("Access-Control-Request-Method", method)
	if headers != "" {
		r.Header.Set("Access-Control-Request-Headers", headers)
	}
	return s.send(r)
}

func TestPreflights(t *testing.T) { // threat 133
	s := start(t, t.TempDir(), "-cors", "https://rides.example, http://localhost:5173")
	for _, tt := range []struct {
		name, origin, method, headers string
		allowed                       bool
	}{
		{"one of the origins", "https://rides.example", "POST", corsHeaders, true},
		{"the pools", "https://rides.example", "POST", poolHeaders, true},
		{"the pools, for another origin", "https://other.example", "POST", poolHeaders, false},
		{"the other one", "http://localhost:5173", "POST", "content-type", true},
		{"no headers", "https://rides.example", "GET", "", true},
		{"DELETE", "https://rides.example", "DELETE", "", true},
		{"HEAD", "https://rides.example", "HEAD", "", true},
		{"PUT", "https://rides.example", "PUT", "", false},
		{"PATCH", "https://rides.example", "PATCH", "", false},
		{"another header", "https://rides.example", "POST", "x-other", false},
		{"another origin", "https://other.example", "POST", "content-type", false},
		{"another scheme", "http://rides.example", "POST", "content-type", false},
		{"another port", "https://rides.example:8443", "POST", "content-type", false},
		{"an origin that ends alike", "https://evil-rides.example", "POST", "content-type", false},
		{"no origin at all", "null", "POST", "content-type", false},
	} {
		path := "/prod/ride"
		if tt.headers == poolHeaders {
			path = "/"
		}
		got := s.preflight(path, tt.origin, tt.method, tt.headers)
		allowed := got.header.Get("Access-Control-Allow-Origin") == tt.origin &&
			got.header.Get("Access-Control-Allow-Methods") == tt.method &&
			got.header.Get("Access-Control-Allow-Headers") == tt.headers
		if got.status/100 != 2 || allowed != tt.allowed {
			t.Errorf("%s: %d %v", tt.name, got.status, got.header)
		}
		if got.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: cookies are asked for", tt.name)
		}
	}
	if lines := append(s.logged("admitted"), s.logged("refused")...); len(lines) > 0 {
		t.Errorf("preflights went on to the middleware: %q", lines)
	}
	// OPTIONS that is no preflight is a request like any other.
	r := s.request("OPTIONS", "/prod/ride", "")
	r.Header.Set("Origin", "https://rides.example")
	s.send(r).wants(t, 403)
}

func TestWebPagesMayReadEveryAnswer(t *testing.T) {
	s := start(t, t.TempDir(), "-cors", "https://rides.example")
	for _, tt := range []struct {
		name, caller, path string
		status             int
	}{
		{"admitted", "dispatcher", "/prod/rides", 200},
		{"refused by policy", "newcomer", "/prod/rides", 403},
		{"not found", "rider", "/prod/x/ride", 404},
		{"no signature", "", "/prod/rides", 403},
		{"a malformed path", "", "/prod//rides", 400},
		{"health", "", "/healthz", 200},
		{"the user pool", "POOL", "/", 400},
	} {
		r := s.request("GET", tt.path, "")
		if tt.caller == "POOL" {
			r = s.jsonRequest(userPool, "SignUp", nil)
		}
		r.Header.Set("Origin", "https://rides.example")
		if tt.caller != "" && tt.caller != "POOL" {
			signer(s.credentials(tt.caller)).Sign(r)
		}
		got := s.send(r).wants(t, tt.status)
		if got.header.Get("Access-Control-Allow-Origin") != "https://rides.example" || !strings.Contains(got.header.Get("Vary"), "Origin") {
			t.Errorf("%s: a browser would not show the answer: %v", tt.name, got.header)
		}
		exposed := strings.ToLower(got.header.Get("Access-Control-Expose-Headers"))
		if exposed != "date, x-amzn-errortype, x-amzn-requestid, x-amz-retry-after" {
			t.Errorf("%s: exposed are %q", tt.name, exposed)
		}
	}
	r := s.request("GET", "/healthz", "")
	r.Header.Set("Origin", "https://other.example")
	if got := s.send(r).wants(t, 200); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin may read it: %v", got.header)
	}
}

func TestEveryOriginOnlyIfAskedFor(t *testing.T) {
	s := start(t, t.TempDir(), "-cors", "*")
	got := s.preflight("/prod/ride", "https://any.example", "POST", "content-type")
	if got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v", got.header)
	}
}

func TestWithoutOriginsThereIsNoCORS(t *testing.T) { // threat 133
	s := start(t, t.TempDir())
	got := s.preflight("/prod/ride", "https://rides.example", "POST", "content-type").wants(t, 403)
	for name := range got.header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: %s", name, got.header.Get(name))
		}
	}
}
