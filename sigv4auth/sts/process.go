package sts

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// ProcessOutput returns what a program prints that AWS clients start for credentials, as
// credential_process in their configuration names it: AWS SDKs and Tools Reference Guide, "Process
// credential provider". A credential that never expires has no Expiration, and is not asked for
// again. What is returned holds the secret.
func ProcessOutput(c sigv4auth.Credential) ([]byte, error) {
	if c.AccessKeyID == "" || c.Secret.IsZero() {
		return nil, errors.New("sts: the credential has no access key ID or no secret")
	}
	said := struct {
		Version         int
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string `json:",omitempty"`
		Expiration      string `json:",omitempty"`
		AccountID       string `json:"AccountId,omitempty"`
	}{Version: 1, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.Secret.Reveal(), SessionToken: c.SessionToken.Reveal()}
	if !c.Expires.IsZero() {
		said.Expiration = c.Expires.UTC().Format(time.RFC3339)
	}
	said.AccountID = c.Principal.Account()
	text, err := json.Marshal(said)
	if err != nil {
		return nil, fmt.Errorf("sts: the output of a credential process: %w", err) // unreachable: it is made of texts
	}
	return append(text, '\n'), nil
}
