package iampolicy

// mayMatch is match where the values of some variables are not known: it reports whether s
// matches with any texts in their places, as with stars. Where a variable stands twice,
// the two may differ, which says yes too often rather than too rarely.
//
// It takes the runs apart at those variables as it goes, so that nothing is allocated.
func (m *matcher) mayMatch(runs [][]part, s string) bool {
	piece, at := m.piece(runs, runPlace{})
	n, ok := m.begins(piece, s)
	if !ok {
		return false
	}
	s = s[n:]
	final := runs[len(runs)-1]
	for i := len(final) - 1; i >= 0; i-- {
		if m.isUnknown(&final[i]) {
			final = final[i+1:]
			break
		}
	}
	if n, ok = m.ends(final, s); !ok {
		return false
	}
	s, m.trimmed = s[:len(s)-n], n
	for {
		if piece, at = m.piece(runs, at); at.run == len(runs) {
			return true // that was the final one
		}
		if len(piece) == 0 {
			continue
		}
		if n, ok = m.find(piece, s); !ok {
			return false
		}
		s = s[n:]
	}
}

// A runPlace is where in a pattern's runs the next piece begins.
type runPlace struct{ run, part int }

// piece returns what stands from a place to the next star or unknown variable, and the
// place behind that.
func (m *matcher) piece(runs [][]part, at runPlace) ([]part, runPlace) {
	run := runs[at.run][at.part:]
	for i := range run {
		if m.isUnknown(&run[i]) {
			return run[:i], runPlace{at.run, at.part + i + 1}
		}
	}
	return run, runPlace{run: at.run + 1}
}

func (m *matcher) isUnknown(pt *part) bool {
	return pt.ref > 0 && m.unknown&(1<<(pt.ref-1)) != 0
}
