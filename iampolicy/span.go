package iampolicy

import "github.com/wildgate/wildgate/internal/jsontree"

// A Span is where in its document a statement stands: from its opening brace to behind its closing
// one. Lines and columns begin with 1; columns count characters.
type Span struct{ Line, Column, EndLine, EndColumn int }

// StatementSpans returns where the statements of a document stand, by their index in it: the one
// that Decision.Statement and StatementResult.Statement hold. It takes time in proportion to the
// document. Of a document that [Parse] accepts it returns a Span for each statement; of one that is
// no JSON or has no statements it returns none.
func StatementSpans(doc []byte) []Span {
	p := parser{src: string(doc)}
	tree, ok := p.document()
	if !ok {
		return nil
	}
	places := jsontree.Locator{Text: p.src}
	span := func(n *jsontree.Node) (s Span) {
		s.Line, s.Column = places.Place(n.Offset)
		s.EndLine, s.EndColumn = places.Place(n.Offset + len(n.Text))
		return s
	}
	var spans []Span
	for i := range tree.Root.Kids {
		n := &tree.Root.Kids[i]
		switch {
		case n.Name != "Statement":
		case n.Kind == jsontree.Object:
			return []Span{span(n)}
		case n.Kind == jsontree.List:
			for j := range n.Kids {
				spans = append(spans, span(&n.Kids[j]))
			}
			return spans
		}
	}
	return nil
}
