module github.com/wildgate/wildgate

go 1.26.0

require (
	github.com/aws/aws-sdk-go-v2 v1.47.7
	github.com/aws/smithy-go v1.28.8
	github.com/hashicorp/golang-lru/v2 v2.0.7
)

// Test dependencies.
require (
	github.com/aws/aws-sdk-go-v2/credentials v1.20.15
	github.com/aws/smithy-go/aws-http-auth v1.1.3
	github.com/google/go-cmp v0.7.0
)
