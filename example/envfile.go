package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// envPath returns where the env file of a name is.
func envPath(dir, name string) string { return filepath.Join(dir, name+".env") }

// writeEnv writes the caller's env file, which a POSIX shell sources. A caller without a key has
// none: one of an earlier start is removed, since its key is not to be used any more. Where nothing
// can be written, one that says the same already will do.
func (c *caller) writeEnv(dir string, a api, endpoint string) error {
	if c.unwritten {
		return nil
	}
	if c.accessKeyID == "" {
		if err := os.Remove(envPath(dir, c.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	e := newEnvFile("The " + c.name + "'s keys")
	e.export("AWS_ACCESS_KEY_ID", c.accessKeyID)
	e.export("AWS_SECRET_ACCESS_KEY", c.secret.Reveal())
	if !c.token.IsZero() {
		e.export("AWS_SESSION_TOKEN", c.token.Reveal())
	}
	return e.write(envPath(dir, c.name), a, endpoint)
}

// poolEnv names the env file of the pools, whose variables are those of nobody: who signs up has no
// keys yet.
const poolEnv = "pool"

func writePoolEnv(dir string, a api, endpoint string) error {
	if a.pools == (pools{}) {
		return nil
	}
	e := newEnvFile("The user pool and the identity pool")
	e.text.WriteString("unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY\n")
	e.export("USER_POOL_ID", a.UserPoolID)
	e.export("USER_POOL_CLIENT_ID", a.ClientID)
	e.export("IDENTITY_POOL_ID", a.IdentityPoolID)
	e.export("LOGIN_PROVIDER", a.provider())
	return e.write(envPath(dir, poolEnv), a, endpoint)
}

// envFile is the text of an env file.
type envFile struct{ text strings.Builder }

func newEnvFile(what string) *envFile {
	e := new(envFile)
	fmt.Fprintf(&e.text, "# %s, for a shell to source. Written anew at each start.\n", what)
	// What another env file or the shell's owner has set, and what SDKs would take in place of, or
	// together with, these keys.
	e.text.WriteString("unset AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_PROFILE AWS_DEFAULT_PROFILE\n")
	return e
}

func (e *envFile) export(name, value string) {
	fmt.Fprintf(&e.text, "export %s=%s\n", name, shellQuote(value))
}

// write adds where everything is, and writes the file.
func (e *envFile) write(path string, a api, endpoint string) error {
	e.export("AWS_REGION", a.Region)
	e.export("AWS_DEFAULT_REGION", a.Region) // where botocore looks
	e.export("AWS_ENDPOINT_URL", endpoint)   // of every service, for AWS's own clients
	e.export("WILDGATE_ENDPOINT", endpoint)
	err := replaceFile(path, []byte(e.text.String()))
	if unwritable(err) {
		if old, readErr := os.ReadFile(path); readErr == nil && string(old) == e.text.String() {
			return nil
		}
	}
	return err
}

// shellQuote returns s, which is not empty, as one word of a POSIX shell.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-+:@%,", r)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
