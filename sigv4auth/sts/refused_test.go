package sts_test

import (
	"context"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestRefused: the operator learns of a refusal what the caller does not.
func TestRefused(t *testing.T) {
	t.Parallel()
	var detail string
	d, _ := webDesk(t, func(c *sts.EndpointConfig) {
		c.EndWithKey = true
		c.Refused = func(_ context.Context, err error) { detail = sigv4auth.AsError(err).Detail }
	})
	d.trust(riderARN, trusting(`"AWS": "`+adaARN+`"`))
	d.dir.roles[hubARN] = sigv4auth.Role{ARN: hubARN, ID: "AROAHUB"}
	rider := d.issue(sts.Session{Kind: sts.RoleSession, RoleARN: riderARN, Name: "web"}).Credential
	for _, c := range []struct {
		want string
		ask  func() reply
	}{
		{"the role does not exist", func() reply { return d.assume(d.key(adaKey), riderARN+"2") }},
		{"the role has no trust policy", func() reply { return d.assume(d.key(adaKey), hubARN) }},
		{"names no long-term key", func() reply { return d.assume(rider, hubARN) }},
		{"made up", func() reply { return d.web("another") }},
		{"", func() reply { return d.assume(d.key(adaKey), riderARN) }},
	} {
		detail = ""
		a := c.ask()
		if (a.status == 200) != (c.want == "") || !strings.Contains(detail, c.want) || c.want != "" && strings.Contains(a.body, c.want) {
			t.Errorf("%q; want %q: %d %s", detail, c.want, a.status, a.body)
		}
	}
}
