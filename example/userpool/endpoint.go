package userpool

import (
	"net/http"
	"slices"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// targetPrefix is what X-Amz-Target of the service's operations begins with.
const targetPrefix = "AWSCognitoIdentityProviderService"

// actionPrefix is what the service's actions begin with.
const actionPrefix = "cognito-idp:"

// maxBody fits the longest input: fifty attributes of 2,048 characters, most of them escaped.
const maxBody = 256 << 10

func (p *Pool) service() *awsjson.Service {
	open := func(run func(*http.Request, *awsjson.Input) (any, error)) awsjson.Operation {
		return awsjson.Operation{Unsigned: true, Run: run}
	}
	signed := func(run func(*http.Request, *awsjson.Input) (any, error)) awsjson.Operation {
		return awsjson.Operation{Run: func(r *http.Request, in *awsjson.Input) (any, error) {
			id := in.String("UserPoolId", poolRule)
			if err := in.Err(); err != nil {
				return nil, err
			}
			if id != p.cfg.ID {
				return nil, errNoPool(id)
			}
			return run(r, in)
		}}
	}
	return &awsjson.Service{
		Target: targetPrefix, Invalid: "InvalidParameterException", MaxBytes: maxBody, RequestID: sigv4auth.RequestIDFrom,
		Fault: func(r *http.Request, err error) *awsjson.Error {
			p.cfg.Failed(r.Context(), err)
			return nil
		},
		Operations: map[string]awsjson.Operation{
			"SignUp": open(p.signUp), "ConfirmSignUp": open(p.confirmSignUp), "ResendConfirmationCode": open(p.resendConfirmationCode),
			"InitiateAuth":              open(p.initiateAuth),
			"RespondToAuthChallenge":    open(p.respondToAuthChallenge),
			"GetTokensFromRefreshToken": open(p.getTokensFromRefreshToken), "RevokeToken": open(p.revokeToken),
			"ForgotPassword": open(p.forgotPassword), "ConfirmForgotPassword": open(p.confirmForgotPassword),

			"GetUser": open(p.account(p.getUser)), "UpdateUserAttributes": open(p.account(p.updateUserAttributes)),
			"GetUserAttributeVerificationCode": open(p.account(p.getVerificationCode)),
			"VerifyUserAttribute":              open(p.account(p.verifyUserAttribute)),
			"ChangePassword":                   open(p.account(p.changePassword)), "GlobalSignOut": open(p.account(p.globalSignOut)),
			"DeleteUser": open(p.account(p.deleteUser)),

			"AdminCreateUser": signed(p.adminCreateUser), "AdminSetUserPassword": signed(p.adminSetUserPassword),
			"AdminConfirmSignUp": signed(p.adminConfirmSignUp), "AdminDisableUser": signed(p.adminDisableUser),
			"AdminEnableUser": signed(p.adminEnableUser), "AdminGetUser": signed(p.adminGetUser),
			"AdminDeleteUser": signed(p.adminDeleteUser), "AdminUserGlobalSignOut": signed(p.adminUserGlobalSignOut),
			"AdminUpdateUserAttributes":   signed(p.adminUpdateUserAttributes),
			"AdminInitiateAuth":           signed(p.adminInitiateAuth),
			"AdminRespondToAuthChallenge": signed(p.respondToAuthChallenge),
			"ListUsers":                   signed(p.listUsers), "DescribeUserPool": signed(p.describeUserPool),
			"DescribeUserPoolClient": signed(p.describeUserPoolClient),
		},
	}
}

// Handler returns the handler of the Cognito user pools endpoint: AWS JSON, by POST, for all
// paths. signed stands around the operations of administrators, verifies their signatures and
// decides by policies: [sigv4auth.Authenticator.Require] with the Check of an Authorizer whose
// Target is [Pool.Target]. Its Config.Denied is [Pool.WriteError], and its Service cognito-idp.
// The other operations are for everybody, within Config.Limits. CORS is for who mounts the
// handler.
func (p *Pool) Handler(signed func(http.Handler) http.Handler) http.Handler {
	service := p.service()
	return service.Handler(signed, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			client, _ := p.cfg.ClientIP(r)
			if !p.limiter.enter(client, p.now()) {
				service.WriteError(w, r, errRate())
				return
			}
			next.ServeHTTP(w, r)
		})
	})
}

// Actions returns the actions of the policies of administrators, such as cognito-idp:ListUsers, in
// order: those that [Pool.Target] names. The other operations are for everybody, without a policy.
func Actions() (actions []string) {
	for name, operation := range new(Pool).service().Operations {
		if !operation.Unsigned {
			actions = append(actions, actionPrefix+name)
		}
	}
	slices.Sort(actions)
	return actions
}

// WriteError answers a refused request as the endpoint does: a Config.Denied.
func (p *Pool) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	p.service().WriteError(w, r, err)
}

// Target names what a signed request asks for, cognito-idp:OPERATION on the pool's ARN: an
// AuthorizerConfig.Target. Whichever pool the request names, there is this one.
func (p *Pool) Target(r *http.Request) (action, resource string) {
	operation, _, err := awsjson.Asked(r)
	if err != nil {
		return "", "" // denies
	}
	return actionPrefix + operation, p.arn
}

// IsRequest reports whether a request is one for [Pool.Handler], by X-Amz-Target, where one
// address serves several services.
func IsRequest(r *http.Request) bool {
	target := r.Header["X-Amz-Target"]
	return len(target) == 1 && len(target[0]) > len(targetPrefix) && target[0][:len(targetPrefix)+1] == targetPrefix+"."
}
