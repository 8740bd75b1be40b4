package outside

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// Block is a fenced block of a document.
type Block struct {
	Language string // what the opening fence names, such as "sh"
	Before   string // the last line of text before it
	Text     string
}

// Blocks returns the blocks of commands in a document of the repository, those in the language sh,
// in order.
func Blocks(tb testing.TB, name string) []Block {
	tb.Helper()
	return Fenced(tb, name, "sh")
}

// Fenced returns the blocks of a document of the repository in any of the languages, in order.
func Fenced(tb testing.TB, name string, languages ...string) []Block {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(testneed.Root(tb), name))
	if err != nil {
		tb.Fatal(err)
	}
	var blocks []Block
	var open *Block
	before := ""
	for line := range strings.Lines(string(b)) {
		switch language, fence := strings.CutPrefix(line, "```"); {
		case fence && open == nil:
			open = &Block{Language: strings.TrimSpace(language), Before: before}
		case fence:
			for _, wanted := range languages {
				if open.Language == wanted {
					blocks = append(blocks, *open)
				}
			}
			open = nil
		case open != nil:
			open.Text += line
		case strings.TrimSpace(line) != "":
			before = strings.TrimSpace(line)
		}
	}
	if open != nil {
		tb.Fatalf("%s: a block is not closed", name)
	}
	return blocks
}
