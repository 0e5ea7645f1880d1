package pbx

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// What the programmable platforms (twilio, telnyx, plivo, vonage) share. They
// know legs and addresses, not people and customers: a person is whoever one of
// the company's calls dials, and three parameters that the administrator may
// put into the address of a callback say what a platform cannot:
//
//	ext=101         the person this leg belongs to
//	dir=out         the leg goes to a customer (out), to a colleague (internal), or is a caller's (in)
//	phone=+7903…    the customer, where this leg is the person's own
type cpaas struct {
	ext, phone string
	dir        models.Direction
	region     string
	plus       bool              // the platform writes international numbers without "+"
	numbers    []string          // the company's own, in E.164: never a customer
	mobiles    map[string]string // E.164 of people's own phones to the name of the person; empty: any dialled number may be one
}

// The settings that say whose numbers are whose.
const (
	cpaasNumbers = "numbers"
	cpaasMobiles = "mobiles"
)

// cpaasOf reads the parameters of a callback and the settings of its source.
func cpaasOf(hints url.Values, cfg Config) cpaas {
	c := cpaas{ext: models.CleanText(hints.Get("ext")), phone: models.CleanText(hints.Get("phone")), region: cfg.Region, mobiles: map[string]string{}}
	switch d := direction(hints.Get("dir")); d {
	case models.In, models.Out, models.InternalCall:
		c.dir = d
	}
	own, _ := textList(cfg.Settings, cpaasNumbers) // CheckSettings has refused what cannot be read
	for _, s := range own {
		c.numbers = append(c.numbers, phone.Parse(s, cfg.Region).E164)
	}
	people, _ := textList(cfg.Settings, cpaasMobiles)
	for _, s := range people {
		name, number := cpaasNamed(s)
		if e := phone.Parse(number, cfg.Region).E164; e != "" {
			c.mobiles[e] = cmp.Or(name, "tel:"+e)
		}
	}
	return c
}

// cpaasNamed splits "101=+7903…"; without "=" there is no name.
func cpaasNamed(s string) (name, address string) {
	if name, address, ok := strings.Cut(s, "="); ok && !strings.ContainsAny(name, ":@;") {
		return strings.TrimSpace(name), strings.TrimSpace(address)
	}
	return "", strings.TrimSpace(s)
}

// intl gives a number its "+" back where the platform leaves it out of the
// international form.
func (c cpaas) intl(s string) string {
	if c.plus && len(s) >= 8 && len(s) <= 15 && strings.Trim(s, "0123456789") == "" {
		return "+" + s
	}
	return s
}

// who names the owner of an address: client:ivanov is login:ivanov, a SIP
// address itself, a short number an extension, and a number of the public
// network tel:+…, which may be anybody's (public). "": nobody.
func (c cpaas) who(address string) (name string, more []string, public bool) {
	s := strings.TrimSpace(models.CleanText(address))
	scheme, rest, _ := strings.Cut(s, ":")
	switch scheme = strings.ToLower(scheme); scheme {
	case "client", "user":
		rest, _, _ = strings.Cut(rest, "?") // custom parameters of the dialling side
		return cpaasNameOf("login:", rest)
	case "sip", "sips":
		rest, _, _ = strings.Cut(rest, ";")
		rest, _, _ = strings.Cut(rest, "?")
		user, host, _ := strings.Cut(rest, "@")
		host, _, _ = strings.Cut(host, ":")
		if host == "" {
			return cpaasNameOf("login:", user)
		}
		name, more, _ = cpaasNameOf("sip:", user+"@"+host)
		if cpaasShort(user) {
			more = []string{user}
		}
		return name, more, phone.Parse(c.intl(user), c.region).E164 != ""
	}
	n := phone.Parse(c.intl(s), c.region)
	switch {
	case n.Hidden:
		return "", nil, false
	case n.E164 != "":
		return "tel:" + n.E164, nil, true
	case cpaasShort(s):
		return s, nil, false
	case n.Digits != "" && strings.Trim(s, "+0123456789 ()-") == "":
		return "tel:" + n.Digits, nil, true // a number that no numbering plan has
	}
	return cpaasNameOf("login:", s)
}

func cpaasNameOf(kind, user string) (name string, more []string, public bool) {
	if user = strings.TrimSpace(user); user == "" {
		return "", nil, false
	}
	if cpaasShort(user) {
		more = []string{user}
	}
	return kind + user, more, false
}

// cpaasShort reports an extension: up to six digits.
func cpaasShort(s string) bool {
	return s != "" && len(s) <= 6 && strings.Trim(s, "0123456789") == ""
}

// callee is whom a leg of ours dials. customer: it is the far end of an
// outgoing call, and ext (maybe "") the person who calls; otherwise the leg
// rings a person. Without a word about it a number of the public network is a
// person's mobile phone, unless mobiles lists those and this is none of them.
func (c cpaas) callee(to string) (ext string, more []string, customer bool) {
	name, more, public := c.who(to)
	mobile := c.mobiles[strings.TrimPrefix(name, "tel:")]
	switch {
	case c.dir == models.Out:
		return c.ext, nil, true
	case c.ext != "":
		if name != "" && name != c.ext {
			more = append([]string{name}, more...)
		}
		return c.ext, slices.DeleteFunc(more, func(s string) bool { return s == c.ext }), false
	case mobile != "":
		if mobile != name {
			more = []string{name}
		}
		return mobile, more, false
	case public && len(c.mobiles) > 0 && c.dir == "" && strings.HasPrefix(name, "tel:"):
		return "", nil, true
	}
	return name, more, false
}

// caller is who begins a call: a person (then name is theirs), or somebody outside.
func (c cpaas) caller(from string) (name string, person bool) {
	name, _, public := c.who(from)
	if c.ext != "" {
		name = c.ext
	}
	return name, name != "" && !public
}

// begun says on e who calls whom on a caller's leg: somebody from outside, a
// person somebody outside, or a person a colleague.
func (c cpaas) begun(e models.Event, from, to, callerName string) models.Event {
	name, person := c.caller(from)
	_, _, public := c.who(to)
	switch {
	case c.dir == models.In || c.dir == "" && !person:
		e.Direction, e.Phone, e.DID, e.Name = models.In, c.customer(from), to, models.CutText(callerName, models.MaxName)
	case c.dir == models.Out || c.dir == "" && public:
		e.Direction, e.Extension, e.Phone = models.Out, name, c.customer(to)
	default:
		e.Direction, e.Phone = models.InternalCall, cpaasColleague(name)
	}
	return e
}

// customer is the number of somebody outside, as it was written; the company's
// own number, which a platform shows where it has no other, is nobody's.
func (c cpaas) customer(number string) string {
	if c.phone != "" {
		number = c.phone
	}
	number = c.intl(number)
	if slices.Contains(cpaasHidden(), strings.TrimPrefix(number, "+")) {
		return "anonymous"
	}
	if n := phone.Parse(number, c.region); n.E164 != "" && slices.Contains(c.numbers, n.E164) {
		return ""
	}
	return number
}

// far is the number at the far end of an outgoing call's leg; "" where the leg
// is a person's phone after all.
func (c cpaas) far(to string) string {
	if _, _, public := c.who(to); !public && c.phone == "" && !phone.Parse(to, c.region).Hidden {
		return ""
	}
	return c.customer(to)
}

// cpaasHidden lists the keypad spellings of ANONYMOUS, RESTRICTED, BLOCKED,
// UNKNOWN and UNAVAILABLE that stand where a number is withheld. All but the
// first are unconfirmed; none is a number that can be dialled.
func cpaasHidden() []string {
	return []string{"266696687", "7378742833", "2562533", "8656696", "86282452253"}
}

// cpaasColleague is a person as the other end of an internal call.
func cpaasColleague(name string) string {
	if _, user, ok := strings.Cut(name, ":"); ok && !strings.HasPrefix(name, "tel:") {
		user, _, _ = strings.Cut(user, "@")
		return user
	}
	return strings.TrimPrefix(name, "tel:")
}

// cpaasChecked is the result when all events are valid. Else the reply alone
// stands beside the error: the call goes on, though nothing is made of it.
func cpaasChecked(events []models.Event, reply *Reply) (Result, error) {
	for i := range events {
		if err := valid(&events[i]); err != nil {
			return Result{Reply: reply}, err
		}
	}
	return Result{Events: events, Reply: reply}, nil
}

// cpaasObject reads a request that is one object.
func cpaasObject(req Request) (fields, error) {
	objects, list, err := readBody(req)
	if err != nil {
		return nil, err
	}
	if list {
		return nil, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	return objects[0], nil
}

// cpaasHook is the source's own address, from a request that came to it; ""
// when it is not known (on replay, where nobody reads the answer).
func cpaasHook(req Request) string {
	address, _, _ := strings.Cut(req.URL, "?")
	return strings.TrimSuffix(strings.TrimSuffix(address, req.Path), "/")
}

// cpaasCannot is the answer to "what shall I do with this call?" when nobody
// has told us: an error, on which the platform asks its fallback address. A
// success without instructions would hang up on the caller.
func cpaasCannot() *Reply {
	return &Reply{Status: http.StatusServiceUnavailable, ContentType: "text/plain; charset=utf-8",
		Body: []byte("no instructions for calls are configured at this source\n")}
}

// escapeXML escapes a text for an element or an attribute.
func escapeXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(models.CleanText(s))); err != nil { // a Builder takes everything
		return ""
	}
	return b.String()
}

// cpaasAddresses lists the forms of an address that a platform may have
// signed: as it is, without its port, and with the scheme's default one.
// Credentials and the fragment are never part of it.
func cpaasAddresses(address string) []string {
	address, _, _ = strings.Cut(address, "#")
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return []string{address}
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, tail := rest[:end], rest[end:]
	host = host[strings.LastIndexByte(host, '@')+1:]
	bare := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		bare = host[:i]
	}
	port := ":443"
	if scheme == "http" {
		port = ":80"
	}
	return []string{scheme + "://" + host + tail, scheme + "://" + bare + tail, scheme + "://" + bare + port + tail}
}
