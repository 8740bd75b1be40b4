package sts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// meanwhile is a directory in which something happens once, when it has been asked about the caller
// of a request: between the verification and the decision.
type meanwhile struct {
	*directory
	do func()
}

func (m *meanwhile) happen() {
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
}

func (m *meanwhile) Role(ctx context.Context, arn string) (sigv4auth.Role, error) {
	defer m.happen()
	return m.directory.Role(ctx, arn)
}

func (m *meanwhile) Credential(ctx context.Context, id, token string) (sigv4auth.Credential, error) {
	defer m.happen()
	return m.directory.Credential(ctx, id, token)
}

// TestEndedWhileItAsks: a session whose ring key is retired between its verification and the
// decision has ended: it gets no session, and above all none without its transitive tags (threats
// 191 and 233). A session that another store knows goes on.
func TestEndedWhileItAsks(t *testing.T) {
	t.Parallel()
	keys, clock := keyring.New(start), sigv4test.NewClock(start)
	dir := newDirectory()
	asked := &meanwhile{directory: dir}
	d := newDesk(newProcess(t, dir, clock, &keys, func(c *sts.StoreConfig) { c.Roles, c.Credentials = asked, asked }))
	dir.roles[hubARN] = sigv4auth.Role{ARN: hubARN, ID: "AROAHUB"}
	d.trust(riderARN, trusting(`"AWS": "`+adaARN+`"`))
	d.trust(hubARN, trusting(`"AWS": "`+riderARN+`"`))
	tags := func(team string) []string {
		return []string{"Tags.member.1.Key", "team", "Tags.member.1.Value", team}
	}
	rider := d.assume(d.key(adaKey), riderARN, append(tags("ops"), "TransitiveTagKeys.member.1", "team")...).credential()
	first := keys.List()[0].ID
	asked.do = func() {
		rotated, err := keys.Rotate(clock.Now(), keyring.Rotation{Delay: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if keys, err = rotated.Retire(first); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Millisecond) // the ring looks again
	}
	a := d.assume(rider, hubARN, tags("admin")...)
	if a.status != 403 || a.code != "InvalidClientTokenId" || asked.do != nil {
		t.Errorf("%d %s", a.status, a.body)
	}
	if e := d.last(); e.Outcome != sigv4auth.Refused || e.Reason != sigv4auth.ErrUnrecognizedClient {
		t.Errorf("%+v", e)
	}

	const pool = "ASIAOFAPOOL"
	dir.keys[pool] = sigv4auth.Credential{
		AccessKeyID: pool, Secret: sigv4auth.NewSecret("a-secret-of-a-pool"), SessionToken: sigv4auth.NewSecret("its-token"),
		Principal: iampolicy.Principal{
			ARN: "arn:aws:sts::111122223333:assumed-role/Rider/pool", RoleARN: riderARN, UserID: "AROARIDER:pool",
			Type: iampolicy.AssumedRole,
		},
		Session: &sigv4auth.Session{SourceIdentity: "pool", IssuedAt: start},
	}
	if a := d.assume(d.key(pool), hubARN); a.status != 200 || a.text("SourceIdentity") != "pool" {
		t.Errorf("another store's: %d %s", a.status, a.body)
	}
	verified := d.key(pool)
	for _, c := range []struct {
		name   string
		change func()
		code   string
	}{
		{"is gone", func() { dir.keys = without(dir.keys, pool) }, "InvalidClientTokenId"},
		{"has expired", func() { dir.fails = sigv4auth.ErrExpiredToken }, "ExpiredToken"},
		{"is another's", func() {
			c := verified
			c.Principal.UserID = "AROAOTHER:pool"
			dir.keys[pool] = c
		}, "InvalidClientTokenId"},
		{"cannot be had", func() { dir.fails = errors.New("connection refused to secret-host") }, "ServiceUnavailable"},
	} {
		dir.keys[pool], asked.do = verified, c.change
		if a := d.assume(verified, hubARN); a.code != c.code || strings.Contains(a.body, "secret-host") {
			t.Errorf("another store's that %s: %d %s", c.name, a.status, a.body)
		}
		dir.fails = nil
	}
}
