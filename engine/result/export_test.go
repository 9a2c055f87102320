package result

// AlwaysWell is alwaysWell for the tests outside the package.
func (a Asked) AlwaysWell() bool { return a.alwaysWell() }
