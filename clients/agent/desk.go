package agent

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	zummer "zummer/clients/go"
)

// desk keeps what is shown and told in step with the picture. Toasts of the
// states of one call take each other's place.
type desk struct {
	notifier Notifier // nil: none
	out      *outputs
	russian  bool
	link     func(*zummer.Notification) string
	log      *slog.Logger
	wake     chan struct{}

	mu    sync.Mutex
	rows  []zummer.Notification // the last picture
	told  []event               // what the outputs were not told yet
	shown map[string]zummer.Notification

	ill    chan struct{}
	failed []failure // what could not be opened, and its user was told; the oldest first
	mended []string  // keys of those to be taken away
}

func newDesk(out *outputs, russian bool, link func(*zummer.Notification) string, log *slog.Logger) *desk {
	return &desk{out: out, russian: russian, link: link, log: log, wake: make(chan struct{}, 1), ill: make(chan struct{}, 1)}
}

// event is a revision that came or went.
type event struct {
	what string // new, gone
	row  zummer.Notification
}

// maxEvents bounds what waits for outputs that hang.
const maxEvents = 2000

// At the start what is old is not shown one by one, nor more than a screen holds.
const (
	oldAtStart  = 10 * time.Minute
	mostAtStart = 5
)

// set takes a new picture; it does not block.
func (d *desk) set(p zummer.Picture) {
	d.mu.Lock()
	d.rows = p.Rows
	for _, n := range p.Gone {
		d.told = append(d.told, event{"gone", n})
	}
	for _, n := range p.New {
		d.told = append(d.told, event{"new", n})
	}
	d.told = d.told[max(len(d.told)-maxEvents, 0):]
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// row is what a toast shows, also one that could not be opened; pending says
// that it is still to be settled.
func (d *desk) row(key string) (n zummer.Notification, pending, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n, ok = d.shown[key]; ok {
		return n, true, true
	}
	i := slices.IndexFunc(d.failed, func(f failure) bool { return f.key == key })
	if i < 0 {
		return n, false, false
	}
	n = d.failed[i].row
	return n, slices.ContainsFunc(d.rows, func(r zummer.Notification) bool { return r.Key() == n.Key() }), true
}

// run works until ctx ends and takes all toasts away.
func (d *desk) run(ctx context.Context) {
	if d.notifier != nil {
		defer d.notifier.Stop()
	}
	for first := true; ; {
		select {
		case <-d.wake:
		case <-d.ill:
			d.failures(ctx)
			continue
		case <-ctx.Done():
			return
		}
		d.mu.Lock()
		rows, told := d.rows, d.told
		d.told = nil
		d.mu.Unlock()
		for i := range told {
			d.out.tell(ctx, told[i].what, &told[i].row)
		}
		d.toasts(ctx, rows, first)
		first = false
	}
}

// key is what the states of one call have in common.
func key(n *zummer.Notification) string {
	if n.Call != nil && n.Call.ID != "" {
		return "call " + n.Call.ID
	}
	return "row " + n.ID
}

// toasts shows what is new and takes away what is over.
func (d *desk) toasts(ctx context.Context, rows []zummer.Notification, first bool) {
	want := map[string]zummer.Notification{}
	var order []string
	for _, n := range rows {
		k := key(&n)
		if _, twice := want[k]; twice || n.Action == zummer.None {
			continue
		}
		want[k] = n
		order = append(order, k)
	}
	d.mu.Lock()
	before := d.shown
	d.shown = want
	d.mu.Unlock()
	if d.notifier == nil {
		return
	}
	for k := range before {
		if _, still := want[k]; !still {
			d.notifier.Close(k)
		}
	}
	shown := 0
	for _, k := range order {
		n := want[k]
		old, was := before[k]
		if was && old.Key() == n.Key() {
			continue
		}
		live := n.Call != nil && n.Call.State != "ended"
		if first && !live && (shown >= mostAtStart || time.Since(n.UpdatedAt) > oldAtStart) {
			continue
		}
		shown++
		if err := d.notifier.Show(k, d.toast(&n)); err != nil {
			d.log.WarnContext(ctx, "a notification could not be shown", "row", n.Key().String(), "error", Mask(err.Error()))
		}
	}
}

func (d *desk) toast(n *zummer.Notification) Toast {
	t := Toast{Title: caption(n), Text: oneLine(n.Text), Urgent: n.Call != nil && n.Call.State == "ringing"}
	if d.link(n) != "" {
		t.Action = "Open"
		if d.russian {
			t.Action = "Открыть"
		}
	}
	return t
}
