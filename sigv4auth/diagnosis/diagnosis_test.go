package diagnosis_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/jsontree"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
)

// TestLogValueNamesEachOnce: of two equal keys readers of JSON take the last (threat 149), and
// would lose a cause.
func TestLogValueNamesEachOnce(t *testing.T) {
	t.Parallel()
	d := diagnosis.Report{
		Findings: []diagnosis.Finding{
			{Cause: diagnosis.CauseClock, Condition: "condition 1", Remedy: "remedy 1"},
			{Cause: diagnosis.CauseRegion, Remedy: "remedy 2"},
			{Cause: diagnosis.CauseHost, Condition: "condition 3", Remedy: "remedy 3"},
		},
		NotTried: []string{"body", "query"},
		Notes:    []string{"address", "scheme"},
	}
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "diagnosis", d)
	tree := jsontree.Parse(b.String(), jsontree.Options{
		Limits: jsontree.Limits{Bytes: 1 << 16, Depth: 3, Members: 100, Values: 100},
		Names:  true,
	})
	for _, e := range tree.Errors {
		t.Errorf("%v: %s", &e, e.Path)
	}
	for _, text := range []string{
		`"cause":"clock","if":"condition 1","remedy":"remedy 1","cause_2":"region","remedy_2":"remedy 2",` +
			`"cause_3":"host","if_3":"condition 3","remedy_3":"remedy 3"`,
		`"note":"address","note_2":"scheme"`, `"not_tried":"body","not_tried_2":"query"`,
	} {
		if !strings.Contains(b.String(), text) {
			t.Errorf("%s is not in %s", text, b.String())
		}
	}
}
