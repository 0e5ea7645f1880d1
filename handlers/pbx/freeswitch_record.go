package pbx

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// fsRecord is the record of one leg, as mod_json_cdr and mod_xml_cdr write it
// (switch_ivr.c: switch_ivr_generate_json_cdr and _xml_cdr).
type fsRecord struct {
	vars fields   // the channel's variables
	flow []fields // caller profiles, the newest first
	side string   // direction, as FreeSWITCH sees the leg
}

// text reads a variable. Both modules write them percent-encoded, unless
// encode-values is false.
func (r fsRecord) text(name string) string {
	s := r.vars.text(name)
	if u, err := url.PathUnescape(s); err == nil {
		s = strings.TrimSpace(models.CleanText(u))
	}
	return s
}

func (r fsRecord) number(name string) string { return fields{name: r.text(name)}.number(name) }

func (r fsRecord) seconds(name string) (*int, error) {
	return fields{name: r.text(name)}.seconds(name)
}

// profile is the caller profile that the leg ended with, oldest the one that it
// began with: a transfer makes a new one. In both of them originatee.profiles
// lists the other legs, which JSON and XML have under names of their own.
func (r fsRecord) profile() fields { return r.profileAt(0) }
func (r fsRecord) oldest() fields  { return r.profileAt(len(r.flow) - 1) }

func (r fsRecord) profileAt(i int) fields {
	if i < 0 || i >= len(r.flow) {
		return fields{}
	}
	p := r.flow[i].sub("caller_profile")
	to := p.sub("originatee")
	var list []any
	for _, name := range []string{"originatee_caller_profiles", "originatee_caller_profile"} {
		switch v := to[name].(type) {
		case []any:
			list = append(list, v...)
		case map[string]any:
			list = append(list, v)
		}
	}
	p["originatee"] = map[string]any{"profiles": list}
	return p
}

// fsBridge is a time when somebody was connected.
type fsBridge struct {
	at           time.Time
	uuid, number string // of the other leg; may be ""
}

// bridges lists whom the leg was connected with, the newest first.
func (r fsRecord) bridges() []fsBridge {
	var out []fsBridge
	for i, f := range r.flow {
		at := fsMoment(f.sub("times").text("bridged_time"))
		if at.IsZero() {
			continue
		}
		b := fsBridge{at: at}
		for j, o := range r.profileAt(i).sub("originatee").subs("profiles") {
			if uuid := o.text("uuid"); j == 0 || i == 0 && uuid == r.text("bridge_uuid") {
				b.uuid, b.number = uuid, o.text("destination_number")
			}
		}
		out = append(out, b)
	}
	if at := cmp.Or(r.text("bridge_uepoch"), r.text("bridge_epoch")); len(out) == 0 && !fsMoment(at).IsZero() {
		out = append(out, fsBridge{at: fsMoment(at)})
	}
	return out
}

// fsTimes are the moments of a leg; zero: never.
type fsTimes struct {
	start, progress, answer, end time.Time
	silent                       bool // the record says that it did not ring
}

// times reads them: variables in microseconds, in seconds, as text in
// FreeSWITCH's own zone; else the times of the newest profile.
func (r fsRecord) times(zone string) (t fsTimes, err error) {
	read := func(name, other string) (at time.Time, said bool) {
		for _, v := range []string{r.text(name + "_uepoch"), r.text(name + "_epoch"), r.oldestTime(other), r.text(name + "_stamp")} {
			switch {
			case v == "":
				continue
			case strings.Trim(v, "0") == "":
				return time.Time{}, true
			}
			said = true
			if at = fsMoment(v); at.IsZero() {
				var wrong error
				if at, wrong = (fields{"": v}).time("", zone); wrong != nil && err == nil {
					err = models.InvalidField("variables."+name+"_epoch", "cannot read the time")
				}
			}
			return at, said
		}
		return at, said
	}
	var said, media bool
	t.start, _ = read("start", "created_time")
	t.progress, said = read("progress", "progress_time")
	if t.progress.IsZero() {
		t.progress, media = read("progress_media", "progress_media_time")
	}
	t.silent = (said || media) && t.progress.IsZero()
	t.answer, _ = read("answer", "answered_time")
	t.end, _ = read("end", "hangup_time")
	switch {
	case err == nil && t.start.IsZero() && t.end.IsZero():
		err = models.InvalidField("variables.start_epoch", "is required")
	case t.start.IsZero():
		t.start = t.end
	case t.end.IsZero():
		t.end = t.start
	}
	return t, err
}

// oldestTime is a time of the callflow: the first that any profile has, from
// the oldest on.
func (r fsRecord) oldestTime(name string) string {
	out := ""
	for _, f := range slices.Backward(r.flow) {
		if s := f.sub("times").text(name); s != "" && strings.Trim(out, "0") == "" {
			out = s
		}
	}
	return out
}

// fsMoment reads microseconds, or seconds, since 1970; zero: "0" or no number.
func fsMoment(s string) time.Time {
	if len(s) >= 15 && len(s) <= 16 && strings.Trim(s, "0123456789") == "" {
		t, _ := unixTime(s[:len(s)-3])
		return t
	}
	t, _ := unixTime(s)
	return t
}

// fsRecordOf reads a body as the record of a leg. ok is false when it is
// something else. The first characters decide: with disable-100-continue
// mod_json_cdr sends its JSON with the Content-Type of a form.
func fsRecordOf(body []byte) (r fsRecord, ok bool, err error) {
	if rest, found := bytes.CutPrefix(body, []byte("cdr=")); found {
		if body = fsDecoded(bytes.TrimSpace(rest)); len(body) == 0 || body[0] != '{' && body[0] != '<' {
			return r, true, models.Errorf(models.Malformed, "cdr is neither JSON nor XML")
		}
	}
	var doc fields
	switch {
	case len(body) == 0:
		return r, false, nil
	case body[0] == '<':
		if doc, err = fsXML(body); err != nil {
			return r, true, err
		}
	case body[0] == '{':
		objects, _, err := readJSON(body)
		if err != nil {
			return r, true, err
		}
		if doc = objects[0]; doc["variables"] == nil && doc["channel_data"] == nil && doc["callflow"] == nil {
			return r, false, nil
		}
	default:
		return r, false, nil
	}
	r = fsRecord{vars: doc.sub("variables"), flow: doc.subs("callflow"), side: doc.sub("channel_data").text("direction")}
	if one := doc.sub("callflow"); len(one) > 0 {
		r.flow = []fields{one}
	}
	return r, true, nil
}

// fsDecoded undoes how cdr= may be encoded: not at all, base64 (without percent
// encoding), or percent-encoded.
func fsDecoded(b []byte) []byte {
	if len(b) > 0 && (b[0] == '{' || b[0] == '<') {
		return b
	}
	if plain, err := base64.StdEncoding.DecodeString(string(b)); err == nil {
		return bytes.TrimSpace(plain)
	}
	plain, err := url.QueryUnescape(string(b))
	if err != nil {
		return b
	}
	if again, err := base64.StdEncoding.DecodeString(plain); err == nil {
		return bytes.TrimSpace(again)
	}
	return []byte(strings.TrimSpace(plain))
}

// fsXML reads XML as an object: an element with elements in it is one, elements
// of one name are a list.
func fsXML(body []byte) (fields, error) {
	const depth = 32
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.Strict = false
	type open struct {
		name string
		in   fields
		text strings.Builder
	}
	stack := []*open{{in: fields{}}}
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, models.Errorf(models.Malformed, "the XML cannot be read")
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			if len(stack) > depth {
				return nil, models.Errorf(models.Malformed, "the XML is nested too deep")
			}
			stack = append(stack, &open{name: strings.ToLower(tok.Name.Local), in: fields{}})
		case xml.CharData:
			top.text.Write(tok)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
			stack[len(stack)-1].in.put(top.name, top.in, top.text.String())
		}
	}
	doc := stack[0].in.sub("cdr")
	if len(stack) != 1 || len(doc) == 0 {
		return nil, models.Errorf(models.Malformed, "the XML is no record of a call")
	}
	return doc, nil
}

// put adds an element: its elements, or its text when it has none.
func (f fields) put(name string, in fields, text string) {
	var v any = text
	if len(in) > 0 {
		v = map[string]any(in)
	}
	switch old := f[name].(type) {
	case nil:
		f[name] = v
	case []any:
		f[name] = append(old, v)
	default:
		f[name] = []any{old, v}
	}
}
