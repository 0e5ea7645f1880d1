package hub

import "time"

// fightKey names one client of one user.
type fightKey struct {
	user    int64
	session string
}

// fights remembers the last supersedes of sessions. Only sessions that were
// superseded lately have an entry, so it is nearly always empty. It belongs to
// a shard and is guarded by its lock.
type fights struct {
	last  map[fightKey][maxFights]time.Time // oldest first
	sweep int                               // size at which old entries are looked for
}

// maxFights supersedes in fightSpan are normal (a client that was restarted, a
// connection that died unseen); the next one is refused.
const (
	maxFights = 3
	fightSpan = 10 * time.Second
	minSweep  = 64
)

// allow notes a supersede at now, or says that there were too many.
func (f *fights) allow(k fightKey, now time.Time) bool {
	at := f.last[k]
	if !at[0].IsZero() && now.Sub(at[0]) < fightSpan {
		return false
	}
	copy(at[:], at[1:])
	at[maxFights-1] = now
	if f.last == nil {
		f.last, f.sweep = map[fightKey][maxFights]time.Time{}, minSweep
	}
	f.last[k] = at
	if len(f.last) >= f.sweep {
		for k, at := range f.last {
			if now.Sub(at[maxFights-1]) >= fightSpan {
				delete(f.last, k)
			}
		}
		f.sweep = max(minSweep, 2*len(f.last))
	}
	return true
}
