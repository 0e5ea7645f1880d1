package inbox

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zummer/models"
)

// written returns the deliveries that reached the store as "row.rev session",
// rows numbered from 1 as they came.
func (r *rig) written() []string {
	<-time.After(2 * toldEvery)
	r.mem.mu.Lock()
	defer r.mem.mu.Unlock()
	var out []string
	rows := map[int64]int{}
	for _, d := range r.mem.told {
		if rows[d.NotificationID] == 0 {
			rows[d.NotificationID] = len(rows) + 1
		}
		out = append(out, fmt.Sprintf("%d.%d %s", rows[d.NotificationID], d.Rev, d.Session))
	}
	return out
}

// TestDeliveries: a revision is written down once for each session that got it.
func TestDeliveries(t *testing.T) {
	bubble(t, func(r *rig) {
		who := r.who(1)
		who.Client = "1C/8.3"
		var measured []time.Duration
		r.in.opt.ObserveTold = func(d time.Duration) { measured = append(measured, d) }
		v := r.poll(1, models.PollQuery{Session: "desk"}).Version
		<-time.After(2 * time.Second)
		wait := r.later(1, models.PollQuery{Session: "desk", Version: v, Wait: 25 * time.Second})
		r.publishOn(r.in)
		a := <-wait
		v = a.set.Version
		for range 3 { // the same picture again, with and without a version, brings nothing new
			<-time.After(2 * time.Second)
			r.poll(1, models.PollQuery{Session: "desk"})
			r.poll(1, models.PollQuery{Session: "desk", Version: v})
		}
		<-time.After(2 * time.Second)
		r.publishOn(r.in)
		r.poll(1, models.PollQuery{Session: "desk", Version: v})
		if _, err := r.in.Poll(r.t.Context(), who, models.PollQuery{}); err != nil { // without a name
			t.Fatal(err)
		}
		if want, got := []string{"1.1 desk", "2.1 desk", "1.1 ", "2.1 "}, r.written(); !slices.Equal(sortedTold(got), sortedTold(want)) {
			t.Errorf("deliveries %q, want %q", got, want)
		}
		r.mem.mu.Lock()
		d := r.mem.told[len(r.mem.told)-1]
		r.mem.mu.Unlock()
		if d.Client != "1C/8.3" || d.UserID != 1 || d.At.IsZero() {
			t.Errorf("delivery %+v", d)
		}
		if len(measured) != 2 {
			t.Errorf("measured %v, want the two rows that came while the client followed", measured)
		}
	})
}

func sortedTold(in []string) []string { return slices.Sorted(slices.Values(in)) }

// TestPagesAreDeliveredOnce: each page tells its own rows.
func TestPagesAreDeliveredOnce(t *testing.T) {
	bubble(t, func(r *rig) {
		for range 5 {
			r.publishOn(r.in)
		}
		for q := (models.PollQuery{Session: "desk", Limit: 2}); ; {
			set := r.poll(1, q)
			if q.After = set.Next; set.Next == "" {
				break
			}
		}
		if got := r.written(); len(got) != 5 {
			t.Errorf("deliveries %q, want 5", got)
		}
	})
}

// TestDeliveriesAreBounded: what is too much for one flush is dropped, and no
// poll waits for it.
func TestDeliveriesAreBounded(t *testing.T) {
	bubble(t, func(r *rig) {
		rows := make([]models.Notification, 3*maxTold)
		yes := func(*models.Notification) bool { return true }
		r.in.tell(rows, "desk", "", time.Now(), yes, yes)
		if got := r.written(); len(got) != maxTold {
			t.Errorf("%d deliveries, want %d", len(got), maxTold)
		}
	})
}
