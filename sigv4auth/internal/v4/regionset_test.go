package v4_test

import (
	"path"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

func TestRegionSetHolds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, set string
		holds, ok bool
	}{
		{"the region", "us-east-1", true, true},
		{"any region", "*", true, true},
		{"a list with the region", "eu-west-1,us-east-1", true, true},
		{"a list with the region first", "us-east-1,eu-west-1", true, true},
		{"a list with spaces, as botocore sends what its configuration says", "eu-west-1, us-east-1", true, true},
		{"a list with tabs", "eu-west-1\t,\tus-east-1", true, true},
		{"a list without the region", "eu-west-1,eu-west-2", false, true},
		{"the beginning", "us-*", true, true},
		{"the end", "*-1", true, true},
		{"the middle", "*east*", true, true},
		{"both ends", "us-*-1", true, true},
		{"a star that stands for nothing", "us-east-1*", true, true},
		{"stars that stand for nothing", "**us-**east-1**", true, true},
		{"any region in a list", "eu-west-1,*", true, true},
		{"another beginning", "eu-*", false, true},
		{"another end", "*-2", false, true},
		{"an end that is in the middle", "*east", false, true},
		{"another middle", "*west*", false, true},
		{"both ends overlap", "us-east-*east-1", false, true},
		{"the text between stars comes too late", "*-1*e*", false, true},
		{"another case", "US-EAST-1", false, true},
		{"a beginning without a star", "us-east", false, true},
		{"more than the region", "us-east-11", false, true},
		{"empty", "", false, false},
		{"only white space", " ", false, false},
		{"only a comma", ",", false, false},
		{"an empty element first", ",us-east-1", false, false},
		{"an empty element last", "us-east-1,", false, false},
		{"an empty element between", "us-east-1,,eu-west-1", false, false},
		{"a space inside", "us east 1", false, false},
		{"a bad element behind the region", "us-east-1,us/east", false, false},
		{"another wildcard", "us-east-?", false, false},
		{"another separator", "us-east-1;eu-west-1", false, false},
		{"a tilde, which no region holds", "us-east-1~", false, false},
		{"a quoted element", `"us-east-1"`, false, false},
		{"beyond ASCII", "us-east-1,ü", false, false},
		{"as long as it may be", strings.Repeat("x", v4.MaxRegionSet-2) + ",*", true, true},
		{"longer than it may be", strings.Repeat("x", v4.MaxRegionSet-1) + ",*", false, false},
	}
	for _, tt := range tests {
		if holds, ok := v4.RegionSetHolds(tt.set, "us-east-1"); holds != tt.holds || ok != tt.ok {
			t.Errorf("%s: %t, %t; want %t, %t", tt.name, holds, ok, tt.holds, tt.ok)
		}
	}
}

// FuzzRegionSetHolds: a star means what path.Match has it mean in a text without slashes.
func FuzzRegionSetHolds(f *testing.F) {
	for _, s := range []string{"us-east-1", "us-*", "*-1", "*e*s*t*", "us-east-*east-1", "**", ""} {
		f.Add(s, "us-east-1")
	}
	f.Fuzz(func(t *testing.T, set, region string) {
		if strings.ContainsAny(set, ", \t") || strings.Contains(region, "/") {
			return
		}
		holds, ok := v4.RegionSetHolds(set, region)
		if !ok {
			if holds {
				t.Fatalf("%q holds %q and is malformed", set, region)
			}
			return
		}
		if want, err := path.Match(set, region); err != nil || holds != want {
			t.Errorf("%q, %q: %t; want %t, %v", set, region, holds, want, err)
		}
	})
}
