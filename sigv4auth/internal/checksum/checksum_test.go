package checksum_test

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/checksum"
)

// TestCheckValues: the checksum of "123456789", under which catalogues of CRCs list each
// polynomial, and the digests of FIPS 180 for it.
func TestCheckValues(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"crc32":     "cbf43926",
		"crc32c":    "e3069283",
		"crc64nvme": "ae8b14860a799888",
		"sha1":      "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
		"sha256":    "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
	} {
		b, err := hex.DecodeString(want)
		if err != nil {
			t.Fatal(err)
		}
		value := base64.StdEncoding.EncodeToString(b)
		sum, ok := checksum.New(checksum.Prefix + name)
		if !ok {
			t.Errorf("%s is not known", name)
			continue
		}
		for _, part := range []string{"1", "234", "", "56789"} {
			if sum.Is(value) {
				t.Errorf("%s: right before all was written", name)
			}
			_, _ = sum.Write([]byte(part))
		}
		if !sum.Is(value) || !sum.Valid(value) || sum.Algorithm() != strings.ToUpper(name) {
			t.Errorf("%s: not %s", name, want)
		}
		for _, bad := range []string{
			"", value[1:], value + "=", "\n" + value[1:], value + "\n", strings.TrimRight(value, "="), value[:len(value)-1] +
				"A", strings.Repeat("=", len(value)),
			strings.ToLower(value), hex.EncodeToString(b), base64.URLEncoding.EncodeToString(append(b[:len(b)-1:len(b)-1], b[len(b)-1]^1)),
		} {
			if sum.Is(bad) {
				t.Errorf("%s: %q is taken for %q", name, bad, value)
			}
		}
		if longer := base64.StdEncoding.EncodeToString(make([]byte, (len(b)+2)/3*3)); len(b)%3 != 0 &&
			(len(longer) != len(value) || sum.Valid(longer)) {
			t.Errorf("%s: %q, which is as long in base64 alone, can be a checksum", name, longer)
		}
	}
	for _, name := range []string{
		"", "crc32", "x-amz-checksum-", "x-amz-checksum-md4", "x-amz-checksum-CRC32", "X-Amz-Checksum-crc32",
		"x-amz-checksum-crc32,x-amz-checksum-sha1", "x-amz-checksum-algorithm",
	} {
		if _, ok := checksum.New(name); ok {
			t.Errorf("%q is an algorithm", name)
		}
	}
}
