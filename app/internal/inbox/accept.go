package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zummer/models"
)

// Accept stores one webhook with what its adapter made of it: the journal, the
// call and the notifications in one commit. It returns after that commit. An
// error means that nothing was stored and the PBX shall send it again
// (models.Unavailable); what cannot be parsed or applied is stored with its
// error, and that is a success.
func (in *Inbox) Accept(ctx context.Context, a models.Accepted) (models.AcceptResult, error) {
	clean(&a.Webhook)
	o := &op{name: "accept", accept: &a}
	if a.Err == nil {
		a.Events, o.keys, a.Err = prepare(a.Source, a.Events)
	}
	if a.Err != nil {
		a.Events, o.keys = nil, nil
	}
	if err := in.submit(ctx, o); err != nil {
		return models.AcceptResult{}, err
	}
	return o.result, nil
}

// prepare validates and cleans events and names each for the repeat check.
func prepare(s *models.Source, events []models.Event) ([]models.Event, []models.RepeatKey, error) {
	if len(events) > models.MaxEvents {
		return nil, nil, models.Errorf(models.Invalid, "more than %d events in one webhook", models.MaxEvents)
	}
	out := make([]models.Event, len(events))
	keys := make([]models.RepeatKey, len(events))
	for i, e := range events {
		for _, f := range []*string{&e.ID, &e.Call, &e.Leg, &e.Phone, &e.Name, &e.DID, &e.Extension, &e.ToExtension, &e.Reason, &e.Disposition, &e.Recording, &e.SameAs} {
			*f = strings.TrimSpace(models.CleanText(*f))
		}
		e.Name = models.CutText(e.Name, models.MaxName)
		if err := e.Validate(); err != nil {
			if len(events) > 1 {
				return nil, nil, models.Errorf(models.Invalid, "event %d: %s", i, publicText(err))
			}
			return nil, nil, err
		}
		if e.SameAs == e.Call {
			e.SameAs = ""
		}
		out[i], keys[i] = e, repeatKey(s.ID, &e)
	}
	return out, keys, nil
}

// repeatKey names an event: by the PBX's id, else by what it says and its own
// time or order, else by all of it for ten seconds.
func repeatKey(source int64, e *models.Event) models.RepeatKey {
	k := models.RepeatKey{SourceID: source, TTL: keyTTL}
	switch {
	case e.ID != "":
		k.Key = "i:" + digest(e.ID)
	case !e.At.IsZero() || e.Seq != 0:
		k.Key = "t:" + digest(e.Type, e.Call, e.Leg, e.Extension, e.ToExtension, e.Seq, e.At.UnixMilli())
	default:
		text, _ := json.Marshal(e) // strings, numbers and plain maps: cannot fail
		k.Key, k.TTL = "c:"+digest(string(text)), shortKeyTTL
	}
	return k
}

func digest(parts ...any) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%v\x00", p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// maxPath is as long as a request's head may be: of systems that send GET the
// query is the whole event, and a replay reads it.
const maxPath = 64 << 10

// maxHeaders are kept of a webhook, the first by name.
const maxHeaders = 60

// clean makes a webhook's texts fit for the database; the body stays as it is.
func clean(w *models.Webhook) {
	w.Method, w.Path, w.RemoteAddr = models.CutText(w.Method, 20), models.CutText(w.Path, maxPath), models.CutText(w.RemoteAddr, 100)
	headers := make(map[string]string, min(len(w.Headers), maxHeaders))
	for _, k := range slices.Sorted(maps.Keys(w.Headers)) {
		if len(headers) == maxHeaders {
			break
		}
		headers[models.CutText(k, 100)] = models.CutText(w.Headers[k], 1000)
	}
	w.Headers = headers
}

// Replay runs a stored webhook through its adapter and the rules again, as if
// it came now. Its repeat keys do not hold it back; the call's state does.
func (in *Inbox) Replay(ctx context.Context, _ models.Actor, webhook int64) (models.AcceptResult, error) {
	if in.opt.Parse == nil {
		return models.AcceptResult{}, models.Errorf(models.Unavailable, "replay is not configured")
	}
	o := &op{name: "replay", replay: webhook}
	if err := in.submit(ctx, o); err != nil {
		return models.AcceptResult{}, err
	}
	return o.result, nil
}

// Route runs the rules once on the present state of calls that rang an
// extension while nobody owned it. Setup calls it after mapping one.
func (in *Inbox) Route(ctx context.Context, source int64, extension string) error {
	return in.submit(ctx, &op{name: "route", mapped: &mapped{source: source, extension: extension}})
}

// CloseCalls ends calls that their PBX never ended; it says how many were
// still open. Ids that do not exist are ignored.
func (in *Inbox) CloseCalls(ctx context.Context, ids []int64) (int, error) {
	return in.closeCalls(ctx, ids, false)
}

// CloseSilent ends calls that fell silent, on a guess that gives way to what
// their PBX tells later (models.Call.CloseSilent); it says how many it ended.
// Ids that do not exist and calls that are not silent are ignored.
func (in *Inbox) CloseSilent(ctx context.Context, ids []int64) (int, error) {
	return in.closeCalls(ctx, ids, true)
}

func (in *Inbox) closeCalls(ctx context.Context, ids []int64, silent bool) (int, error) {
	n := 0
	for len(ids) > 0 {
		part := ids[:min(len(ids), 50)]
		ids = ids[len(part):]
		o := &op{name: "close calls", calls: part, silent: silent}
		if err := in.submit(ctx, o); err != nil {
			return n, err
		}
		n += o.settled
	}
	return n, nil
}

// Expire takes out what has expired in the sets of users.
func (in *Inbox) Expire(ctx context.Context, users []int64) error {
	for len(users) > 0 {
		part := users[:min(len(users), 100)]
		users = users[len(part):]
		if err := in.submit(ctx, &op{name: "expire", expire: part}); err != nil {
			return err
		}
	}
	return nil
}

// expireSoon makes one expiry of user's set, or waits for the one that is on
// its way already.
func (in *Inbox) expireSoon(ctx context.Context, user int64) error {
	mine := make(chan struct{})
	if other, busy := in.expiring.LoadOrStore(user, mine); busy {
		select {
		case <-other.(chan struct{}): //nolint:forcetypeassert // only channels are stored
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	defer func() {
		in.expiring.Delete(user)
		close(mine)
	}()
	return in.Expire(ctx, []int64{user})
}
