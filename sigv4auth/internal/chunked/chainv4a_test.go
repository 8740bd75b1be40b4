package chunked_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
)

// seedV4A stands for the signature of a request's headers, which the chain takes as it is.
const seedV4A = "3006020101020102"

// keyV4A is a private key, valid nowhere.
var keyV4A = func() *ecdsa.PrivateKey {
	d := sha256.Sum256([]byte(testSecret))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d[:])
	if err != nil {
		panic(err)
	}
	return key
}()

// signV4A returns the signature of a text, the same one each time.
func signV4A(text string) string {
	sum := sha256.Sum256([]byte(text))
	sig, err := keyV4A.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	return hex.EncodeToString(sig)
}

func newSignerV4A(seed string) *signer {
	return &signer{algorithm: "AWS4-ECDSA-P256-SHA256", scope: testScopeTextV4A, sign: signV4A, width: 144, previous: seed}
}

func newChainV4A(seed string) chunked.Chain {
	der, err := hex.DecodeString(seed)
	if err != nil {
		panic(err)
	}
	return chunked.NewV4A(&keyV4A.PublicKey, testDate, testScopeTextV4A[:8], testScopeTextV4A[8:], der)
}

func digestOf(t *testing.T, hexadecimal string) *[sha256.Size]byte {
	t.Helper()
	b, err := hex.DecodeString(hexadecimal)
	if err != nil {
		t.Fatal(err)
	}
	return (*[sha256.Size]byte)(b)
}

func pad(signature string) []byte {
	return []byte(signature + strings.Repeat("*", chunked.MaxSignature-len(signature)))
}

// TestDocumentedV4A: the strings to sign that AWS's own implementation is tested with, chunk by
// chunk, with a trailer behind them.
func TestDocumentedV4A(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(testneed.Shared(t, "vectors", "v4a-extra.json"))
	if err != nil {
		t.Fatal(err)
	}
	var extra struct {
		Chunked struct {
			ChunkPrefix   string   `json:"chunk_sts_prefix"`
			ChunkHashes   []string `json:"chunk_hashes"`
			TrailerPrefix string   `json:"trailer_sts_prefix"`
		}
	}
	if err := json.Unmarshal(text, &extra); err != nil {
		t.Fatal(err)
	}
	v := extra.Chunked
	if len(v.ChunkHashes) != 3 || v.ChunkPrefix == "" || v.TrailerPrefix == "" {
		t.Fatalf("%+v", v)
	}
	chain, previous := newChainV4A(seedV4A), seedV4A
	for _, hash := range v.ChunkHashes {
		previous = signV4A(v.ChunkPrefix + previous + "\n" + hexSum(nil) + "\n" + hash)
		if !chain.VerifyChunk(digestOf(t, hash), pad(previous)) {
			t.Errorf("chunk %s is refused", hash)
		}
	}
	trailer := hexSum([]byte("x-amz-checksum-crc32c:wdBDMA==\n"))
	if !chain.VerifyTrailer(digestOf(t, trailer), pad(signV4A(v.TrailerPrefix+previous+"\n"+trailer))) {
		t.Error("the trailer is refused")
	}
}

// TestSpellingsV4A: a signature of a chunk has one spelling, padded to its full length.
func TestSpellingsV4A(t *testing.T) {
	t.Parallel()
	hash := hexSum([]byte("unicorns"))
	good := signV4A("AWS4-ECDSA-P256-SHA256-PAYLOAD\n" + testDate + "\n20130524/s3/aws4_request\n" + seedV4A + "\n" + hexSum(nil) + "\n" +
		hash)
	padded := string(pad(good))
	tests := []struct {
		name, signature string
		ok              bool
	}{
		{"padded", padded, true},
		{"without padding", good, false},
		{"a star too few", padded[:len(padded)-1], false},
		{"a star too many", padded + "*", false},
		{"padded with another byte", strings.ReplaceAll(padded, "*", "0"), false},
		{"padded with spaces", strings.ReplaceAll(padded, "*", " "), false},
		{"a star before it", "*" + padded[:len(padded)-1], false},
		{"a star in it", good[:10] + "*" + good[10:] + strings.Repeat("*", 143-len(good)), false},
		{"upper case", strings.ToUpper(padded), false},
		{"stars alone", strings.Repeat("*", 144), false},
		{"empty", "", false},
		{"an HMAC", strings.Repeat("ab", 32), false},
		{"an HMAC, padded", string(pad(strings.Repeat("ab", 32))), false},
	}
	if len(good) == chunked.MaxSignature {
		t.Fatal("a signature that needs no padding: choose other data")
	}
	for _, tt := range tests {
		if got := newChainV4A(seedV4A).VerifyChunk(digestOf(t, hash), []byte(tt.signature)); got != tt.ok {
			t.Errorf("%s: %t; want %t", tt.name, got, tt.ok)
		}
	}
}
