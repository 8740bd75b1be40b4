module github.com/wildgate/wildgate/sigv4auth/clienttest

go 1.26.0

require (
	github.com/aws/aws-sdk-go-v2 v1.47.7
	github.com/aws/smithy-go/aws-http-auth v1.1.3
	github.com/wildgate/wildgate v0.0.0
)

require (
	github.com/aws/smithy-go v1.28.8 // indirect
	github.com/hashicorp/golang-lru/v2 v2.0.7 // indirect
)

replace github.com/wildgate/wildgate => ../../
