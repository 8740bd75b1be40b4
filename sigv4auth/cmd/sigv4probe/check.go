package main

import (
	"errors"
	"fmt"
	"time"
)

// An expectation is what the endpoint should do with a check's request.
type expectation int

const (
	either expectation = iota // AWS's services differ, or it is an option: information
	admit                     // an unmodified client sends this: a refusal is a fault of compatibility
	refuse                    // the signature's rules forbid it: to admit it is a fault of security
)

// A check is one request. It is made from the request of another check, the one named by of, by
// changing it before or after it is signed.
type check struct {
	name   string // unique, a sentence's beginning
	of     string // the check whose request this one changes, and which must be admitted for this one to say anything; "": the plain GET
	want   expectation
	except pathStyle    // in which want is either, since there the two paths are one by definition
	why    string       // what it means if the endpoint does otherwise
	before func(*draft) // changes what will be signed; nil: nothing
	after  func(*draft) // changes what was signed; nil: nothing
	raw    func(wire []byte) []byte
	cut    bool // close the sending side when all is written
}

// A draft is a request on its way to being signed, with its signer.
type draft struct {
	*request
	*signer
	contentType, content string // of requests with a body, as the options have them
	decoded              []byte // the body before aws-chunked
}

// catalogue returns all checks that the options ask for; each stands behind the one it is made of.
func catalogue(o *options) []check {
	all := [][]check{
		goodRequests, requestChanges, bodyChanges, credentialChanges, timeChanges,
		presignedRequests, presignedChanges, hostileRequests,
	}
	if o.token != "" {
		all = append(all, tokenChanges)
	}
	if o.streaming {
		all = append(all, streamedRequests)
	}
	if o.sigv4a {
		all = append(all, sigv4aRequests)
	}
	var checks []check
	for _, part := range all {
		checks = append(checks, part...)
	}
	for i, c := range checks {
		if c.except != "" && c.except == o.style {
			checks[i].want, checks[i].why = either, "in the path style "+string(c.except)+" it is the same path"
		}
	}
	return append(checks, check{
		name: "GET, after all the others", of: plainGET, want: admit,
		why: "an earlier request has changed the endpoint's state",
	})
}

// lineage returns c behind the checks that it is made of, the first of all first.
func lineage(checks []check, c check) ([]check, error) {
	line := []check{c}
	for line[0].of != "" {
		parent, ok := find(checks, line[0].of)
		if !ok {
			return nil, fmt.Errorf("target: the check %q is made of %q, which does not exist", line[0].name, line[0].of)
		}
		if len(line) > len(checks) {
			return nil, errors.New("target: checks are made of each other")
		}
		line = append([]check{parent}, line...)
	}
	return line, nil
}

func find(checks []check, name string) (check, bool) {
	for _, c := range checks {
		if c.name == name {
			return c, true
		}
	}
	return check{}, false
}

// build returns the check's request, signed now: not earlier, since verifiers look at the clock.
// The invocation ID, which AWS's SDKs send and sign, keeps a guard against replays from taking two
// checks for one request.
func build(o *options, line []check, invocation string) (*request, []byte) {
	d := &draft{
		contentType: o.contentType, content: o.content,
		request: newRequest("GET", o.url.Host, o.path(), o.url.RawQuery, nil),
		signer: &signer{
			algorithm: hmacAlgorithm, accessKey: o.accessKey, secret: o.secret, token: o.token,
			at: time.Now(), region: o.region, service: o.service, terminator: terminator, style: o.style,
		},
	}
	d.add("Amz-Sdk-Invocation-Id", invocation)
	for _, c := range line {
		if c.before != nil {
			c.before(d)
		}
	}
	if o.service == "s3" && !d.presigned && d.get(contentSHA256) == "" {
		d.set(contentSHA256, sha256Hex(d.body)) // what S3's clients always send
	}
	d.sign(d.request)
	for _, c := range line {
		if c.after != nil {
			c.after(d)
		}
	}
	wire := d.wire()
	for _, c := range line {
		if c.raw != nil {
			wire = c.raw(wire)
		}
	}
	return d.request, wire
}
