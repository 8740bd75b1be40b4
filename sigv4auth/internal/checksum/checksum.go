// Package checksum is the pure part of S3's additional checksums: "Checking object integrity for
// data uploads in Amazon S3", S3 User Guide. A checksum finds damage; it proves nothing of who sent
// the bytes.
package checksum

import (
	"crypto/sha1" //nolint:gosec // the clients choose the algorithm, and nothing rests on its strength
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"strings"
)

// Prefix begins the name, in lower case, of every header and trailer that holds a checksum. A few
// headers that hold none begin with it too: see [IsSetting].
const Prefix = "x-amz-checksum-"

// Sum computes the checksum of what is written to it. It is for one goroutine. Make it with [New].
type Sum struct {
	hash.Hash
	algorithm string
}

// New returns a Sum for the header or trailer called name, in lower case. It is not ok for the name
// of an algorithm that is not known.
func New(name string) (s *Sum, ok bool) {
	algorithm, ok := strings.CutPrefix(name, Prefix)
	if !ok {
		return nil, false
	}
	s = &Sum{algorithm: strings.ToUpper(algorithm)}
	switch algorithm {
	case "crc32":
		s.Hash = crc32.NewIEEE()
	case "crc32c":
		s.Hash = crc32.New(castagnoli)
	case "crc64nvme":
		s.Hash = crc64.New(nvme)
	case "sha1":
		s.Hash = sha1.New() //nolint:gosec // see the import
	case "sha256":
		s.Hash = sha256.New()
	default:
		return nil, false
	}
	return s, true
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	// nvme has the polynomial of the NVM Express NVM Command Set Specification, 64b CRC, with its
	// bits reversed as hash/crc64 wants them.
	nvme = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

// Algorithm returns the algorithm's name as S3 spells it, for instance CRC64NVME.
func (s *Sum) Algorithm() string { return s.algorithm }

// Valid reports whether value can be a checksum of this algorithm: canonical base64 of as many
// bytes as it has.
func (s *Sum) Valid(value string) bool {
	_, ok := s.decode(value)
	return ok
}

// Is reports whether value, in base64, is the checksum of what was written.
func (s *Sum) Is(value string) bool {
	want, ok := s.decode(value)
	return ok && subtle.ConstantTimeCompare(want, s.Sum(nil)) == 1
}

func (s *Sum) decode(value string) ([]byte, bool) {
	// DecodeString passes over line breaks, which would give one checksum several spellings.
	if len(value) != base64.StdEncoding.EncodedLen(s.Size()) || strings.ContainsAny(value, "\r\n") {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(value)
	return b, err == nil && len(b) == s.Size()
}

// IsSetting reports whether the header called name, in lower case, says something about checksums
// and holds none.
func IsSetting(name string) bool {
	switch strings.TrimPrefix(name, Prefix) {
	case "algorithm", "mode", "type":
		return true
	}
	return false
}
