package iampolicy_test

import (
	"errors"
	"fmt"

	"github.com/wildgate/wildgate/iampolicy"
)

func ExampleEvaluate() {
	policy, err := iampolicy.Parse([]byte(`{
		"Version": "2012-10-17",
		"Statement": [{
			"Sid": "OwnRides",
			"Effect": "Allow",
			"Action": "execute-api:Invoke",
			"Resource": "arn:aws:execute-api:*:*:*/*/*/ride/${aws:username}/*",
			"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
		}]
	}`), iampolicy.IdentityPolicy, iampolicy.WithName("riders"))
	if err != nil {
		fmt.Println(err)
		return
	}
	set := &iampolicy.Set{Identity: []*iampolicy.Policy{policy}}

	principal := iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/riders/alice"}
	req := &iampolicy.Request{
		Principal:       principal,
		Action:          "execute-api:Invoke",
		Resource:        "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/ride/alice/7",
		ResourceAccount: "111122223333",
	}
	req.Context.Set("aws:username", principal.UserName())
	req.Context.Set("aws:SourceIp", "203.0.113.7")

	d := iampolicy.Evaluate(set, req)
	fmt.Println(d.Outcome, d.PolicyName, d.Sid)

	req.Resource = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/ride/bob/8"
	fmt.Println(iampolicy.Evaluate(set, req).Outcome)
	// Output:
	// allowed riders OwnRides
	// implicitDeny
}

func ExampleParse() {
	_, err := iampolicy.Parse([]byte(`{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "allow",
    "Action": "Invoke",
    "Resource": "*",
    "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}
  }]
}`), iampolicy.IdentityPolicy)
	if e, ok := errors.AsType[*iampolicy.ParseError](err); ok {
		for _, m := range e.Findings {
			fmt.Printf("rides.json:%v\n", m)
		}
	}
	// Output:
	// rides.json:4:15: Statement[0].Effect: Effect "allow" is neither "Allow" nor "Deny", in this case
	// rides.json:5:15: Statement[0].Action: "Invoke" is no action: it needs the form service:name, or "*"
	// rides.json:7:49: Statement[0].Condition.IpAddress.aws:SourceIp: "10.0.0.0/33" is neither an IP address nor a CIDR block
}

// A policy is printed in one way, however its document is written.
func ExamplePolicy_String() {
	policy, err := iampolicy.Parse([]byte(`{"Statement": {
		"Resource": ["arn:aws:s3:::rides/${aws:username}/*"],
		"Action": ["s3:GetObject", "s3:PutObject"], "Effect": "Allow",
		"Condition": {"Bool": {"aws:SecureTransport": true}}
	}, "Version": "2012-10-17"}`), iampolicy.IdentityPolicy)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(policy)
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Effect": "Allow",
	//       "Action": [
	//         "s3:GetObject",
	//         "s3:PutObject"
	//       ],
	//       "Resource": "arn:aws:s3:::rides/${aws:username}/*",
	//       "Condition": {
	//         "Bool": {
	//           "aws:SecureTransport": "true"
	//         }
	//       }
	//     }
	//   ]
	// }
}

func ExampleWithAPIGateway() {
	policy, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/GET/healthz"
	}}`), iampolicy.ResourcePolicy, iampolicy.WithAPIGateway("us-east-1", "111122223333", "rides"))
	if err != nil {
		fmt.Println(err)
		return
	}
	req := &iampolicy.Request{ // the zero Principal is anonymous
		Action:          "execute-api:Invoke",
		Resource:        "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/healthz",
		ResourceAccount: "111122223333",
	}
	fmt.Println(iampolicy.Evaluate(&iampolicy.Set{Resource: policy}, req).Allowed())
	// Output: true
}

// The tags of a request are multivalued. Set with Set, a list of one is no list:
// then a request with one tag is decided otherwise than a request with two.
func ExampleContext_SetMany_incorrect() {
	policy, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Action": "*", "Resource": "*",
		"Condition": {"StringEquals": {"aws:TagKeys": "team"}}
	}}`), iampolicy.IdentityPolicy)
	if err != nil {
		fmt.Println(err)
		return
	}
	set := &iampolicy.Set{Identity: []*iampolicy.Policy{policy}}
	req := &iampolicy.Request{
		Principal: iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"},
		Action:    "ec2:CreateTags", Resource: "arn:aws:ec2:us-east-1:111122223333:instance/i-1", ResourceAccount: "111122223333",
	}

	req.Context.Set("aws:TagKeys", "team") // incorrect: hides that the policy lacks ForAllValues or ForAnyValue
	fmt.Println("Set:", iampolicy.Evaluate(set, req).Allowed())

	req.Context.SetMany("aws:TagKeys", "team") // correct, also for one value
	fmt.Println("SetMany:", iampolicy.Evaluate(set, req).Allowed())
	// Output:
	// Set: true
	// SetMany: false
}

// A negated operator matches a key that is missing. Who forgets to fill a key
// opens what the policy means to keep shut.
func ExampleRequest_incorrect() {
	policy, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Action": "*", "Resource": "*",
		"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
	}}`), iampolicy.IdentityPolicy)
	if err != nil {
		fmt.Println(err)
		return
	}
	set := &iampolicy.Set{Identity: []*iampolicy.Policy{policy}}
	req := &iampolicy.Request{ // incorrect: no aws:SourceIp
		Principal: iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"},
		Action:    "s3:GetObject", Resource: "arn:aws:s3:::rides/7", ResourceAccount: "111122223333",
	}
	fmt.Println(iampolicy.Evaluate(set, req).Allowed())

	req.Context.Set("aws:SourceIp", "203.0.113.9") // correct: the address of the peer
	fmt.Println(iampolicy.Evaluate(set, req).Allowed())
	// Output:
	// true
	// false
}
