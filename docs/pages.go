// Package docs holds the pages that racebench quotes: what a word means is said in one place.
package docs

import "embed"

// Pages are the pages with the words of reports, classes and invariants.
//
//go:embed results.md verdicts.md gating.md classes.md
var Pages embed.FS
