package userpool_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// TestGoSDK: aws-sdk-go-v2 as an administrator and as a user: answers have the members and types
// that it reads, and errors are those that it knows.
func TestGoSDK(t *testing.T) {
	t.Parallel()
	s := startNow(t)
	s.mu.Lock()
	s.at = time.Now()
	s.mu.Unlock()
	client := cognito.New(cognito.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(s.server.URL), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: s.admin.Credential.AccessKeyID, SecretAccessKey: s.admin.Credential.Secret.Reveal()}, nil
		}),
	})
	ctx := t.Context()
	made, err := client.AdminCreateUser(ctx, &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(poolID), Username: aws.String("bob"), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("bob@example.com")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	u := made.User
	if u.UserStatus != types.UserStatusTypeForceChangePassword || !u.Enabled || time.Since(*u.UserCreateDate).Abs() > time.Minute {
		t.Errorf("%+v", u)
	}
	if _, err = client.AdminSetUserPassword(ctx, &cognito.AdminSetUserPasswordInput{
		UserPoolId: aws.String(poolID), Username: aws.String("bob"), Password: aws.String(password), Permanent: true,
	}); err != nil {
		t.Fatal(err)
	}
	signIn := func(password string) (*cognito.InitiateAuthOutput, error) {
		return client.InitiateAuth(ctx, &cognito.InitiateAuthInput{
			ClientId: aws.String(clientID), AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": "bob", "PASSWORD": password},
		})
	}
	in, err := signIn(password)
	if err != nil {
		t.Fatal(err)
	}
	if in.AuthenticationResult.ExpiresIn != 3600 || *in.AuthenticationResult.TokenType != "Bearer" {
		t.Errorf("%+v", in.AuthenticationResult)
	}
	if _, err = signIn(password2); !is[*types.NotAuthorizedException](err) {
		t.Errorf("a wrong password: %v", err)
	}
	refresh := func() (*cognito.GetTokensFromRefreshTokenOutput, error) {
		return client.GetTokensFromRefreshToken(ctx, &cognito.GetTokensFromRefreshTokenInput{
			ClientId: aws.String(clientID), RefreshToken: in.AuthenticationResult.RefreshToken,
		})
	}
	next, err := refresh()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = client.GetTokensFromRefreshToken(ctx, &cognito.GetTokensFromRefreshTokenInput{
		ClientId: aws.String(clientID), RefreshToken: next.AuthenticationResult.RefreshToken,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err = refresh(); !is[*types.RefreshTokenReuseException](err) {
		t.Errorf("a token that was used: %v", err)
	}
	listed, err := client.ListUsers(ctx, &cognito.ListUsersInput{UserPoolId: aws.String(poolID), Limit: aws.Int32(10)})
	if err != nil || len(listed.Users) != 1 {
		t.Errorf("%v %v", listed, err)
	}
	pool, err := client.DescribeUserPool(ctx, &cognito.DescribeUserPoolInput{UserPoolId: aws.String(poolID)})
	if err != nil || *pool.UserPool.Policies.PasswordPolicy.MinimumLength != 8 || pool.UserPool.EstimatedNumberOfUsers != 1 {
		t.Errorf("%v %v", pool, err)
	}
	app, err := client.DescribeUserPoolClient(ctx, &cognito.DescribeUserPoolClientInput{
		UserPoolId: aws.String(poolID), ClientId: aws.String(clientID),
	})
	if err != nil || app.UserPoolClient.RefreshTokenRotation.Feature != types.FeatureTypeEnabled ||
		!*app.UserPoolClient.EnableTokenRevocation {
		t.Errorf("%v %v", app, err)
	}
	_, err = client.AdminGetUser(ctx, &cognito.AdminGetUserInput{UserPoolId: aws.String(poolID), Username: aws.String("nobody")})
	if !is[*types.UserNotFoundException](err) {
		t.Errorf("a user who does not exist: %v", err)
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
