package inbox

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"zummer/models"
)

// answer makes the page of the set that the client asked for. The version is
// only given with the last page. A cursor of another version starts over, which
// only reset tells: a page that follows another one is never a reset.
func (p *poll) answer(read models.Set) models.PendingSet {
	version := read.Inbox.VersionText()
	set := models.PendingSet{State: models.StateSet, ETag: version, Acks: p.acks, PollAfter: p.pace, Now: read.Now}
	if !knows(p.asked, read.Inbox) {
		set.State = models.StateReset
	}
	rows := read.Rows
	if p.q.App != "" {
		rows = slices.DeleteFunc(slices.Clone(rows), func(n models.Notification) bool {
			return n.App() != "" && n.App() != p.q.App
		})
	}
	slices.SortFunc(rows, newestFirst)
	from := 0
	if p.q.After != "" {
		if v, offset, ok := models.ParsePageCursor(p.q.After); ok && v == version && offset <= len(rows) {
			from, set.State = offset, models.StateSet
		} else {
			set.State = models.StateReset
		}
	}
	limit := p.q.Limit
	if limit < 1 {
		limit = 50
	}
	to := min(from+limit, len(rows))
	set.Rows = rows[from:to]
	if to < len(rows) {
		set.Next = models.PageCursor(version, to)
		set.PollAfter = 0
	} else {
		set.Version = version
	}
	set.Offset = from
	return set
}

// newestFirst puts rows of living calls first, then the newest.
func newestFirst(a, b models.Notification) int {
	if a.Live() != b.Live() {
		if a.Live() {
			return -1
		}
		return 1
	}
	return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(b.ID, a.ID))
}

// noInbox is the version of a set to which nothing was ever added.
const noInbox = "0.0"

// knows reports whether version is one that this inbox had or has.
func knows(version string, ib models.Inbox) bool {
	if version == noInbox {
		return true
	}
	epoch, text, ok := strings.Cut(version, ".")
	v, err := strconv.ParseInt(text, 10, 64)
	return ok && err == nil && epoch == ib.Epoch && v <= ib.Version
}

// text is the version as clients see it.
func (c cached) text() string {
	return models.Inbox{Epoch: c.epoch, Version: c.version}.VersionText()
}
