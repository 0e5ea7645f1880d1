package zummer_test

import (
	"testing"
	"time"

	zummer "zummer/clients/go"
)

// TestUnknownOutcomes: a program's own word for what became of a row, or a key
// that is none, does not make a poll that the service refuses for ever.
func TestUnknownOutcomes(t *testing.T) {
	bubble(t, "what Open gives", func(t *testing.T, s *service, w *watcher) {
		w.outcome = "done"
		c := play(t, s, w)
		s.put("1", 1, "open", c.Name())
		after(time.Second)
		want(t, "acks", s.acks(), map[string]int{"1.1 opened": 1})
	})
	bubble(t, "what Ack is given", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		s.put("1", 1, "show", "")
		s.put("2", 1, "show", "")
		after(time.Second)
		c.Ack(zummer.Key{}, zummer.Opened, "")
		c.Ack(zummer.Key{ID: "1"}, zummer.Dismissed, "")
		c.Ack(zummer.Key{ID: "1", Rev: 1}, "put away", "")
		c.Ack(zummer.Key{ID: "2", Rev: 1}, zummer.Dismissed, "")
		after(time.Minute)
		want(t, "acks", s.acks(), map[string]int{"1.1 opened": 1, "2.1 dismissed": 1})
		want(t, "pending", len(c.Picture().Rows), 0)
	})
}
