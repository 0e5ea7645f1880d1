package handlers

import (
	"strconv"

	"zummer/models"
)

// xml encodes the page for 1C 8.2: attributes only, no namespace, no DTD.
func (w *answer) xml() {
	for _, a := range w.set.Acks {
		b := append(w.acks, `<a`...)
		b = attr(b, "id", clean(a.ID, maxWord))
		b = attr(b, "rev", strconv.Itoa(a.Rev))
		b = attr(b, "result", a.Result)
		w.acks = append(b, `/>`...)
	}
	w.fill(w.xmlRow, "")
	b := append(w.head, `<r`...)
	b = attr(b, "state", string(w.set.State))
	b = attr(b, "version", w.set.Version)
	b = attr(b, "next_s", strconv.Itoa(w.nextS()))
	b = attr(b, "page", w.set.Next)
	w.head = append(b, '>')
	w.tail = append(w.tail, `</r>`...)
}

func (w *answer) xmlRow(b []byte, n *models.Notification) []byte {
	p := &n.Payload
	o, cl, call := orEmpty(p.Object), orEmpty(p.Client), orEmpty(p.Call)
	b = append(b, `<n`...)
	if w.set.Users != nil {
		b = w.relayAttrs(b, n)
	}
	b = attr(b, "id", strconv.FormatInt(n.ID, 10))
	b = attr(b, "rev", strconv.Itoa(n.Rev))
	b = attr(b, "kind", clean(n.Kind, maxWord))
	b = attr(b, "action", clean(string(n.Action), maxWord))
	b = attr(b, "call", idText(call.ID))
	b = attr(b, "state", string(call.State))
	b = attr(b, "direction", string(call.Direction))
	b = attr(b, "phone", clean(p.Phone, maxWord))
	b = attr(b, "name", clean(p.Name, models.MaxName))
	b = attr(b, "title", clean(p.Title, models.MaxTitle))
	b = attr(b, "text", clean(p.Text, models.MaxText))
	b = attr(b, "app", clean(n.App(), maxWord))
	b = attr(b, "type", clean(o.Type, maxWord))
	b = attr(b, "oname", clean(o.Name, models.MaxName))
	b = attr(b, "uid", clean(o.UID, maxWord))
	b = attr(b, "link", clean(linkOf(o), models.MaxLink))
	b = attr(b, "url", clean(o.URL, models.MaxLink))
	b = attr(b, "ctype", clean(cl.Type, maxWord))
	b = attr(b, "cname", clean(cl.Name, models.MaxName))
	b = attr(b, "cuid", clean(cl.UID, maxWord))
	b = attr(b, "did", clean(call.DID, maxWord))
	b = attr(b, "extension", clean(call.Extension, maxWord))
	b = attr(b, "by", clean(answeredBy(call), models.MaxName))
	b = attr(b, "session", clean(n.Session, maxWord))
	b = append(b, ` at="`...)
	b = append(appendStamp(b, n.UpdatedAt, w.zone), '"')
	b = attr(b, "age_s", strconv.Itoa(w.age(n)))
	if len(p.Candidates) == 0 {
		return append(b, `/>`...)
	}
	b = append(b, '>')
	for i := range p.Candidates {
		x := &p.Candidates[i]
		b = append(b, `<c`...)
		b = attr(b, "type", clean(x.Type, maxWord))
		b = attr(b, "name", clean(x.Name, models.MaxName))
		b = attr(b, "uid", clean(x.UID, maxWord))
		b = attr(b, "title", clean(x.Title, models.MaxTitle))
		b = append(b, `/>`...)
	}
	return append(b, `</n>`...)
}

// attr writes one attribute; value is clean already.
func attr(b []byte, name, value string) []byte {
	b = append(b, ' ')
	b = append(b, name...)
	b = append(b, `="`...)
	from := 0
	for i := 0; i < len(value); i++ {
		var esc string
		switch value[i] {
		case '&':
			esc = "&amp;"
		case '<':
			esc = "&lt;"
		case '>':
			esc = "&gt;"
		case '"':
			esc = "&quot;"
		default:
			continue
		}
		b = append(append(b, value[from:i]...), esc...)
		from = i + 1
	}
	return append(append(b, value[from:]...), '"')
}

// orEmpty lets the fields of what is absent be read as empty.
func orEmpty[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return p
}

// idText is "" for 0.
func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
