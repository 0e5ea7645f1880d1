package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/handlers/pbx/simulate"
	"zummer/models/store/storetest"
)

// dialplan writes the requests that the dialplan of the recordings makes, from
// lines such as "+3 answered 101 connected=101" (testdata/…/unseen.txt says
// what they mean).
type dialplan struct {
	call   int64 // second of the call's first request
	now    int64
	last   int                    // number of the last channel
	phones map[string]dialplanLeg // the newest leg of each extension
}

type dialplanLeg struct{ unique, channel string }

func newDialplan(call int64) *dialplan {
	return &dialplan{call: call, now: call, phones: map[string]dialplanLeg{}}
}

// request reads one line.
func (d *dialplan) request(t *testing.T, line string) (r simulate.Recorded, twice bool) {
	t.Helper()
	id := func(n string) string { return fmt.Sprintf("%d.%s", d.call, n) }
	f := map[string]string{"direction": "inbound", "did": "442079460101", "exten": "s", "ext": "", "connected": "", "connectedname": "",
		"uniqueid": id("0"), "linkedid": id("0"), "channel": "PJSIP/trunk-00000000", "callerid": "+447700900123", "callername": "Dana Customer"}
	words := strings.Fields(line)
	if wait, err := strconv.ParseInt(words[0], 10, 64); err == nil && words[0][0] == '+' {
		d.now, words = d.now+wait, words[1:]
	}
	f["event"], words = words[0], words[1:]
	if len(words) > 0 && !strings.Contains(words[0], "=") && words[0] != "twice" {
		f["ext"], words = words[0], words[1:]
	}
	switch ext := f["ext"]; f["event"] {
	case "ringing", "answered":
		leg, ok := d.phones[ext]
		if f["event"] == "ringing" || !ok {
			d.last++
			leg = dialplanLeg{id(strconv.Itoa(d.last)), fmt.Sprintf("PJSIP/%s-%08x", ext, d.last)}
		}
		f["uniqueid"], f["channel"], f["callerid"], f["callername"] = leg.unique, leg.channel, ext, "Phone "+ext
		f["connected"], f["connectedname"] = "+447700900123", "Dana Customer"
	case "hangup": // undated, as recorded
		f["dialstatus"], f["ext"] = ext, ""
	}
	if f["event"] != "hangup" {
		f["time"] = strconv.FormatInt(d.now, 10)
	}
	raw := false
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		switch {
		case w == "twice":
			twice = true
		case w == "raw":
			raw = true
		case !ok:
			t.Fatalf("bad word %q in %q", w, line)
		case name == "u":
			f["uniqueid"] = id(value)
		case name == "at":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatalf("bad word %q in %q", w, line)
			}
			f["time"] = strconv.FormatInt(d.call+n, 10)
		default:
			f[name] = strings.ReplaceAll(value, "_", " ")
		}
	}
	if f["event"] == "ringing" {
		d.phones[f["ext"]] = dialplanLeg{f["uniqueid"], f["channel"]}
	}
	body, kind := "", "application/json"
	if f["event"] == "hangup" {
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		body = string(text)
	} else {
		kind = "application/x-www-form-urlencoded"
		v := url.Values{}
		for name, value := range f {
			v.Set(name, value)
		}
		if body = v.Encode(); raw {
			body = strings.ReplaceAll(body, "%2B", "+")
		}
	}
	r.Request = pbx.Request{Method: "POST", Header: http.Header{"Content-Type": {kind}}, Body: []byte(body)}
	return r, twice
}

// TestCallsThatWereNotRecorded plays other calls through the hooks of the
// dialplan and compares what everybody sees after each request, and what the
// call log says in the end, with a committed table.
func TestCallsThatWereNotRecorded(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/asterisk-pjsip/unseen.txt")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn, "office")
		for i, part := range strings.Split(string(text), "\n== ")[1:] {
			title, part, _ := strings.Cut(part, "\n")
			d := newDialplan(1795500000 + 1000*int64(i))
			var seen map[string][]string
			var want []string
			line := ""
			check := func() {
				if line != "" && !slices.Equal(flat(seen), want) {
					t.Errorf("%s\n%s\nsees %q\nwant %q", title, line, flat(seen), want)
				}
			}
			for l := range strings.SplitSeq(strings.TrimSpace(part), "\n") {
				switch said, row := strings.CutPrefix(l, "    "); {
				case strings.TrimSpace(l) == "" || l[0] == '#':
				case !row:
					check()
					line, want = l, nil
					r, twice := d.request(t, l)
					o.send("office", r)
					if seen = o.look(); twice {
						o.moment(title+"\n"+l+", repeated", seen, seen, func() { o.send("office", r) })
					}
				case strings.HasPrefix(said, "= "):
					if got := o.log("office", fmt.Sprint(d.call, ".0")); got != said[2:] {
						t.Errorf("%s: the call is %q, want %q", title, got, said[2:])
					}
				default:
					want = append(want, strings.Join(strings.Fields(said), " "))
				}
			}
			check()
			o.settle()
		}
	})
}

// flat writes who sees what, one row a line, without the caller.
func flat(seen map[string][]string) []string {
	var out []string
	for _, p := range people {
		for _, row := range seen[p] {
			f := strings.Fields(row)
			out = append(out, strings.Join([]string{p, f[0], f[1]}, " "))
		}
	}
	return out
}

// log is the call with that key in short: its state, then each leg.
func (o *office) log(source, key string) string {
	o.t.Helper()
	for _, item := range o.Admin("GET", "/v1/admin/calls?limit=100&source="+source, nil)["items"].([]any) {
		c := item.(map[string]any)
		if c["key"] != key {
			continue
		}
		out := fmt.Sprint(c["state"])
		if c["missed"] == true {
			out += " missed"
		}
		if p, ok := c["phone"].(string); ok {
			out += " " + p
		}
		var legs []string
		for _, l := range c["legs"].([]any) {
			m := l.(map[string]any)
			what := m["state"]
			if m["reason"] != nil {
				what = m["reason"]
			}
			legs = append(legs, fmt.Sprintf("%s %s", m["extension"], what))
		}
		slices.Sort(legs)
		return strings.Join(append([]string{out}, legs...), "; ")
	}
	return ""
}
