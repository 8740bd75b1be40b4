package v4_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"testing/quick"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// TestDeriveKey is the example of AWS's documentation: "Examples of how to derive a signing key",
// AWS General Reference. What it gives is the key; here the key signs, and crypto/hmac with that
// key must agree.
func TestDeriveKey(t *testing.T) {
	t.Parallel()
	const documented = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
	key, err := hex.DecodeString(documented)
	if err != nil {
		t.Fatal(err)
	}
	derived := v4.DeriveKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", v4.Scope{Date: "20150830", Region: "us-east-1", Service: "iam"})
	h := hmac.New(sha256.New, key)
	h.Write([]byte("data"))
	if got := v4.NewMac().Sign(derived, []byte("data")); !hmac.Equal(got[:], h.Sum(nil)) {
		t.Error("the derived key is not the documented one")
	}
}

// TestMac: signing with prepared pad states is HMAC-SHA256, and one Mac serves many keys.
func TestMac(t *testing.T) {
	t.Parallel()
	m := v4.NewMac()
	same := func(key [32]byte, data []byte) bool {
		h := hmac.New(sha256.New, key[:])
		h.Write(data)
		got := m.Sign(v4.NewSigningKey(key), data)
		return hmac.Equal(got[:], h.Sum(nil))
	}
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
}

func TestMacAllocatesNothing(t *testing.T) {
	m, k := v4.NewMac(), v4.NewSigningKey([32]byte{1})
	data := []byte("data")
	if n := testing.AllocsPerRun(100, func() { m.Sign(k, data) }); n != 0 {
		t.Errorf("%v allocations; want 0", n)
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	if got, ok := v4.ParseTime("20160229T235959Z"); !ok || !got.Equal(time.Date(2016, 2, 29, 23, 59, 59, 0, time.UTC)) {
		t.Errorf("%v, %t", got, ok)
	}
	for day := time.Date(1899, 12, 31, 12, 0, 0, 0, time.UTC); day.Year() < 2101; day = day.AddDate(0, 0, 1) {
		if got, ok := v4.ParseTime(day.Format(v4.TimeFormat)); !ok || !got.Equal(day) {
			t.Fatalf("%v: %v, %t", day, got, ok)
		}
		if got := string(v4.AppendTime([]byte("x"), day.Unix())); got != "x"+day.Format(v4.TimeFormat) {
			t.Fatalf("%v is written %s", day, got)
		}
		if day.AddDate(0, 0, 1).Day() == 1 {
			after := day.Format("200601") + fmt.Sprintf("%02d", day.Day()+1) + "T120000Z"
			if _, ok := v4.ParseTime(after); ok {
				t.Fatalf("threat 71: %s is a date", after)
			}
		}
	}
	for _, at := range []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1600, 2, 29, 23, 59, 59, 0, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), time.Unix(0, 0),
		time.Date(2000, 2, 29, 12, 34, 56, 0, time.UTC), time.Date(2100, 3, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2400, 2, 29, 0, 0, 1, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		if got, want := string(v4.AppendTime(nil, at.Unix())), at.UTC().Format(v4.TimeFormat); got != want {
			t.Errorf("%s; want %s", got, want)
		}
	}
	for _, s := range []string{
		"", "20150830", "20150830T123600", "20150830T123600z", "20150830t123600Z", "20150830T123600+0000", "20150830T123600Z ", " 20150830T12360Z",
		"150830T123600Z", "2015-08-30T12:36:00Z", "20150830T123660Z", "20150830T126000Z", "20150830T240000Z", "20150230T000000Z", "20150229T000000Z",
		"20151301T000000Z", "20150001T000000Z", "20150100T000000Z", "2015083aT123600Z", "-0150830T123600Z", "２0150830T1236Z",
	} {
		if got, ok := v4.ParseTime(s); ok {
			t.Errorf("threat 71: %q is taken for %v", s, got)
		}
	}
}

// TestParseTimeEveryByte holds each byte at each place against package time, which takes more than
// is a date here: what it formats otherwise is none.
func TestParseTimeEveryByte(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"20160229T235959Z", "19991231T000000Z"} {
		for at := range base {
			for c := range 256 {
				s := base[:at] + string([]byte{byte(c)}) + base[at+1:]
				want, err := time.Parse(v4.TimeFormat, s)
				isDate := err == nil && want.Format(v4.TimeFormat) == s
				if got, ok := v4.ParseTime(s); ok != isDate || ok && !got.Equal(want) {
					t.Fatalf("threat 71: %q is %v, %t; package time says %v, %v", s, got, ok, want, err)
				}
			}
		}
	}
}
