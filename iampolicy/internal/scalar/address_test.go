package scalar_test

import (
	"math/big"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy/internal/scalar"
)

// number returns an address as a number, and how many bits such addresses have, after package net:
// an IPv4 address in IPv6 form is the IPv4 address.
func number(ip net.IP) (n *big.Int, bits int) {
	if four := ip.To4(); four != nil {
		return new(big.Int).SetBytes(four), 32
	}
	return new(big.Int).SetBytes(ip.To16()), 128
}

// block reads a block, after package net: the first bits of an address.
func block(s string) (first *big.Int, bits, ones int, ok bool) {
	text, length, slash := strings.Cut(s, "/")
	ip := net.ParseIP(text)
	if ip == nil {
		return nil, 0, 0, false
	}
	n, bits := number(ip)
	if !slash {
		return n, bits, bits, true
	}
	ones, err := strconv.Atoi(length)
	if err != nil || strconv.Itoa(ones) != length || ones < 0 {
		return nil, 0, 0, false
	}
	if bits == 32 && strings.Contains(text, ":") { // in IPv6 form
		if ones < 96 {
			n, bits = new(big.Int).SetBytes(ip.To16()), 128
		} else {
			ones -= 96
		}
	}
	return n, bits, ones, ones <= bits
}

// checkAddress holds what is read of an address, and whether a block has it, against package net.
func checkAddress(t *testing.T, prefixText, text string) {
	t.Helper()
	addr, ok := scalar.ParseAddress(text)
	ip := net.ParseIP(text)
	if ok != (ip != nil) {
		t.Fatalf("ParseAddress(%q) is %v, %t", text, addr, ok)
	}
	if ok {
		n, bits := number(ip)
		if addr.BitLen() != bits || new(big.Int).SetBytes(addr.AsSlice()).Cmp(n) != 0 || addr.Zone() != "" {
			t.Fatalf("ParseAddress(%q) is %v", text, addr)
		}
	} else if addr != (netip.Addr{}) {
		t.Fatalf("ParseAddress(%q) is %v, but not ok", text, addr)
	}
	prefix, pok := scalar.ParsePrefix(prefixText)
	first, bits, ones, want := block(prefixText)
	if pok != want {
		t.Fatalf("ParsePrefix(%q) is %v, %t", prefixText, prefix, pok)
	}
	if !pok {
		if prefix != (netip.Prefix{}) && prefix.IsValid() {
			t.Fatalf("ParsePrefix(%q) is %v, but not ok", prefixText, prefix)
		}
		return
	}
	if prefix.Bits() != ones || prefix.Addr().BitLen() != bits || prefix != prefix.Masked() {
		t.Fatalf("ParsePrefix(%q) is %v", prefixText, prefix)
	}
	if ok {
		n, length := number(ip)
		rest := uint(bits - ones)
		has := length == bits && new(big.Int).Rsh(n, rest).Cmp(new(big.Int).Rsh(first, rest)) == 0
		if prefix.Contains(addr) != has {
			t.Fatalf("that %q has %q is %t", prefixText, text, !has)
		}
	}
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want string // "" if it is none
	}{
		{"203.0.113.7", "203.0.113.7"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"2001:db8::1", "2001:db8::1"},
		{"2001:DB8:0:0::0001", "2001:db8::1"},
		{"::", "::"},
		{"::ffff:203.0.113.7", "203.0.113.7"},
		{"::FFFF:cb00:7107", "203.0.113.7"},
		{"0000:0000:0000:0000:0000:ffff:203.000.113.007", ""},
		{"0000:0000:0000:0000:0000:ffff:203.100.113.107", "203.100.113.107"},
		{"::203.0.113.7", "::cb00:7107"}, // the old form is not the address
		{"64:ff9b::203.0.113.7", "64:ff9b::cb00:7107"},
		{"010.0.0.1", ""}, // threat 188
		{"0177.0.0.1", ""},
		{"0x7f.0.0.1", ""},
		{"127.1", ""},
		{"2130706433", ""},
		{"256.0.0.1", ""},
		{"1.2.3.4.5", ""},
		{"fe80::1%eth0", ""},
		{"::ffff:1.2.3.4%1", ""},
		{"fe80::1%", ""},
		{"[::1]", ""},
		{"1.2.3.4:80", ""},
		{"1.2.3.4/32", ""},
		{" 1.2.3.4", ""},
		{"1.2.3.4\n", ""},
		{":::", ""},
		{"1::2::3", ""},
		{"1:2:3:4:5:6:7:8:9", ""},
		{"00001::", ""},
		{"", ""},
		{"localhost", ""},
		{strings.Repeat("1", 1<<20), ""},
	} {
		addr, ok := scalar.ParseAddress(test.text)
		if ok != (test.want != "") || ok && addr != netip.MustParseAddr(test.want) {
			t.Errorf("ParseAddress(%.50q) is %v, %t", test.text, addr, ok)
		}
		checkAddress(t, "203.0.113.0/24", test.text)
	}
}

func TestParsePrefix(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want string // "" if it is none
	}{
		{"203.0.113.0/24", "203.0.113.0/24"},
		{"203.0.113.7/24", "203.0.113.0/24"},
		{"203.0.113.7", "203.0.113.7/32"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"1.2.3.4/32", "1.2.3.4/32"},
		{"1.2.3.4/33", ""},
		{"1.2.3.4/", ""},
		{"1.2.3.4/-1", ""},
		{"1.2.3.4/+8", ""},
		{"1.2.3.4/08", ""},
		{"1.2.3.4/8/8", ""},
		{"1.2.3.4/255.0.0.0", ""},
		{"/8", ""},
		{"010.0.0.0/8", ""}, // threat 188
		{"10/8", ""},
		{"2001:db8::/32", "2001:db8::/32"},
		{"2001:db8::1/127", "2001:db8::/127"},
		{"2001:db8::1", "2001:db8::1/128"},
		{"::/0", "::/0"},
		{"::/129", ""},
		{"fe80::%1/64", ""},
		{"fe80::1%1", ""},
		{"::ffff:203.0.113.7", "203.0.113.7/32"},
		{"::ffff:203.0.113.7/120", "203.0.113.0/24"},
		{"::ffff:203.0.113.7/96", "0.0.0.0/0"},
		{"::ffff:203.0.113.7/95", "::fffe:0:0/95"},
		{"::ffff:203.0.113.7/24", "::/24"},
		{"", ""},
	} {
		prefix, ok := scalar.ParsePrefix(test.text)
		if ok != (test.want != "") || ok && prefix != netip.MustParsePrefix(test.want) {
			t.Errorf("ParsePrefix(%q) is %v, %t; want %q", test.text, prefix, ok, test.want)
		}
		for _, addr := range []string{
			"203.0.113.7", "::ffff:203.0.113.8", "10.0.0.1", "0.0.0.0", "::", "2001:db8::1", "2001:db8::2", "ffff::",
		} {
			checkAddress(t, test.text, addr)
		}
	}
}

// For blocks of every length, the first and the last address is in, and those before and behind
// them are not.
func TestBlocksOfEveryLength(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"203.0.113.170", "2001:db8:aaaa:5555:aaaa:5555:aaaa:5555", "::ffff:203.0.113.170"} {
		whole := net.ParseIP(base)
		n, bits := number(whole)
		longest := bits
		if strings.Contains(base, ":") {
			longest = 128
		}
		for ones := range longest + 2 {
			text := base + "/" + strconv.Itoa(ones)
			low := new(big.Int)
			host := uint(max(0, longest-ones))
			low.Lsh(low.Rsh(n, host), host)
			high := new(big.Int).Add(low, new(big.Int).Lsh(big.NewInt(1), host))
			for _, at := range []*big.Int{low, new(big.Int).Sub(low, big.NewInt(1)), high, new(big.Int).Sub(high, big.NewInt(1)), n} {
				if at.Sign() < 0 || at.BitLen() > bits {
					continue
				}
				checkAddress(t, text, net.IP(at.FillBytes(make([]byte, bits/8))).String())
			}
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("203.0.113.7/24", "::ffff:203.0.113.8")
	f.Add("::ffff:1.2.3.4/100", "1.2.3.4")
	f.Add("2001:db8::/32", "2001:db8::1%eth0")
	f.Fuzz(func(t *testing.T, prefix, addr string) {
		checkAddress(t, prefix, addr)
		checkAddress(t, addr, strings.TrimRight(prefix, "/0123456789"))
	})
}
