package external

import (
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// A silent client holds a connection open and says nothing.
type silent struct {
	d    *dialer
	conn *wireConn
}

func dialSilent(d *dialer) (client, error) {
	var conn *wireConn
	var err error
	d.t.Blocking(d.object, func() { conn, err = d.s.connect() })
	if err != nil {
		return nil, err
	}
	return &silent{d, conn}, nil
}

// Ready implements targets.Pacer: it never has anything to do, and stays.
func (c *silent) Ready(t *world.Task) bool {
	t.Await(c.d.s.out.Over())
	return false
}

// Do implements targets.Client.
func (*silent) Do(*world.Task, targets.Message) targets.Reply { return targets.Reply{} }

// Close implements targets.Client.
func (c *silent) Close(*world.Task) { _ = c.conn.Close() }
