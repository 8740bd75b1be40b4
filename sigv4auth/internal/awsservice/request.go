package awsservice

import (
	"crypto/rand"
	"fmt"
)

// NewRequestID returns a UUID of version 4.
func NewRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Panicked returns the error that a panic with the value v is. of is the package that recovered.
func Panicked(of string, v any) error {
	if cause, ok := v.(error); ok {
		return fmt.Errorf("%s: panic: %w", of, cause)
	}
	return fmt.Errorf("%s: panic with a value of type %T", of, v) // its text may be secret
}
