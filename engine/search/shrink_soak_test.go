//go:build soak

package search_test

import "testing"

// TestShrinkingSoak shrinks twenty failures of each bug.
func TestShrinkingSoak(t *testing.T) { shrinkToShortStories(t, 20) }
