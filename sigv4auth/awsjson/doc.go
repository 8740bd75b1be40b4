// Package awsjson speaks AWS JSON, in which Cognito Identity and Cognito user pools are written: an
// operation is named by the header X-Amz-Target, its input and its output are JSON objects, and so
// are errors.
//
// A [Service] is the table of a service's operations, and [Service.Handler] the HTTP side of it. An
// [Operation] reads its [Input] with the rules of the service's model, and what is wrong with it is
// told in the words that AWS's services use:
//
//	service := &awsjson.Service{Target: "AWSCognitoIdentityService", Operations: map[string]awsjson.Operation{
//		"GetId": {Unsigned: true, Run: func(r *http.Request, in *awsjson.Input) (any, error) {
//			pool := in.String("IdentityPoolId", awsjson.Rule{Required: true, MinLength: 1, MaxLength: 55})
//			if err := in.Err(); err != nil {
//				return nil, err
//			}
//			...
//			return struct{ IdentityId string }{id}, nil
//		}},
//	}}
//
// Operations are unsigned, where the caller shows something else than a signature, or signed: an
// sigv4auth.Authenticator stands around these, whose Config.Denied is [Service.WriteError]. CORS
// is for who mounts the handler, around it.
//
// # What is accepted
//
// A request is a POST, to any path, of application/x-amz-json-1.1 or 1.0, or application/json, and
// is answered in the type that it came in. Its body is one JSON object, of bounded size, depth and
// number of values. What two readers could understand differently is refused with
// SerializationException: a member that comes twice, text that is not UTF-8 or has lost a
// character, and anything behind the object. A member that nobody reads is ignored, as AWS has it,
// since newer clients send more; null is as if the member were not there; and a value of a wrong
// type is a SerializationException.
//
// The protocol is described in "AWS JSON 1.1 protocol" and "AWS JSON 1.0 protocol" of the Smithy
// documentation.
package awsjson
