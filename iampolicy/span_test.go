package iampolicy_test

import (
	"slices"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// TestStatementSpans: each statement is found where it stands, in lines and characters.
func TestStatementSpans(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, doc string
		want      []iampolicy.Span
	}{
		{"no list", `{"Statement":{"Effect":"Allow"}}`, []iampolicy.Span{{1, 14, 1, 32}}},
		{"a list", `{"Statement":[{"Sid":"a"}, {}]}`, []iampolicy.Span{{1, 15, 1, 26}, {1, 28, 1, 30}}},
		{"lines", "{\n \"Statement\": [\n  {\n   \"Sid\": \"é\"\n  },\n  {}]}", []iampolicy.Span{{3, 3, 5, 4}, {6, 3, 6, 5}}},
		{"characters", `{"Id":"é","Statement":[{"Sid":"ü"}]}`, []iampolicy.Span{{1, 24, 1, 35}}},
		{"none", `{"Version":"2012-10-17"}`, nil},
		{"another kind", `{"Statement":"x"}`, nil},
		{"no object", `[]`, nil},
		{"no JSON", `{"Statement":[{}`, nil},
	} {
		if got := iampolicy.StatementSpans([]byte(test.doc)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
