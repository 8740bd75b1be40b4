package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A verdict is what a check found.
type verdict string

const (
	passed         verdict = "ok"
	wronglyAdmit   verdict = "wrongly admitted" // a fault of security
	wronglyRefused verdict = "wrongly refused"  // a fault of compatibility
	information    verdict = "information"
	notTested      verdict = "not tested"
)

// A result is one line of the report.
type result struct {
	Check    string   `json:"check"`
	Verdict  verdict  `json:"verdict"`
	Class    string   `json:"class,omitempty"` // security, compatibility, information
	Answer   string   `json:"answer"`
	Reason   string   `json:"reason"`
	Request  []string `json:"request,omitempty"` // of findings: the request, redacted
	reaction reaction
}

var errLimit = errors.New("target: -limit requests are sent")

// A prober sends the checks, one after the other.
type prober struct {
	*options
	checks   []check
	done     map[string]result
	controls map[string]int
	sent     int
	next     time.Time
}

// probe runs the check, and before it those that it is made of.
func (p *prober) probe(ctx context.Context, c check) (result, error) {
	if r, ok := p.done[c.name]; ok {
		return r, nil
	}
	r := result{Check: c.name, Reason: c.why}
	if c.of != "" {
		parent, _ := find(p.checks, c.of)
		base, err := p.probe(ctx, parent)
		if err != nil {
			return result{}, err
		}
		if base.reaction != admitted {
			r.Verdict, r.Answer = notTested, fmt.Sprintf("%q was not admitted", c.of)
			p.done[c.name] = r
			return r, nil
		}
	}
	line, err := lineage(p.checks, c)
	if err != nil {
		return result{}, err
	}
	request, wire := build(p.options, line, strings.ToLower(rand.Text()))
	got, err := p.send(ctx, request.method, wire, c.cut)
	if err != nil {
		return result{}, err
	}
	if got.reaction == admitted && got.status >= 300 {
		// A router may have answered before the verifier was asked.
		without, err := p.control(ctx, request)
		if err != nil {
			return result{}, err
		}
		if without == got.status {
			got.reaction = unverified
		}
	}
	r.judge(c, got)
	if r.Class != "" {
		r.Request = show(wire)
	}
	p.done[c.name] = r
	return r, nil
}

// judge compares what the endpoint did with what it should have done.
func (r *result) judge(c check, got answer) {
	r.reaction, r.Answer = got.reaction, got.String()
	switch {
	case r.reaction == unverified:
		r.Verdict, r.Answer = notTested, fmt.Sprintf("%d, as without credentials", got.status)
	case c.want == admit && got.byPolicy():
		r.Verdict, r.Answer = notTested, r.Answer+": by a policy, not by its signature"
	case c.want == either:
		r.Verdict, r.Class = information, "information"
	case c.want == admit && r.reaction == admitted, c.want == refuse && (r.reaction == refused || r.reaction == closed):
		r.Verdict = passed
	case c.want == admit:
		r.Verdict, r.Class = wronglyRefused, "compatibility"
	case r.reaction == admitted:
		r.Verdict, r.Class = wronglyAdmit, "security"
	default: // failed or silent, where it should have refused
		r.Verdict, r.Class = information, "information"
	}
}

// control returns the status of the same request without credentials, 0 if there is none.
func (p *prober) control(ctx context.Context, r *request) (int, error) {
	bare := newRequest(r.method, p.url.Host, r.path, r.query, nil)
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Security-Token", "X-Amz-Signature", "X-Amz-Region-Set"} {
		bare.delParam(name)
	}
	key := bare.line()
	if status, ok := p.controls[key]; ok {
		return status, nil
	}
	got, err := p.send(ctx, bare.method, bare.wire(), false)
	if err != nil {
		return 0, err
	}
	p.controls[key] = got.status
	return got.status, nil
}

// send keeps to the rate and to the limit.
func (p *prober) send(ctx context.Context, method string, wire []byte, cut bool) (answer, error) {
	if p.sent++; p.sent > p.limit {
		return answer{}, errLimit
	}
	wait := time.NewTimer(time.Until(p.next))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-wait.C:
	}
	p.next = time.Now().Add(time.Duration(float64(time.Second) / p.rate))
	return exchange(ctx, p.options, method, wire, cut)
}
