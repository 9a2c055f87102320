package durability

// Inventory implements targets.Instance.
func (s *server) Inventory() {
	h, draining := s.first, s.begun.Get() != 0
	cause := "still-serving"
	if draining {
		cause = "drain-unfinished"
	}
	h.requests.Each(func(r *request) { h.discard(r, stationQueue, cause, false) })
	h.writes.Each(func(r *request) { h.discard(r, stationQueue, cause, false) })
	s.probe.Gauge("queue-high", int64(h.requests.High()), int64(s.queue), false)
	s.probe.Gauge("write-queue-high", int64(h.writes.High()), int64(s.queue), false)
	s.probe.Gauge("depth-low", h.lowest.Get(), 0, false)
	s.probe.Gauge("depth", h.depth.Peek()-h.dropped.Get(), 0, true)
}
