package jsontree_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/jsontree"
)

// TestLocator: line and column are what counting from the beginning says, in whatever order places
// are asked for.
func TestLocator(t *testing.T) {
	t.Parallel()
	const text = "ab\ncé\r\n\n😀x\n\"\xff\"end\n"
	l := jsontree.Locator{Text: text}
	random := rand.New(rand.NewPCG(1, 2))
	offsets := make([]int, 0, 1000)
	for off := range len(text) + 1 {
		offsets = append(offsets, off)
	}
	for range 500 {
		offsets = append(offsets, random.IntN(len(text)+1))
	}
	for _, off := range offsets {
		if off < len(text) && !utf8.RuneStart(text[off]) {
			continue
		}
		lines := strings.Split(text[:off], "\n")
		wantLine, wantColumn := len(lines), utf8.RuneCountInString(lines[len(lines)-1])+1
		if line, column := l.Place(off); line != wantLine || column != wantColumn {
			t.Errorf("%d is %d:%d, want %d:%d", off, line, column, wantLine, wantColumn)
		}
	}
}

// TestPath: a path is written as it would be in JavaScript, and its names are cut where they are
// long (threat 245).
func TestPath(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 128)
	up := &jsontree.Path{Name: "Statement"}
	for _, tt := range []struct {
		path *jsontree.Path
		want string
	}{
		{nil, ""},
		{up, "Statement"},
		{&jsontree.Path{Index: 3}, "[3]"},
		{&jsontree.Path{Up: up, Index: 12}, "Statement[12]"},
		{&jsontree.Path{Up: &jsontree.Path{Up: up}, Name: "Sid"}, "Statement[0].Sid"},
		{&jsontree.Path{Name: long}, long},
		{&jsontree.Path{Name: long + "x"}, long + "…"},
		{&jsontree.Path{Name: "x" + long}, "x" + long[:254] + "…"},
	} {
		if got := tt.path.String(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// TestReadingAllocatesNoPaths: reading a document allocates for its values alone, and not for where
// they are.
func TestReadingAllocatesNoPaths(t *testing.T) {
	const src = `{"a":{"b":{"c":[[["x"]]]}}}`
	opts := loose()
	opts.Names = true
	// Three lists of members and three of elements.
	if n := testing.AllocsPerRun(100, func() { jsontree.Parse(src, opts) }); n > 6 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParse(b *testing.B) {
	src := `{"Version":"2012-10-17","Statement":[` + strings.TrimSuffix(strings.Repeat(
		`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b\u00fccket/*"},`, 1000), ",") + `]}`
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if tree := jsontree.Parse(src, loose()); len(tree.Errors) > 0 {
			b.Fatal(tree.Errors[0])
		}
	}
}
