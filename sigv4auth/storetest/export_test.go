package storetest

import "context"

// FaultsForTest runs every test that the fixtures of open can do, and returns what each found.
func FaultsForTest(ctx context.Context, open func() Fixture) (faults map[string]error, ran int) {
	faults = make(map[string]error)
	for _, c := range checks() {
		f := open()
		if err := f.check(); err != nil {
			faults["the fixture"] = err
			continue
		}
		if c.needs != nil && !c.needs(&f) {
			continue
		}
		ran++
		if err := c.run(ctx, &f); err != nil {
			faults[c.name] = err
		}
	}
	return faults, ran
}
