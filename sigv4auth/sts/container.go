package sts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// maxAuthorization bounds what a container's authorization token, and the file of one, may have in
// bytes. A shorter one than minAuthorization could be guessed.
const (
	minAuthorization = 16
	maxAuthorization = 4096
)

// ContainerConfig configures a [Container].
type ContainerConfig struct {
	_ [0]func()

	// Credentials returns the credentials that a caller is given; usually it asks a [Store] to
	// Issue some for a role. Clients ask again some minutes before they expire. It is required, is
	// called from many goroutines at once, and must return when ctx, the request's context, ends.
	Credentials func(ctx context.Context) (sigv4auth.Credential, error)

	// Token is the authorization token, which callers send as it is in the Authorization header: 16
	// to 4,096 bytes of printable ASCII. It, or TokenFile, is required.
	Token sigv4auth.Secret

	// TokenFile is a file that holds the token. It is read at each request, so that the token
	// changes with it at once. While it cannot be read, or holds none, nobody is given credentials.
	// A line end is not part of the token; but write none where clients read the same file, by
	// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: botocore and the SDK of Go refuse it.
	TokenFile string

	// Failed is told why a caller was given no credentials, but for who has a wrong token or calls
	// from elsewhere. It is called on the request's goroutine. nil: nobody.
	Failed func(ctx context.Context, err error)
}

// Container is a handler that gives credentials to the AWS SDKs of one machine, which call it where
// AWS_CONTAINER_CREDENTIALS_FULL_URI says, and with AWS_CONTAINER_AUTHORIZATION_TOKEN or
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: AWS SDKs and Tools Reference Guide, "Container credential
// provider". It is safe for concurrent use.
//
// Without TLS it serves loopback addresses only, by the address of the connection: a reverse proxy
// on the same machine MUST NOT lead to it.
type Container struct{ cfg ContainerConfig }

// NewContainer returns a Container, or every mistake in cfg.
func NewContainer(cfg ContainerConfig) (*Container, error) {
	var mistakes []error
	if cfg.Credentials == nil {
		mistakes = append(mistakes, errors.New("sts: ContainerConfig.Credentials is required"))
	}
	switch {
	case cfg.Token.IsZero() == (cfg.TokenFile == ""):
		mistakes = append(mistakes, errors.New("sts: ContainerConfig.Token or TokenFile is required, and not both"))
	case !cfg.Token.IsZero() && !validAuthorization(cfg.Token.Reveal()):
		mistakes = append(mistakes, errInvalidAuthorization)
	case cfg.TokenFile != "":
		if _, err := readAuthorization(cfg.TokenFile); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	return &Container{cfg}, nil
}

var errInvalidAuthorization = fmt.Errorf("sts: the authorization token of a container is %d to %d bytes of printable ASCII, "+
	"without spaces around", minAuthorization, maxAuthorization)

func validAuthorization(token string) bool {
	return len(token) >= minAuthorization && len(token) <= maxAuthorization &&
		!strings.HasPrefix(token, " ") && !strings.HasSuffix(token, " ") && all(token, func(r rune) bool { return ' ' <= r && r <= '~' })
}

// readAuthorization returns the token in a file.
func readAuthorization(name string) (sigv4auth.Secret, error) {
	f, err := os.Open(name)
	if err != nil {
		return sigv4auth.Secret{}, fmt.Errorf("sts: the authorization token of a container: %w", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxAuthorization+2))
	if err != nil {
		return sigv4auth.Secret{}, fmt.Errorf("sts: the authorization token of a container: %w", err)
	}
	token := strings.TrimRight(string(text), "\r\n")
	if !validAuthorization(token) {
		return sigv4auth.Secret{}, errInvalidAuthorization
	}
	return sigv4auth.NewSecret(token), nil
}

// containerError is the answer to a request that gets no credentials.
type containerError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// containerCredentials is what the SDKs read.
type containerCredentials struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      string
	AccountID       string `json:"AccountId,omitempty"`
}

// ServeHTTP answers with credentials, or {"code", "message"}.
func (c *Container) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if peer, ok := sigv4auth.PeerIP(r); r.TLS == nil && !(ok && peer.IsLoopback()) {
		containerAnswer(w, http.StatusForbidden, containerError{
			"AccessDenied",
			"Without TLS, credentials are given to loopback addresses only",
		})
		return
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		containerAnswer(w, http.StatusMethodNotAllowed, containerError{"MethodNotAllowed", "The specified method is not allowed"})
		return
	}
	token := c.cfg.Token
	if c.cfg.TokenFile != "" {
		var err error
		if token, err = readAuthorization(c.cfg.TokenFile); err != nil {
			c.fail(w, r, err)
			return
		}
	}
	if sent := r.Header["Authorization"]; len(sent) != 1 || token.IsZero() || !token.Equal(sent[0]) {
		containerAnswer(w, http.StatusUnauthorized, containerError{"InvalidAuthorization", "The authorization token is missing or wrong"})
		return
	}
	credential, err := c.cfg.Credentials(r.Context())
	if err == nil && (credential.AccessKeyID == "" || credential.Secret.IsZero() || credential.Expires.IsZero()) {
		err = errors.New("sts: ContainerConfig.Credentials returned none that expire")
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	containerAnswer(w, http.StatusOK, containerCredentials{
		AccessKeyID: credential.AccessKeyID, SecretAccessKey: credential.Secret.Reveal(), Token: credential.SessionToken.Reveal(),
		Expiration: credential.Expires.UTC().Format(time.RFC3339), AccountID: credential.Principal.Account(),
	})
}

func (c *Container) fail(w http.ResponseWriter, r *http.Request, err error) {
	if c.cfg.Failed != nil {
		c.cfg.Failed(r.Context(), err)
	}
	w.Header().Set("Retry-After", "1")
	containerAnswer(w, http.StatusServiceUnavailable, containerError{"ServiceUnavailable", "There are no credentials now"})
}

func containerAnswer(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		status, body = http.StatusInternalServerError, nil // unreachable: it is made of texts
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone; there is nobody to tell
}

// Format writes that it is a Container, whatever the verb: it may hold a token.
func (c *Container) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sts.Container") }
