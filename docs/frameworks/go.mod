module github.com/wildgate/wildgate/docs/frameworks

go 1.26.0

require (
	github.com/aws/aws-sdk-go-v2 v1.47.7
	github.com/wildgate/wildgate v0.1.0
)

require (
	github.com/aws/smithy-go v1.28.8 // indirect
	github.com/hashicorp/golang-lru/v2 v2.0.7 // indirect
)
