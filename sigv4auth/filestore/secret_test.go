package filestore_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

func needModes(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		testneed.Missing(t, "file modes, which Windows does not have")
	}
}

func TestModesOfFilesWithSecrets(t *testing.T) {
	needModes(t)
	const problemText = "the file holds secrets, and its mode %04o is wider than 0600"
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o700, 0o777} {
		t.Run(fmt.Sprintf("%04o is refused", mode), func(t *testing.T) {
			f := newFolder(t)
			f.chmod("principals.json", mode)
			_, err := filestore.Open(f.config())
			if want := fmt.Sprintf("filestore: principals.json: "+problemText, mode); err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
			cfg := f.config()
			cfg.InsecureFileModes = true
			if s := f.openWith(cfg); !healthy(s)() || !known(t, s, "AKIAADA", adaSecret)() {
				t.Error("InsecureFileModes has no effect")
			}
		})
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		t.Run(fmt.Sprintf("%04o is taken", mode), func(t *testing.T) {
			f := newFolder(t)
			f.chmod("principals.json", mode)
			f.open()
		})
	}
	t.Run("a mode that is widened later keeps what is in force", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.chmod("principals.json", 0o644)
		want := fmt.Sprintf("principals.json: "+problemText+" (the last good version stays in force)", 0o644)
		eventually(t, "it is reported", problem(s, want))
		stays(t, "everything", known(t, s, "AKIAADA", adaSecret))
		f.edit("principals.json", adaSecret, "a-new-secret-of-ada")
		eventually(t, "a narrow one is taken", known(t, s, "AKIAADA", "a-new-secret-of-ada"))
		eventually(t, "no problem is left", healthy(s))
		f.chmod("principals.json", 0o644)
		eventually(t, "it is reported", problem(s, want))
		f.chmod("principals.json", 0o600)
		eventually(t, "no problem is left", healthy(s))
	})
	t.Run("without an inline secret any mode will do", func(t *testing.T) {
		f := newFolder(t)
		f.edit("principals.json", `"SecretAccessKey": "ada-secret-ada-secret-ada-secret"`, `"SecretAccessKeyFile": "ada"`)
		f.edit("principals.json", `"SecretAccessKey": "bob-secret-bob-secret-bob-secret"`, `"SecretAccessKeyFile": "ada"`)
		f.replace("ada", adaSecret)
		f.chmod("principals.json", 0o644)
		f.chmod("policies/All.json", 0o644)
		if s := f.open(); !healthy(s)() || !known(t, s, "AKIAADA", adaSecret)() {
			t.Error(s.Problems())
		}
	})
}

const withoutOverride = "WILDGATE_TEST_WITHOUT_OVERRIDE"

func TestAnUnreadableFileKeepsTheLastGoodVersion(t *testing.T) {
	needModes(t)
	if os.Geteuid() == 0 && os.Getenv(withoutOverride) == "" {
		// Everything is readable to root, unless it has lost what lets it.
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), testneed.Program(t, "setpriv"), "--bounding-set", "-dac_override,-dac_read_search", self,
			"-test.run", "^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), withoutOverride+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	f := newFolder(t)
	s := f.open()
	f.chmod("policies/All.json", 0)
	eventually(t, "it is reported", problem(s, "policies/All.json: open: permission denied (the last good version stays in force)"))
	stays(t, "everything", allowed(t, s, adaARN, "ride:Read"))
	f.chmod("policies/All.json", 0o600)
	eventually(t, "no problem is left", healthy(s))
}

// A file that cannot be read for a while, and then is as it was before, is no longer a problem.
func TestRecoveryWithoutAChange(t *testing.T) {
	f := newFolder(t)
	s := f.open()
	if err := os.Rename(f.path("policies/All.json"), f.path("All.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(f.path("policies/All.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is reported", problem(s, "policies/All.json: not a regular file (the last good version stays in force)"))
	stays(t, "everything", allowed(t, s, adaARN, "ride:Read"))
	f.remove("policies/All.json")
	if err := os.Rename(f.path("All.json"), f.path("policies/All.json")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no problem is left", healthy(s))
}

// withSource gives Bob's key another source of its secret.
func (f folder) withSource(name, value string) {
	f.t.Helper()
	f.edit("principals.json", `"SecretAccessKey": "bob-secret-bob-secret-bob-secret"`, fmt.Sprintf("%q: %q", name, value))
}

// atBob is the line of start in which Bob's key stands.
const atBob = "principals.json:8:"

func TestSecretsFromTheEnvironment(t *testing.T) {
	t.Setenv("WILDGATE_TEST_BOB", bobSecret)
	t.Setenv("WILDGATE_TEST_EMPTY", "")
	f := newFolder(t)
	f.withSource("SecretAccessKeyEnv", "WILDGATE_TEST_BOB")
	if s := f.open(); !healthy(s)() || !known(t, s, "AKIABOB", bobSecret)() {
		t.Error(s.Problems())
	}
	for name, want := range map[string]string{
		"WILDGATE_TEST_UNSET": "the environment variable is not set, so that the key is unknown",
		"WILDGATE_TEST_EMPTY": "the environment variable holds no secret, so that the key is unknown: a secret is 16 to 256",
	} {
		f := newFolder(t)
		f.withSource("SecretAccessKeyEnv", name)
		s := f.open()
		if !unknown(t, s, "AKIABOB")() || !problem(s, want)() || !problem(s, atBob)() {
			t.Errorf("%s: %v", name, s.Problems())
		}
		if !known(t, s, "AKIAADA", adaSecret)() {
			t.Errorf("%s: another user's key is unknown, too", name)
		}
	}
}

func TestSecretsFromFiles(t *testing.T) {
	for name, text := range map[string]string{"bare": bobSecret, "with a newline": bobSecret + "\n", "with CR and LF": bobSecret + "\r\n"} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t)
			f.withSource("SecretAccessKeyFile", "secrets/bob")
			if err := os.Mkdir(f.path("secrets"), 0o700); err != nil {
				t.Fatal(err)
			}
			f.replace("secrets/bob", text)
			if s := f.open(); !healthy(s)() || !known(t, s, "AKIABOB", bobSecret)() {
				t.Error(s.Problems())
			}
		})
	}
	t.Run("an absolute name", func(t *testing.T) {
		f, other := newFolder(t), folder{t, t.TempDir()}
		other.replace("bob", bobSecret)
		f.withSource("SecretAccessKeyFile", filepath.ToSlash(other.path("bob")))
		if s := f.open(); !healthy(s)() || !known(t, s, "AKIABOB", bobSecret)() {
			t.Error(s.Problems())
		}
	})

	const unknownYet = "Users[1].AccessKeys[0].SecretAccessKeyFile: "
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "the file holds no secret: "},
		{"too short", "0123456789", "the file holds no secret: "},
		{"two lines", bobSecret + "\n" + bobSecret, "the file holds no secret: "},
		{"two newlines", bobSecret + "\n\n", "the file holds no secret: "},
		{"too large", strings.Repeat("x", 5000), "larger than 4096 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			f.withSource("SecretAccessKeyFile", "bob")
			f.replace("bob", tt.text)
			s := f.open()
			if !unknown(t, s, "AKIABOB")() || !problem(s, unknownYet+tt.want)() || !problem(s, atBob)() ||
				!known(t, s, "AKIAADA", adaSecret)() {
				t.Fatal(s.Problems())
			}
			f.replace("bob", bobSecret)
			eventually(t, "the key is known", known(t, s, "AKIABOB", bobSecret))
			eventually(t, "no problem is left", healthy(s))
			f.replace("bob", tt.text)
			eventually(t, "it is reported", problem(s, tt.want))
			stays(t, "the last good secret", known(t, s, "AKIABOB", bobSecret))
			if !problem(s, "the last good version stays in force")() {
				t.Error(s.Problems())
			}
		})
	}
	t.Run("edited, removed, and back", func(t *testing.T) {
		f := newFolder(t)
		f.withSource("SecretAccessKeyFile", "bob")
		s := f.open()
		if !unknown(t, s, "AKIABOB")() || !problem(s, unknownYet+"the file does not exist, so that the key is unknown")() {
			t.Fatal(s.Problems())
		}
		f.replace("bob", bobSecret)
		eventually(t, "the key is known", known(t, s, "AKIABOB", bobSecret))
		f.overwrite("bob", "another-secret-of-bob")
		eventually(t, "the key has the other secret", known(t, s, "AKIABOB", "another-secret-of-bob"))
		f.remove("bob")
		eventually(t, "the key is unknown (threat 101)", unknown(t, s, "AKIABOB"))
		f.replace("bob", bobSecret)
		eventually(t, "the key is known", known(t, s, "AKIABOB", bobSecret))
		eventually(t, "no problem is left", healthy(s))
	})
	t.Run("the mode counts", func(t *testing.T) {
		needModes(t)
		f := newFolder(t)
		f.withSource("SecretAccessKeyFile", "bob")
		f.replace("bob", bobSecret)
		f.chmod("bob", 0o640)
		s := f.open()
		if !unknown(t, s, "AKIABOB")() || !problem(s, unknownYet+"the file holds secrets, and its mode 0640 is wider than 0600")() {
			t.Error(s.Problems())
		}
		cfg := f.config()
		cfg.InsecureFileModes = true
		if s := f.openWith(cfg); !healthy(s)() || !known(t, s, "AKIABOB", bobSecret)() {
			t.Error(s.Problems())
		}
	})
	t.Run("the secret of an inactive key is not looked for", func(t *testing.T) {
		f := newFolder(t)
		f.edit("principals.json", `"SecretAccessKey": "bob-secret-bob-secret-bob-secret", "Status": "Active"`,
			`"SecretAccessKeyFile": "bob", "Status": "Inactive"`)
		if s := f.open(); !healthy(s)() || !unknown(t, s, "AKIABOB")() {
			t.Error(s.Problems())
		}
	})
	t.Run("where the name is the secret itself, it is not told (threat 116)", func(t *testing.T) {
		f := newFolder(t)
		f.withSource("SecretAccessKeyFile", bobSecret)
		f.edit("principals.json", `"SecretAccessKey": "ada-secret-ada-secret-ada-secret"`,
			`"SecretAccessKeyEnv": "ada_secret_ada_secret_ada_secret"`)
		s := f.open()
		if len(s.Problems()) != 2 || problem(s, "bob-secret")() || problem(s, "ada_secret")() {
			t.Error(s.Problems())
		}
	})
}

func TestNothingSecretIsPrinted(t *testing.T) {
	f := newFolder(t)
	f.withSource("SecretAccessKeyFile", "bob")
	f.replace("bob", bobSecret)
	s := f.open()
	issued := issue(t, sessionsOf(t, s, newRing(t)), "alice")
	ada, err := s.Credential(t.Context(), "AKIAADA", "")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, v := range []any{s, ada, issued, struct{ S *filestore.Store }{s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			texts = append(texts, fmt.Sprintf(verb, v))
		}
	}
	// And in what Open says of a folder with a mistake in each line.
	broken := strings.ReplaceAll(start, `"Status"`, `"Stat"`)
	f.replace("principals.json", broken)
	eventually(t, "the mistakes are reported", problem(s, "principals.json:5"))
	for _, p := range s.Problems() {
		texts = append(texts, p.Error(), fmt.Sprintf("%+v", p))
	}
	_, err = filestore.Open(f.config())
	texts = append(texts, err.Error())
	if p, ok := errors.AsType[filestore.Problem](err); !ok || p.File != "principals.json" || p.Line != 5 {
		t.Errorf("the error of Open has no Problem: %v", err)
	}
	for _, text := range texts {
		for _, secret := range []string{adaSecret, bobSecret, issued.Secret.Reveal(), issued.SessionToken.Reveal()} {
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("a secret is told: %s (threat 116)", text)
			}
		}
	}
}
