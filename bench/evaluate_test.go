package bench

import (
	"testing"

	"github.com/cedar-policy/cedar-go"

	"github.com/wildgate/wildgate/iampolicy"
)

// The Wild Rydes policy, in both languages, and the request that it allows.
const (
	iamRide   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/*/*/ride"}]}`
	cedarRide = `permit (principal, action == Action::"execute-api:Invoke", resource) when { context.arn like "arn:aws:execute-api:*:*:*/*/*/ride" };`
	rideARN   = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride"
	listARN   = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/rides"
)

// ours returns a decision of iampolicy on the resource.
func ours(tb testing.TB, resource string) func() bool {
	tb.Helper()
	p, err := iampolicy.Parse([]byte(iamRide), iampolicy.Identity)
	if err != nil {
		tb.Fatal(err)
	}
	set := iampolicy.Set{Identity: []*iampolicy.Policy{p}}
	req := iampolicy.Request{
		Principal: iampolicy.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/Rider/alice"},
		Action:    "execute-api:Invoke", Resource: resource, ResourceAccount: "111122223333",
	}
	return func() bool { return iampolicy.Evaluate(&set, &req).Allowed() }
}

// cedars returns cedar-go's decision on the resource, by the equivalent policy.
func cedars(tb testing.TB, resource string) func() bool {
	tb.Helper()
	policies, err := cedar.NewPolicySetFromBytes("ride.cedar", []byte(cedarRide))
	if err != nil {
		tb.Fatal(err)
	}
	entities := cedar.EntityMap{}
	req := cedar.Request{
		Principal: cedar.NewEntityUID("Role", "Rider"), Action: cedar.NewEntityUID("Action", "execute-api:Invoke"), Resource: cedar.NewEntityUID("Api", "rides"),
		Context: cedar.NewRecord(cedar.RecordMap{"arn": cedar.String(resource)}),
	}
	return func() bool {
		decision, _ := cedar.Authorize(policies, entities, req)
		return decision == cedar.Allow
	}
}

func BenchmarkEvaluate(b *testing.B) {
	b.Run("policy=wild-rydes", func(b *testing.B) {
		theirs, decide := cedars(b, rideARN), ours(b, rideARN)
		compare(b, func() { _ = theirs() }, func() { _ = decide() })
	})
}

// TestSelfEvaluate: both engines say the same of what is measured and of what is not allowed, and ours allocates nothing.
func TestSelfEvaluate(t *testing.T) {
	for resource, want := range map[string]bool{rideARN: true, listARN: false} {
		if got := ours(t, resource)(); got != want {
			t.Errorf("iampolicy, %s: %t; want %t", resource, got, want)
		}
		if got := cedars(t, resource)(); got != want {
			t.Errorf("cedar-go, %s: %t; want %t", resource, got, want)
		}
	}
	decide := ours(t, rideARN)
	if got := testing.AllocsPerRun(200, func() { decide() }); got > 0 {
		t.Errorf("%v allocations; want 0", got)
	}
}
