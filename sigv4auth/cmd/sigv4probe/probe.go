package main

import (
	"cmp"
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
	lacks    string // the first check of those that it is made of which was not admitted, "" if there is none
}

// What ends a run early.
var (
	errLimit       = errors.New("-limit is reached")
	errDuration    = errors.New("-duration is over")
	errInterrupted = errors.New("stopped by a signal")
)

// A prober sends the checks, one after the other.
type prober struct {
	*options
	checks   []check
	done     map[string]result
	controls map[string]int
	sent     int
	next     time.Time
}

// probeAll makes the checks that o asks for. The report holds what was found, also where an error
// says why the checks could not be made or were not finished.
func probeAll(ctx context.Context, o *options) (*report, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.duration, errDuration)
	defer cancel()
	p := &prober{options: o, checks: catalogue(o), done: map[string]result{}, controls: map[string]int{}}
	r := newReport(o)
	defer func() { r.Requests = p.sent }()
	if err := p.probePlain(ctx); err != nil {
		return r, err
	}
	for _, c := range p.checks {
		if !o.only.MatchString(c.name) {
			continue
		}
		one, err := p.probe(ctx, c)
		if err != nil {
			return r, fmt.Errorf("stopped in the check %q, after %d requests: %w", c.name, p.sent, whyStopped(ctx, err))
		}
		r.add(one)
	}
	if len(r.Results) == 0 {
		return r, errors.New("-run matches no check")
	}
	return r, nil
}

// whyStopped returns the reason for which ctx ended, if it did, or else err.
func whyStopped(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); cause {
	case nil:
		return err
	case context.Canceled:
		return errInterrupted
	default:
		return cause
	}
}

// probePlain finds out whether there is anything to check: most requests are made of a plain GET,
// the others of a plain POST.
func (p *prober) probePlain(ctx context.Context) error {
	var answers []string
	for _, name := range []string{plainGET, bodyPOST} {
		c, _ := find(p.checks, name)
		r, err := p.probe(ctx, c)
		if err != nil {
			return fmt.Errorf("a plain signed request: %w", whyStopped(ctx, err))
		}
		if r.reaction == admitted {
			return nil
		}
		answers = append(answers, fmt.Sprintf("  %s: %s", name, r.Answer))
	}
	return fmt.Errorf("nothing can be checked: the endpoint admits no plain signed request\n%s\n"+
		"  Look at the key, -region, -service, -path-style and -body, and at the policies: the key must be\n"+
		"  allowed GET, POST, PUT and DELETE on the URL and on everything below it", strings.Join(answers, "\n"))
}

// probe makes the check, and before it those that it is made of.
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
			r.lacks = cmp.Or(base.lacks, c.of)
			r.Verdict, r.Answer = notTested, fmt.Sprintf("%q was not admitted", r.lacks)
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
		without, err := p.withoutCredentials(ctx, request)
		if err != nil {
			return result{}, err
		}
		if without == got.status {
			got.reaction = unverified
		}
	}
	r.judge(c, got)
	if r.Verdict == wronglyRefused && got.reaction == refused && got.code == "" {
		// A service may have refused what the verifier had admitted.
		wrong, err := p.withWrongSignature(ctx, line, c)
		if err != nil {
			return result{}, err
		}
		if wrong.reaction == refused && wrong.status != got.status {
			r.Verdict, r.Class = notTested, ""
			r.Answer += fmt.Sprintf(", but %d with a wrong signature: refused for another reason", wrong.status)
			if len(request.body) > 0 {
				r.Answer += "; is it -body?"
			}
		}
	}
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
		r.Verdict, r.Answer = notTested, r.Answer+": by a policy, not for its signature"
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

// credentialParams are the query parameters of presigned URLs.
var credentialParams = []string{
	"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
	"X-Amz-Security-Token", "X-Amz-Signature", "X-Amz-Region-Set",
}

// withoutCredentials returns the status of the same request without credentials, 0 if there is
// none.
func (p *prober) withoutCredentials(ctx context.Context, r *request) (int, error) {
	bare := newRequest(r.method, p.url.Host, r.path, r.query, nil)
	for _, name := range credentialParams {
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

// withWrongSignature returns the answer to the same request, signed again and then with a digit of
// the signature changed.
func (p *prober) withWrongSignature(ctx context.Context, line []check, c check) (answer, error) {
	wrong := check{after: signatureOf(flipLast)}
	r, wire := build(p.options, append(line, wrong), strings.ToLower(rand.Text()))
	return p.send(ctx, r.method, wire, c.cut)
}

// send keeps to the rate and to the limit.
func (p *prober) send(ctx context.Context, method string, wire []byte, cut bool) (answer, error) {
	if p.sent >= p.limit {
		return answer{}, errLimit
	}
	p.sent++
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
