package userpool

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// The flows of InitiateAuth and AdminInitiateAuth that there are.
const (
	userSRP           = "USER_SRP_AUTH"
	userPassword      = "USER_PASSWORD_AUTH"
	refreshAuth       = "REFRESH_TOKEN_AUTH"
	refreshAuthShort  = "REFRESH_TOKEN"
	adminUserPassword = "ADMIN_USER_PASSWORD_AUTH"
	adminNoSRP        = "ADMIN_NO_SRP_AUTH"
)

// The challenges that there are.
const (
	passwordVerifier    = "PASSWORD_VERIFIER"
	newPasswordRequired = "NEW_PASSWORD_REQUIRED"
)

var flowRule = awsjson.Rule{Required: true, Enum: []string{
	userSRP, refreshAuth, refreshAuthShort, "CUSTOM_AUTH", adminNoSRP, userPassword, adminUserPassword, "USER_AUTH",
}}

// signedIn is the answer with tokens.
type signedIn struct {
	AuthenticationResult *authenticationResult
	ChallengeParameters  struct{}
}

// challenged is the answer with a challenge.
type challenged struct {
	ChallengeName       string
	ChallengeParameters map[string]string
	Session             string `json:",omitempty"`
}

// initiateAuth is InitiateAuth.
func (p *Pool) initiateAuth(r *http.Request, in *awsjson.Input) (any, error) {
	return p.initiate(r, in, false)
}

// adminInitiateAuth is AdminInitiateAuth.
func (p *Pool) adminInitiateAuth(r *http.Request, in *awsjson.Input) (any, error) {
	return p.initiate(r, in, true)
}

func (p *Pool) initiate(r *http.Request, in *awsjson.Input, admin bool) (any, error) {
	id, flow := in.String("ClientId", clientRule), in.String("AuthFlow", flowRule)
	params := in.Map("AuthParameters", sensitive, awsjson.Rule{}, sensitive)
	if err := in.Err(); err != nil {
		return nil, err
	}
	c := p.client(id)
	if c == nil {
		return nil, errNoClient(id)
	}
	if flow == refreshAuth || flow == refreshAuthShort {
		return p.refreshFlow(r.Context(), c, params)
	}
	password := flow == userPassword && !admin && !c.NoPasswords || admin && (flow == adminUserPassword || flow == adminNoSRP)
	if flow != userSRP && !password {
		return nil, invalid("%s is not enabled for the client.", flow)
	}
	name := params["USERNAME"]
	switch {
	case name == "":
		return nil, missing("USERNAME")
	case len(name) > 4*usernameRule.MaxLength || !isGraphicText(name):
		return nil, errPassword()
	}
	if err := c.checkHash(params["SECRET_HASH"], name); err != nil {
		return nil, err
	}
	if password {
		return p.passwordFlow(r, c, fold(name), params["PASSWORD"])
	}
	return p.startSRP(r, c, fold(name), params["SRP_A"])
}

// passwordFlow signs in who sends the password itself.
func (p *Pool) passwordFlow(r *http.Request, c *Client, name, password string) (any, error) {
	ctx := r.Context()
	if password == "" {
		return nil, missing("PASSWORD")
	}
	if len(password) > 4*maxPassword {
		return nil, errPassword()
	}
	g, err := p.guess(r, "password", name, passwordPatience, errWait)
	if err != nil {
		return nil, err
	}
	defer g.done()
	s, err := p.stranger(ctx, name)
	if err != nil {
		return nil, err
	}
	right, err := p.has(ctx, s, password)
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, g.wrong(ctx, errPassword())
	}
	if err := g.right(ctx); err != nil {
		return nil, err
	}
	return p.admit(ctx, c, s.user)
}

// refreshFlow signs in who has a refresh token, and rotates it: Cognito refuses this flow for
// clients whose tokens rotate, but amazon-cognito-identity-js has no other, and takes the new one.
func (p *Pool) refreshFlow(ctx context.Context, c *Client, params map[string]string) (any, error) {
	token := params["REFRESH_TOKEN"]
	if token == "" {
		return nil, missing("REFRESH_TOKEN")
	}
	// The secret is shown before the token is looked at; the name is the one that the token is of.
	if !c.Secret.IsZero() {
		name, sub, err := p.nameOf(ctx, token)
		if err != nil {
			return nil, err
		}
		if err := c.checkHash(params["SECRET_HASH"], name, sub); err != nil {
			return nil, err
		}
	}
	result, err := p.refresh(ctx, c, token)
	if err != nil {
		return nil, err
	}
	return signedIn{AuthenticationResult: result}, nil
}

// nameOf returns the name and the sub of whose refresh token it is, empty if nobody's.
func (p *Pool) nameOf(ctx context.Context, token string) (name, sub string, err error) {
	id, _, ok := p.parseRefreshToken(token)
	if !ok {
		return "", "", errRefreshToken()
	}
	f, err := p.store.family(ctx, id)
	if err != nil || f == nil {
		return "", "", err
	}
	u, err := p.store.userBySub(ctx, f.sub)
	if err != nil || u == nil {
		return "", "", err
	}
	return u.username, u.sub, nil
}

// admit lets in a user who has shown the password. That somebody is disabled, or has not
// confirmed, is told to who knows the password alone.
func (p *Pool) admit(ctx context.Context, c *Client, u *user) (any, error) {
	switch {
	case !u.enabled:
		return nil, errDisabled()
	case u.status == unconfirmed:
		return nil, errNotConfirmed()
	case u.status != forceChangePassword:
		result, err := p.signIn(ctx, c, u)
		if err != nil {
			return nil, err
		}
		return signedIn{AuthenticationResult: result}, nil
	}
	now := p.now()
	if !u.passwordExpires.IsZero() && !now.Before(u.passwordExpires) {
		return nil, notAuthorized("Temporary password has expired and must be reset by an administrator.")
	}
	text, err := p.seal(p.boxes.session, "session", session{newUUID(), u.sub, c.ID, u.epoch, now.UnixMilli()})
	if err != nil {
		return nil, err
	}
	attributes, err := json.Marshal(u.attributes)
	if err != nil {
		return nil, wrap("attributes", err)
	}
	return challenged{
		ChallengeName: newPasswordRequired, Session: text,
		ChallengeParameters: map[string]string{
			"USER_ID_FOR_SRP": u.username, "requiredAttributes": "[]", "userAttributes": string(attributes),
		},
	}, nil
}

// respondToAuthChallenge is RespondToAuthChallenge, and AdminRespondToAuthChallenge.
func (p *Pool) respondToAuthChallenge(r *http.Request, in *awsjson.Input) (any, error) {
	id, name := in.String("ClientId", clientRule), in.String("ChallengeName", awsjson.Rule{Required: true, MaxLength: 64})
	responses := in.Map("ChallengeResponses", sensitive, awsjson.Rule{}, sensitive)
	text := in.String("Session", awsjson.Rule{Sensitive: true, MinLength: 20, MaxLength: 2048})
	if err := in.Err(); err != nil {
		return nil, err
	}
	if responses["USERNAME"] == "" {
		return nil, missing("USERNAME")
	}
	c, err := p.clientFor(id, responses["USERNAME"], responses["SECRET_HASH"])
	if err != nil {
		return nil, err
	}
	switch name {
	case passwordVerifier:
		return p.finishSRP(r, c, responses)
	case newPasswordRequired:
		return p.newPassword(r.Context(), c, responses, text)
	}
	return nil, invalid("%s is not a challenge of this user pool.", strings.ToUpper(isOneWord(name)))
}

// isOneWord returns a text that may be repeated.
func isOneWord(s string) string {
	if !isWord(s, "_") {
		return "The name"
	}
	return s
}
