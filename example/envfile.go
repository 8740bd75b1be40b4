package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// envPath returns where the caller's env file is.
func (c *caller) envPath(dir string) string { return filepath.Join(dir, c.name+".env") }

// writeEnv writes the caller's env file, which a POSIX shell sources. A caller without a key has
// none: one of an earlier start is removed, since its key is not to be used any more. Where nothing
// can be written, one that says the same already will do.
func (c *caller) writeEnv(dir string, a api, endpoint string) error {
	if c.unwritten {
		return nil
	}
	if c.accessKeyID == "" {
		if err := os.Remove(c.envPath(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# The %s's keys, for a shell to source. Written anew at each start.\n", c.name)
	export := func(name, value string) { fmt.Fprintf(&b, "export %s=%s\n", name, shellQuote(value)) }
	// What another env file or the shell's owner has set, and what SDKs would take in place of, or
	// together with, these keys.
	b.WriteString("unset AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_PROFILE AWS_DEFAULT_PROFILE\n")
	export("AWS_ACCESS_KEY_ID", c.accessKeyID)
	export("AWS_SECRET_ACCESS_KEY", c.secret.Reveal())
	if !c.token.IsZero() {
		export("AWS_SESSION_TOKEN", c.token.Reveal())
	}
	export("AWS_REGION", a.Region)
	export("AWS_DEFAULT_REGION", a.Region) // where botocore looks
	export("AWS_ENDPOINT_URL", endpoint)   // of every service, for AWS's own clients
	export("WILDGATE_ENDPOINT", endpoint)
	err := replaceFile(c.envPath(dir), []byte(b.String()))
	if unwritable(err) {
		if old, readErr := os.ReadFile(c.envPath(dir)); readErr == nil && string(old) == b.String() {
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
