package result

// AlwaysWell is alwaysWell for the tests outside the package.
func (a Asked) AlwaysWell() bool { return a.alwaysWell() }

// Merge is a Merger's sum for the tests outside the package.
func Merge(reports []*Report) (*Report, error) {
	var m Merger
	for _, r := range reports {
		if err := m.Add(r); err != nil {
			return nil, err
		}
	}
	return m.Report()
}
