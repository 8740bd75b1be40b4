package sts

// GuestScope is the session policy that guests of an [IdentityPool] have unless it is configured
// with another: they may do nothing else, whatever their role may do. It allows what AWS allows
// guests in the enhanced flow, of the services that it names: its inline session policy (Amazon
// Cognito Developer Guide, "IAM roles", access policies for unauthenticated identities) and the
// managed policy AmazonCognitoUnAuthedIdentitiesSessionPolicy together, of which a session needs
// one to allow it. What a service of your own is called must be in a policy of yours.
const GuestScope = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` +
	`"cloudwatch:*","logs:*","dynamodb:*","kinesis:*","mobileanalytics:*","s3:*","ses:*","sns:*","sqs:*","lambda:*",` +
	`"machinelearning:*","execute-api:*","iot:*","gamelift:*","cognito-identity:*","cognito-idp:*","lex:*","polly:*",` +
	`"comprehend:*","translate:*","transcribe:*","rekognition:*","mobiletargeting:*","firehose:*","appsync:*",` +
	`"personalize:*","sagemaker:InvokeEndpoint","cognito-sync:*","codewhisperer:*","textract:DetectDocumentText",` +
	`"textract:AnalyzeDocument","sdb:*","rum:PutRumEvents","geo:GetMap*","geo:ListMaps","geo:SearchPlaceIndex*",` +
	`"geo:GetPlace","geo:CalculateRoute*","geo:*Geofence","geo:*Geofences","geo:*DevicePosition*","kms:Encrypt",` +
	`"kms:Decrypt","kms:ReEncryptTo","kms:ReEncryptFrom","kms:GenerateDataKey","kms:GenerateDataKeyPair",` +
	`"kms:GenerateDataKeyPairWithoutPlaintext","kms:GenerateDataKeyWithoutPlaintext"],"Resource":"*"}]}`
