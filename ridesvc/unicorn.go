package ridesvc

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
)

// A Unicorn is one of the fleet.
type Unicorn struct {
	Name   string
	Color  string
	Gender string
}

// The fleet of the Wild Rydes workshop.
var fleet = [...]Unicorn{
	{Name: "Bucephalus", Color: "Golden", Gender: "Male"},
	{Name: "Shadowfax", Color: "White", Gender: "Male"},
	{Name: "Rocinante", Color: "Yellow", Gender: "Female"},
}

const (
	rideIDBytes = 16
	rideIDChars = 22 // of rideIDBytes in base64url without padding
)

// Strict refuses a last character with surplus bits set: each RideId has one spelling.
var rideIDEncoding = base64.RawURLEncoding.Strict()

// dispatch draws a RideId and a unicorn.
func dispatch(random io.Reader) (string, Unicorn, error) {
	var b [rideIDBytes + 8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", Unicorn{}, fmt.Errorf("ridesvc: random bytes: %w", err)
	}
	// 64 bits reduced by a fleet of a handful prefer no unicorn by more than one ride in 2^60,
	// where a loop until an unbiased byte comes would hang on a broken source.
	unicorn := fleet[binary.BigEndian.Uint64(b[rideIDBytes:])%uint64(len(fleet))]
	return rideIDEncoding.EncodeToString(b[:rideIDBytes]), unicorn, nil
}

// isRideID reports whether s, from an escaped path, is spelled as a RideId; what is not never
// reaches the store.
func isRideID(s string) bool {
	if len(s) != rideIDChars {
		return false
	}
	var b [rideIDBytes]byte
	_, err := rideIDEncoding.Decode(b[:], []byte(s)) // would skip CR and LF, which an escaped path has none of
	return err == nil
}
