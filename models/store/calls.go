package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"zummer/models"
)

const callColumns = "id, source_id, key, merged_into, state, direction, phone, hidden, name, did, started_at, answered_at, ended_at, talk_s, answered_by, recording, missed, by_pbx, facts, conversation, told"

func scanCall(r scanner) (*models.Call, error) {
	var c models.Call
	var started, answered, ended dbTime
	var facts, told text
	if err := r.Scan(&c.ID, &c.Source, &c.Key, &c.MergedInto, &c.State, &c.Direction, &c.Phone, &c.Hidden, &c.Name, &c.DID, &started, &answered, &ended,
		&c.TalkS, &c.AnsweredBy, &c.Recording, &c.Missed, &c.ByPBX, &facts, &c.Conversation, &told); err != nil {
		return nil, err
	}
	c.StartedAt, c.AnsweredAt, c.EndedAt = started.Time, answered.Time, ended.Time
	if err := json.Unmarshal(facts, &c.Facts); err != nil {
		return nil, fmt.Errorf("decode the facts of call %d: %w", c.ID, err)
	}
	if len(told) > 2 {
		if err := json.Unmarshal(told, &c.Told); err != nil {
			return nil, fmt.Errorf("decode who was told of call %d: %w", c.ID, err)
		}
	}
	return &c, nil
}

// LockCalls makes missing calls (ids from fresh, one for each key), locks all
// in key order and returns them with facts and legs under every key asked for.
// A call that was merged is replaced by the one it was merged into.
func (tx *Tx) LockCalls(ctx context.Context, now time.Time, keys []models.CallKey, fresh []int64) (map[models.CallKey]*models.Call, error) {
	out := make(map[models.CallKey]*models.Call, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	lock := func(keys []models.CallKey) error {
		return chunks(keys, 2, func(part []models.CallKey) error {
			args := make([]any, 0, 2*len(part))
			for _, k := range part {
				args = append(args, k.Source, k.Key)
			}
			in, args := tx.d.in("is", args)
			return tx.each(ctx, func(r scanner) error {
				c, err := scanCall(r)
				if err == nil {
					out[models.CallKey{Source: c.Source, Key: c.Key}] = c
				}
				return err
			}, "SELECT "+callColumns+" FROM calls WHERE (source_id, key)"+in+" ORDER BY source_id, key"+tx.d.lock(), args...)
		})
	}
	if err := lock(keys); err != nil {
		return nil, err
	}
	var missing []int
	for i, k := range keys {
		if out[k] == nil {
			missing = append(missing, i)
		}
	}
	if err := tx.makeCalls(ctx, now, keys, fresh, missing, out); err != nil {
		return nil, err
	}
	missing = slices.DeleteFunc(missing, func(i int) bool { return out[keys[i]] != nil })
	if len(missing) > 0 { // another batch made them in between
		var again []models.CallKey
		for _, i := range missing {
			again = append(again, keys[i])
		}
		if err := lock(again); err != nil {
			return nil, err
		}
	}
	if err := tx.followMerges(ctx, out); err != nil {
		return nil, err
	}
	one, known := map[int64]*models.Call{}, map[int64]*models.Call{}
	for k, c := range out { // a call may stand under its own key and those merged into it
		if have := one[c.ID]; have != nil {
			out[k] = have
			continue
		}
		one[c.ID] = c
		if len(c.Facts) > 0 {
			known[c.ID] = c
		}
	}
	return out, tx.readLegs(ctx, known)
}

func (tx *Tx) makeCalls(ctx context.Context, now time.Time, keys []models.CallKey, fresh []int64, missing []int, out map[models.CallKey]*models.Call) error {
	return chunks(missing, 5, func(part []int) error {
		args := make([]any, 0, 5*len(part))
		for _, i := range part {
			args = append(args, fresh[i], keys[i].Source, keys[i].Key, tx.d.ts(now), tx.d.ts(now))
		}
		values, args := tx.d.values("iistt", args)
		return tx.each(ctx, func(r scanner) error {
			c := &models.Call{State: models.Ringing, Direction: models.In}
			err := r.Scan(&c.ID, &c.Source, &c.Key)
			out[models.CallKey{Source: c.Source, Key: c.Key}] = c
			return err
		}, "INSERT INTO calls (id, source_id, key, created_at, updated_at) "+values+" ON CONFLICT DO NOTHING RETURNING id, source_id, key", args...)
	})
}

// followMerges replaces merged calls by what they were merged into.
func (tx *Tx) followMerges(ctx context.Context, out map[models.CallKey]*models.Call) error {
	for range 10 { // a chain of merges; ten is far beyond any PBX
		var ids []int64
		for _, c := range out {
			if c.MergedInto != 0 {
				ids = append(ids, c.MergedInto)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		slices.Sort(ids)
		found, err := tx.callsByID(ctx, slices.Compact(ids))
		if err != nil {
			return err
		}
		for k, c := range out {
			if to := found[c.MergedInto]; c.MergedInto != 0 {
				if to == nil {
					return fmt.Errorf("call %d was merged into %d, which is gone", c.ID, c.MergedInto)
				}
				out[k] = to
			}
		}
	}
	return nil
}

func (tx *Tx) callsByID(ctx context.Context, ids []int64) (map[int64]*models.Call, error) {
	out := map[int64]*models.Call{}
	err := chunks(ids, 1, func(part []int64) error {
		in, args := tx.d.in("i", anys(part))
		return tx.each(ctx, func(r scanner) error {
			c, err := scanCall(r)
			if err == nil {
				out[c.ID] = c
			}
			return err
		}, "SELECT "+callColumns+" FROM calls WHERE id"+in+" ORDER BY source_id, key"+tx.d.lock(), args...)
	})
	return out, err
}

// LockCallsByID locks existing calls and reads them with facts and legs;
// absent ones are absent.
func (tx *Tx) LockCallsByID(ctx context.Context, ids []int64) (map[int64]*models.Call, error) {
	out, err := tx.callsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	return out, tx.readLegs(ctx, out)
}

const legColumns = "id, call_id, key, n, extension, addresses, state, rang_at, answered_at, ended_at, reason, to_ext, user_id, opened, row_id, sharers"

func scanLeg(r scanner) (call int64, l models.Leg, err error) {
	var rang, answered, ended dbTime
	var addresses, sharers text
	if err = r.Scan(&l.ID, &call, &l.Key, &l.N, &l.Extension, &addresses, &l.State, &rang, &answered, &ended, &l.Reason, &l.ToExt, &l.User, &l.Opened, &l.Row, &sharers); err != nil {
		return 0, l, err
	}
	l.RangAt, l.AnsweredAt, l.EndedAt = rang.Time, answered.Time, ended.Time
	if len(addresses) > 2 {
		err = json.Unmarshal(addresses, &l.Addresses)
	}
	if err == nil && len(sharers) > 2 {
		err = json.Unmarshal(sharers, &l.Sharers)
	}
	return call, l, err
}

func (tx *Tx) readLegs(ctx context.Context, calls map[int64]*models.Call) error {
	err := readLegs(tx.d, calls, func(fn func(scanner) error, sql string, args ...any) error { return tx.each(ctx, fn, sql, args...) })
	for id, c := range calls {
		tx.legs[id] = nil
		for i := range c.Legs {
			tx.legs[id] = append(tx.legs[id], c.Legs[i].ID)
		}
	}
	return err
}

func readLegs(d dialect, calls map[int64]*models.Call, query func(func(scanner) error, string, ...any) error) error {
	ids := make([]int64, 0, len(calls))
	for id := range calls {
		ids = append(ids, id)
	}
	return chunks(ids, 1, func(part []int64) error {
		in, args := d.in("i", anys(part))
		return query(func(r scanner) error {
			call, l, err := scanLeg(r)
			if err == nil {
				calls[call].Legs = append(calls[call].Legs, l)
			}
			return err
		}, "SELECT "+legColumns+" FROM call_legs WHERE call_id"+in+" ORDER BY id", args...)
	})
}

// SaveCalls writes calls with their legs; ids are given.
func (tx *Tx) SaveCalls(ctx context.Context, now time.Time, calls []*models.Call) error {
	type legOf struct {
		c *models.Call
		l *models.Leg
	}
	var legs []legOf
	const n = 23
	changed := "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
	if tx.d.sqlite {
		changed = "(SELECT COALESCE(MAX(changed), 0) + 1 FROM calls)"
	}
	err := chunks(calls, n, func(part []*models.Call) error {
		args := make([]any, 0, n*len(part))
		for _, c := range part {
			facts, err := json.Marshal(c.Facts)
			if err != nil {
				return fmt.Errorf("encode the facts of call %d: %w", c.ID, err)
			}
			if c.Facts == nil {
				facts = []byte("[]")
			}
			args = append(args, c.ID, c.Source, c.Key, c.MergedInto, c.State, c.Direction, c.Phone, c.Hidden, c.Name, c.DID, tx.d.ts(c.StartedAt), tx.d.ts(c.AnsweredAt),
				tx.d.ts(c.EndedAt), c.TalkS, c.AnsweredBy, c.Recording, c.Missed, c.ByPBX, string(facts), c.Conversation, idList(c.Told), tx.d.ts(now), tx.d.ts(now))
			for i := range c.Legs {
				legs = append(legs, legOf{c, &c.Legs[i]})
			}
		}
		values, args := tx.d.values("iisisssbsstttiisbbjijtt", args, changed)
		return tx.put(ctx, "calls", "INSERT INTO calls ("+callColumns+", created_at, updated_at, changed) "+values+
			" ON CONFLICT (id) DO UPDATE SET merged_into = excluded.merged_into, state = excluded.state, direction = excluded.direction, phone = excluded.phone, hidden = excluded.hidden,"+
			" name = excluded.name, did = excluded.did, started_at = excluded.started_at, answered_at = excluded.answered_at, ended_at = excluded.ended_at, talk_s = excluded.talk_s,"+
			" answered_by = excluded.answered_by, recording = excluded.recording, missed = excluded.missed, by_pbx = excluded.by_pbx, facts = excluded.facts,"+
			" conversation = excluded.conversation, told = excluded.told, updated_at = excluded.updated_at, changed = excluded.changed", args...)
	})
	if err != nil {
		return err
	}
	if err := tx.dropLegs(ctx, calls); err != nil {
		return err
	}
	const m = 18
	return chunks(legs, m, func(part []legOf) error {
		args := make([]any, 0, m*len(part))
		for _, x := range part {
			l := x.l
			addresses := "[]"
			if len(l.Addresses) > 0 {
				b, err := json.Marshal(l.Addresses)
				if err != nil {
					return fmt.Errorf("encode addresses: %w", err)
				}
				addresses = string(b)
			}
			args = append(args, l.ID, x.c.ID, x.c.Source, l.Key, l.N, l.Extension, addresses, l.State, tx.d.ts(l.RangAt), tx.d.ts(l.AnsweredAt), tx.d.ts(l.EndedAt),
				l.Reason, l.ToExt, l.User, l.Opened, l.Row, idList(l.Sharers), tx.d.ts(now))
		}
		values, args := tx.d.values("iiisissstttssibijt", args)
		return tx.put(ctx, "call_legs", "INSERT INTO call_legs (id, call_id, source_id, key, n, extension, addresses, state, rang_at, answered_at, ended_at, reason, to_ext, user_id, opened, row_id, sharers, seen_at) "+
			values+" ON CONFLICT (id) DO UPDATE SET call_id = excluded.call_id, extension = excluded.extension, addresses = excluded.addresses, state = excluded.state,"+
			" rang_at = excluded.rang_at, answered_at = excluded.answered_at, ended_at = excluded.ended_at, reason = excluded.reason, to_ext = excluded.to_ext, n = excluded.n,"+
			" user_id = excluded.user_id, opened = excluded.opened, row_id = excluded.row_id, sharers = excluded.sharers", args...)
	})
}

// dropLegs deletes the legs that were read with calls and that none of them has
// any more: a merge or a late event may show that two attempts were one.
func (tx *Tx) dropLegs(ctx context.Context, calls []*models.Call) error {
	has := map[int64]bool{}
	for _, c := range calls {
		for i := range c.Legs {
			has[c.Legs[i].ID] = true
		}
	}
	var gone []int64
	for _, c := range calls {
		for _, leg := range tx.legs[c.ID] {
			if !has[leg] {
				gone = append(gone, leg)
			}
		}
	}
	return chunks(gone, 1, func(part []int64) error {
		in, args := tx.d.in("i", anys(part))
		return tx.exec(ctx, "DELETE FROM call_legs WHERE id"+in, args...)
	})
}

// UnroutedCalls lists calls of source with a leg of extension (in the form of
// models.NormalizeExtension, as its extension or one of its addresses) that
// belongs to nobody and was made since.
func (tx *Tx) UnroutedCalls(ctx context.Context, source int64, extension string, since time.Time) ([]int64, error) {
	var out []int64
	err := tx.each(ctx, func(r scanner) error {
		call, l, err := scanLeg(r)
		if err != nil {
			return err
		}
		for _, a := range append([]string{l.Extension}, l.Addresses...) {
			if models.NormalizeExtension(a) == extension {
				out = append(out, call)
				break
			}
		}
		return nil
	}, "SELECT "+legColumns+" FROM call_legs WHERE source_id = ? AND user_id = 0 AND seen_at >= ? ORDER BY call_id", source, tx.d.ts(since))
	return slices.Compact(out), err
}

// idList is a column of ids as JSON.
func idList(ids []int64) string {
	if len(ids) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(ids) //nolint:errchkjson // numbers
	return string(b)
}
