package clienttest_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
)

// s3Keys are object keys that clients, servers and signatures like to disagree on.
var s3Keys = []string{
	"plain.txt",
	"with space.txt",
	"a+b=c&d@e:f,g$h;i.txt",
	"percent%20literal%2Fslash%.txt",
	"Grüße/日本語/😀.txt",
	"quotes'\"()!*~`^|{}[]<>#?.txt",
	"//leading/and//double///slashes//",
	"a/./b/../c",
	"..",
	"./x",
	"trailing.dot./",
	"back\\slash",
	"aws-chunked",
}

// marker stands in bodies that a relay changes.
const (
	marker  = "the unicorn is white"
	changed = "the unicorn is black"
)

// content makes a body of n bytes, always the same, with the marker in its midst.
func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(b) // never fails
	if n >= 2*len(marker) {
		copy(b[n/2-len(marker)/2:], marker)
	}
	return b
}

// stream reads n bytes, always the same: what is too large to be held in memory once more.
func stream(n int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{}), n) }

// sameObject compares without printing megabytes.
func sameObject(s *s3Service, key string, want []byte) bool {
	got, ok := s.store.Object(bucket, key)
	return ok && sameStream(got, bytes.NewReader(want))
}

// sameStream reports whether both are read to the same end.
func sameStream(a, b io.Reader) bool {
	ha, hb := sha256.New(), sha256.New()
	_, errA := io.Copy(ha, a)
	_, errB := io.Copy(hb, b)
	return errA == nil && errB == nil && bytes.Equal(ha.Sum(nil), hb.Sum(nil))
}
