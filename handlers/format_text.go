package handlers

import (
	"strconv"

	"zummer/models"
)

// text encodes the page for the 1C web client, which has string functions
// only: TAB between columns, LF after each line. Columns are only ever added
// at the end.
func (w *answer) text() {
	for _, a := range w.set.Acks {
		w.acks = line(w.acks, "A", clean(a.ID, maxWord)+"."+strconv.Itoa(a.Rev), a.Result)
	}
	w.fill(w.textRow, "")
	w.head = line(w.head, "Z1", w.set.Version, strconv.Itoa(w.nextS()), w.set.Next, string(w.set.State))
}

func (w *answer) textRow(b []byte, n *models.Notification) []byte {
	p := &n.Payload
	o, cl, call := orEmpty(p.Object), orEmpty(p.Client), orEmpty(p.Call)
	key := strconv.FormatInt(n.ID, 10) + "." + strconv.Itoa(n.Rev)
	if w.set.Users != nil {
		b = w.relayLine(b, n)
	}
	w.scratch = appendStamp(w.scratch[:0], n.UpdatedAt, w.zone)
	b = line(b, key, clean(n.Kind, maxWord), clean(string(n.Action), maxWord), idText(call.ID), string(call.State),
		clean(p.Phone, maxWord), clean(p.Title, models.MaxTitle), clean(p.Text, models.MaxText),
		clean(linkOf(o), models.MaxLink), clean(o.URL, models.MaxLink), string(w.scratch),
		clean(o.Type, maxWord), clean(o.Name, models.MaxName), clean(o.UID, maxWord), clean(n.App(), maxWord),
		string(call.Direction), clean(call.DID, maxWord), clean(p.Name, models.MaxName),
		clean(cl.Type, maxWord), clean(cl.Name, models.MaxName), clean(cl.UID, maxWord),
		clean(answeredBy(call), models.MaxName), clean(n.Session, maxWord), strconv.Itoa(w.age(n)))
	for i := range p.Candidates {
		x := &p.Candidates[i]
		b = line(b, "+", key, clean(x.Type, maxWord), clean(x.Name, models.MaxName), clean(x.UID, maxWord), clean(x.Title, models.MaxTitle))
	}
	return b
}

// line writes clean columns; none of them holds a TAB or LF.
func line(b []byte, columns ...string) []byte {
	for i, c := range columns {
		if i > 0 {
			b = append(b, '\t')
		}
		b = append(b, c...)
	}
	return append(b, '\n')
}
