//go:build soak

package broker

import "testing"

func TestSoakAccountsClose(t *testing.T) { accountsClose(t, everyRound) }
