package inbox

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"zummer/models"
)

// picture is the pending sets of all active users as they stood at one moment.
type picture struct {
	version string
	rows    []models.Notification
	users   map[int64]*models.User // of the set-up that it was made with
	due     time.Time              // the earliest expiry, on this process's clock; zero: none
	now     time.Time              // the database's clock of the read or before
}

// everybody is the active users of one set-up.
type everybody struct {
	dir   *models.Directory
	users []*models.User // by id
}

// crowd keeps the last everybody: sorting all users at every look is not free.
type crowd struct{ p atomic.Pointer[everybody] }

func (c *crowd) of(d *models.Directory) []*models.User {
	if e := c.p.Load(); e != nil && e.dir == d {
		return e.users
	}
	users := slices.SortedFunc(maps.Values(d.Users), func(a, b *models.User) int { return cmp.Compare(a.ID, b.ID) })
	users = slices.DeleteFunc(users, func(u *models.User) bool { return !u.Active })
	c.p.Store(&everybody{d, users})
	return users
}

// namer makes the version of a picture of the inboxes that it is given, by
// user. It names the body: the rows of each user by epoch and version, and how
// the user is called. A user to whom nothing was ever added is no part of it.
// The part before the dot is the epoch of the picture: that of its first user.
type namer struct{ epoch, body []byte }

func (n *namer) add(u *models.User, epoch string, version int64) {
	if version == 0 {
		return
	}
	n.body = append(append(appendNumber(n.body, u.ID), epoch...), 0)
	if n.epoch == nil {
		n.epoch = slices.Clone(n.body)
	}
	n.body = appendNumber(n.body, version)
	for _, s := range [...]string{u.Login, u.ExternalID} {
		n.body = append(append(n.body, s...), 0)
	}
}

func appendNumber(b []byte, n int64) []byte {
	for range 8 {
		b = append(b, byte(n))
		n >>= 8
	}
	return b
}

// nobody is the version of a picture to which nothing was ever added.
const nobody = "all.0"

func (n *namer) version() string {
	if len(n.body) == 0 {
		return nobody
	}
	return short(n.epoch, 8) + "." + short(n.body, 26)
}

func short(b []byte, letters int) string {
	sum := sha256.Sum256(b)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))[:letters]
}

// knownPicture is the version of the present picture as far as this process can
// say without the database, and its earliest expiry. instead holds inboxes that
// are taken in place of what is known; nil: none.
func (in *Inbox) knownPicture(now time.Time, instead map[int64]models.Inbox) (version string, due time.Time, ok bool) {
	if !in.fresh(now) {
		return "", due, false
	}
	var n namer
	for _, u := range in.crowd.of(in.opt.Directory()) {
		if ib, ok := instead[u.ID]; ok {
			n.add(u, ib.Epoch, ib.Version)
			continue
		}
		c, ok := in.known(u.ID, now)
		if !ok {
			return "", due, false
		}
		n.add(u, c.epoch, c.version)
		if !c.due.IsZero() && (due.IsZero() || c.due.Before(due)) {
			due = c.due
		}
	}
	return n.version(), due, true
}

// readPicture reads the sets of all active users, first taking out what has
// expired in any of them: no answer is given past an expiry.
func (in *Inbox) readPicture(ctx context.Context) (picture, error) {
	for range 50 {
		users := in.crowd.of(in.opt.Directory())
		at := time.Now()
		short, cancel := context.WithTimeout(ctx, readTimeout)
		inboxes, rows, now, err := in.opt.Beside.ReadAll(short)
		cancel()
		if err != nil {
			return picture{}, away(ctx, err)
		}
		byUser := make(map[int64]models.Inbox, len(inboxes))
		for _, ib := range inboxes {
			byUser[ib.UserID] = ib
		}
		p := picture{users: make(map[int64]*models.User, len(users)), now: now}
		var n namer
		var expired, news []int64
		for _, u := range users {
			p.users[u.ID] = u
			ib, ok := byUser[u.ID]
			if !ok {
				in.cache.absent(u.ID, at)
				continue
			}
			if due(&ib, now) {
				expired = append(expired, u.ID)
				continue
			}
			n.add(u, ib.Epoch, ib.Version)
			if newer, _ := in.cache.put(ib, now, at); newer {
				news = append(news, u.ID)
			}
			if d := dueAt(ib, now, at); !d.IsZero() && (p.due.IsZero() || d.Before(p.due)) {
				p.due = d
			}
		}
		for _, u := range news { // as read does; who waits for all looks just now
			in.opt.Hub.WakeOnly(u)
		}
		if len(expired) == 0 {
			p.version = n.version()
			p.rows = slices.DeleteFunc(rows, func(n models.Notification) bool { return p.users[n.UserID] == nil })
			return p, nil
		}
		if err := in.Expire(ctx, expired); err != nil {
			return picture{}, err
		}
	}
	return picture{}, models.Away(errors.New("sets expire faster than they can be read"))
}

// absent notes that user had no inbox when the database was read at local time
// at. What is known of one stays.
func (c *cache) absent(user int64, at time.Time) {
	s := c.shard(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.m[user]; !at.Before(s.cleared) && (!ok || !old.hinted && old.version == 0) {
		s.m[user] = cached{epoch: "0", checked: at}
	}
}

// confirmAbsent notes which of users, read at local time at, have no inbox yet.
func (in *Inbox) confirmAbsent(users []int64, found []models.Inbox, at time.Time) {
	if len(found) == len(users) {
		return
	}
	have := make(map[int64]bool, len(found))
	for _, ib := range found {
		have[ib.UserID] = true
	}
	for _, u := range users {
		if !have[u] {
			in.cache.absent(u, at)
		}
	}
}

// waitedFor lists the users whose news somebody waits for: all, while somebody
// waits for all.
func (in *Inbox) waitedFor() []int64 {
	users := in.opt.Hub.Users()
	if !in.opt.Hub.Watched() {
		return users
	}
	for _, u := range in.crowd.of(in.opt.Directory()) {
		users = append(users, u.ID)
	}
	slices.Sort(users)
	return slices.Compact(users)
}
