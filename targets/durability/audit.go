package durability

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// files opens the folder that a host lends, as a process does that has just started.
func (d device) files(h targets.Host) (Files, error) {
	if m, ok := h.Medium.(*memory); ok {
		m.boot(h.World)
		return m, nil
	}
	if d.disk == nil {
		return nil, errors.New("it has no disk outside a simulated world")
	}
	return d.disk.Open(h.World, h.Dir)
}

// NewMedium implements targets.Auditor.
func (device) NewMedium() targets.Medium { return &memory{} }

// CutPower implements targets.Auditor.
func (d device) CutPower(h targets.Host, chance *rand.Rand) error {
	if m, ok := h.Medium.(*memory); ok {
		m.cutPower(chance)
		return nil
	}
	if d.disk == nil {
		return errors.New("cut power: there is no disk")
	}
	return d.disk.CutPower(h.Dir, chance)
}

// Audit implements targets.Auditor: it opens the log as the next host would, under its lock.
func (d device) Audit(t *world.Task, h targets.Host, each func(targets.Record)) (targets.Recovery, error) {
	files, err := d.files(h)
	if err != nil {
		return targets.Recovery{}, fmt.Errorf("audit: %w", err)
	}
	lock, err := files.Lock(t)
	if err != nil {
		return targets.Recovery{}, fmt.Errorf("audit: %w", err)
	}
	var epoch uint32
	r, err := recoverLog(t, files, func(s stored) {
		offset := s.offset
		if s.epoch < epoch {
			offset = 0 // an owner that had been followed by another wrote this: it stands in nobody's order
		}
		epoch = max(epoch, s.epoch)
		each(targets.Record{Msg: s.msg, Offset: offset})
	})
	return r.Recovery, errors.Join(err, lock.Unlock(t))
}
