package agent

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	zummer "zummer/clients/go"
)

// failure is a row that could not be opened, as its user is told of it. The row
// itself may be gone: to the service it is settled.
type failure struct {
	key   string // of the toast
	row   zummer.Notification
	toast Toast
	shown bool
}

// mostFailed is how many are on the screen at once: the last ones. A desktop that
// opens nothing would be covered by them.
const mostFailed = 5

// failedKey is the toast of what failed of a row, beside the row's own.
func failedKey(n *zummer.Notification) string { return "failed " + key(n) }

// fail has the user told that a row could not be opened, until it is put away or
// opens after all; it does not block.
func (d *desk) fail(n *zummer.Notification, link string, why error) {
	f := failure{key: failedKey(n), row: *n, toast: failedToast(n, link, why, d.russian)}
	d.mu.Lock()
	d.drop(f.key)
	d.failed = append(d.failed, f)
	for len(d.failed) > mostFailed {
		d.drop(d.failed[0].key)
	}
	d.mu.Unlock()
	d.stir()
}

// mend takes back what was told of a row that has opened, or that the user has
// put away; false: nothing was.
func (d *desk) mend(key string) bool {
	d.mu.Lock()
	was := d.drop(key)
	d.mu.Unlock()
	if was {
		d.stir()
	}
	return was
}

// drop forgets a failure; the caller holds d.mu.
func (d *desk) drop(key string) (was bool) {
	d.failed = slices.DeleteFunc(d.failed, func(f failure) bool {
		if f.key != key {
			return false
		}
		was = true
		d.mended = append(d.mended, key)
		return true
	})
	return was
}

// stir has the failures looked at.
func (d *desk) stir() {
	select {
	case d.ill <- struct{}{}:
	default:
	}
}

// failures brings the screen up to date.
func (d *desk) failures(ctx context.Context) {
	var show []failure
	d.mu.Lock()
	mended := d.mended
	d.mended = nil
	for i := range d.failed {
		if f := &d.failed[i]; !f.shown {
			f.shown = true
			show = append(show, *f)
		}
	}
	d.mu.Unlock()
	if d.notifier == nil {
		return
	}
	for _, key := range mended { // also of what failed again: a click has closed the one before
		d.notifier.Close(key)
	}
	for _, f := range show {
		if err := d.notifier.Show(f.key, f.toast); err != nil {
			d.log.WarnContext(ctx, "a notification could not be shown", "row", f.row.Key().String(), "error", Mask(err.Error()))
		}
	}
}

// failedToast says whose row it was that could not be opened, and why.
func failedToast(n *zummer.Notification, link string, why error, russian bool) Toast {
	pick := func(ru, en string) string {
		if russian {
			return ru
		}
		return en
	}
	t := Toast{Title: pick("Не открылось: ", "Could not open: ") + caption(n), Urgent: true}
	reason := ""
	switch {
	case errors.Is(why, errLinkHost):
		reason = pick("Агенту не разрешено открывать ссылки на этот адрес: его нет в links.hosts настроек", "The agent may not open links to this address: links.hosts of its configuration does not have it")
	case errors.Is(why, errLinkScheme):
		reason = pick("Ссылки такого вида агент не открывает", "The agent opens no links of this kind")
	case errors.Is(why, errLinkForm):
		reason = pick("Ссылка записана неверно", "The link is malformed")
	default:
		reason = pick("Система не открыла ссылку "+schemeOf(link)+"://…; что делать, скажет zummer agent check", "The system did not open a link "+schemeOf(link)+"://…; zummer agent check says what to do")
		t.Action = pick("Повторить", "Try again")
	}
	var who []string
	for _, part := range []string{n.Text, n.Name, n.Phone} {
		if part = oneLine(part); part != "" && part != caption(n) && !slices.ContainsFunc(who, func(said string) bool { return strings.Contains(said, part) || sameNumber(said, part) }) {
			who = append(who, part)
		}
	}
	t.Text = strings.Join(append(who, reason), "\n")
	return t
}

// sameNumber reports whether a text has that number already, written in its way.
func sameNumber(text, number string) bool {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s)
	}
	return strings.HasPrefix(number, "+") && strings.Contains(digits(text), digits(number))
}

// schemeOf is the kind of a link that has passed Links.
func schemeOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return "?"
	}
	return cmp.Or(u.Scheme, "?")
}
