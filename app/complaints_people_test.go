package app_test

import (
	"fmt"
	"strings"
)

// What is shown of complaints about people, their clients and the CRM's data.

func nobodyCanTellWhy(o *bureau) {
	o.tell("ringing 199") // nobody owns it
	found := false
	for _, item := range o.Admin("GET", "/v1/admin/unrouted", nil)["items"].([]any) {
		i := item.(map[string]any)
		found = found || i["extension"] == "199" && i["source"] == o.slug
	}
	if !found {
		o.t.Error("the extension is not listed as nobody's")
	}
	o.tells("ringing 101 call=x")
	lines := o.Admin("GET", "/v1/admin/notifications/"+o.row("anna").ID+"/timeline", nil)["items"].([]any)
	said := false
	for _, l := range lines {
		step := l.(map[string]any)
		said = said || step["rule"] == "ringing" && step["reason"] == "the extension rings"
	}
	if !said {
		o.t.Errorf("the timeline does not say which rule made it and why: %v", lines)
	}
	if a := o.Do("POST", o.hook, "", "not a call"); a.Status != 200 {
		o.t.Errorf("what cannot be read: %d", a.Status)
	}
	failed := o.Admin("GET", "/v1/admin/webhooks?outcome=failed&source="+o.slug, nil)["items"].([]any)
	if len(failed) != 1 || failed[0].(map[string]any)["error"] == "" {
		o.t.Errorf("failed webhooks: %v", failed)
	}
}

func retriedWebhooks(o *bureau) {
	o.tell("ringing 101 id=e1")
	first := o.row("anna")
	o.tell("ringing 101 id=e1")
	if again := o.row("anna"); again.Rev != first.Rev || again.ID != first.ID {
		o.t.Errorf("a repeat made %s.%d of %s.%d", again.ID, again.Rev, first.ID, first.Rev)
	}
}

func onlyHisOwn(o *bureau) {
	o.tells("ringing 101", "answered 101")
	o.sees("boris")
	o.sees("vera")
	id := o.row("anna").ID
	if a := o.Do("PUT", "/v1/notifications/"+id+"/processed", o.tokens["boris"], map[string]any{"rev": 1}); a.Status != 404 {
		o.t.Errorf("another one's row: %d", a.Status)
	}
}

func offline(o *bureau) {
	o.tells("ringing 101", "answered 101", "ended") // he opens his client only now
	o.tells("ringing 101 call=2 phone="+o.phone(2), "ended call=2 phone="+o.phone(2))
	for _, r := range o.rows("anna") {
		if r != "call.ended/show" && r != "call.missed/call_back" && r != "call.ring_ended/none" {
			o.t.Errorf("after he was away he sees %s", r)
		}
	}
	if got := strings.Join(o.rows("anna"), " "); !strings.Contains(got, "call.missed/call_back") || !strings.Contains(got, "call.ended/show") {
		o.t.Errorf("he cannot act on the calls later: %s", got)
	}
}

func existingOrNew(o *bureau) {
	o.contact("one", o.phone(1), []string{"i1"})
	o.contact("none", o.phone(2), nil)
	o.contact("several", o.phone(3), []string{"i1", "i2"})
	for n, want := range map[int]string{1: "open", 2: "create", 3: "choose", 4: "create"} {
		call := fmt.Sprintf("call=%d phone=%s", n, o.phone(n))
		o.tell("answered 101 " + call)
		r := o.Poll(o.tokens["anna"], "").Rows[0]
		if r.Action != want || r.Phone != o.phone(n) {
			o.t.Errorf("caller %d: %s %s, want %s", n, r.Action, r.Phone, want)
		}
		if n == 1 && r.Object["uid"] != "i1" {
			o.t.Errorf("opens %v", r.Object)
		}
		o.tell("ended " + call)
	}
}

func otherFormats(o *bureau) {
	o.contact("formats", "8 (916) "+o.phone(1)[5:8]+"-"+o.phone(1)[8:10]+"-"+o.phone(1)[10:], []string{"i1"})
	for n, form := range []string{o.phone(1), o.phone(1)[1:], "8" + o.phone(1)[2:], o.phone(1)[2:], "sip:" + o.phone(1)[1:] + "@pbx"} {
		o.tell(fmt.Sprintf("answered 101 call=%d phone=%s", n, form))
		if r := o.Poll(o.tokens["anna"], "").Rows[0]; r.Action != "open" || r.Title != "formats" {
			o.t.Errorf("%s: %s %s", form, r.Action, r.Title)
		}
		o.tell(fmt.Sprintf("ended call=%d phone=%s", n, form))
	}
}

func secondPhone(o *bureau) {
	o.contact("two phones", o.phone(1), []string{"i1"}, o.phone(2))
	o.contact("", o.phone(3), []string{"i3"})
	for n := 2; n <= 3; n++ {
		o.tell(fmt.Sprintf("answered 101 call=%d phone=%s", n, o.phone(n)))
		if r := o.Poll(o.tokens["anna"], "").Rows[0]; r.Action != "open" {
			o.t.Errorf("caller %d: %s", n, r.Action)
		}
		o.tell(fmt.Sprintf("ended call=%d", n))
	}
}

func sharedNumber(o *bureau) {
	o.contact("first", o.phone(1), []string{"i1"})
	o.contact("second", o.phone(1), []string{"i2"})
	o.tell("answered 101")
	a := o.Do("GET", "/v1/notifications", o.tokens["anna"], nil).JSON(o.t)["notifications"].([]any)[0].(map[string]any)
	if a["action"] != "choose" || len(a["candidates"].([]any)) != 2 {
		o.t.Errorf("%v among %v", a["action"], a["candidates"])
	}
}

func twoClients(o *bureau) {
	o.tell("answered 101")
	names := map[string]bool{}
	for _, session := range []string{"desk", "laptop"} {
		rows := o.Do("GET", "/v1/notifications?session="+session, o.tokens["anna"], nil).JSON(o.t)["notifications"].([]any)
		name, _ := rows[0].(map[string]any)["session"].(string)
		names[name] = true
	}
	if !names["desk"] || len(names) != 1 {
		o.t.Errorf("the row names %v, want the first that asked", names)
	}
}

func afterReload(o *bureau) {
	o.tell("answered 101")
	before := o.Poll(o.tokens["anna"], "session=tab1")
	after := o.Poll(o.tokens["anna"], "session=tab2") // a page that was loaded anew knows nothing
	if after.State != "reset" || len(after.Rows) != 1 || after.Rows[0].ID != before.Rows[0].ID {
		o.t.Errorf("after a reload: %+v", after)
	}
	o.tell("answered 101 call=2 phone=" + o.phone(2))
	if next := o.Poll(o.tokens["anna"], "session=tab2&wait=5&version="+after.Version); len(next.Rows) != 2 {
		o.t.Errorf("the next call: %+v", next)
	}
}

func switchedOff(o *bureau) {
	for _, body := range []map[string]any{{"pop_on": "never"}, {"pop_on": "answered", "quiet": true}} {
		if a := o.Do("PATCH", "/v1/me", o.tokens["anna"], body); a.Status != 200 {
			o.t.Fatalf("PATCH /v1/me: %d %s", a.Status, a.Body)
		}
		call := fmt.Sprintf("call=%v", body["quiet"])
		o.tells("answered 101 " + call)
		if r := o.Poll(o.tokens["anna"], "").Rows[0]; r.Action != "show" {
			o.t.Errorf("%v: %s", body, r.Action)
		}
		o.tell("ended " + call)
	}
}

func busyClient(o *bureau) {
	o.tell("answered 101")
	r := o.row("anna")
	set := o.Poll(o.tokens["anna"], fmt.Sprintf("session=desk&ack=%s.%d.b", r.ID, r.Rev))
	if len(set.Rows) != 1 || set.Rows[0].Action != "show" || set.Rows[0].Title != r.Title {
		o.t.Errorf("to a client with a modal window open: %+v", set.Rows)
	}
}

func pileUp(o *bureau) {
	for n := range 12 {
		o.tells(fmt.Sprintf("ringing 101 call=%d phone=%s", n, o.phone(n)), fmt.Sprintf("ended call=%d phone=%s", n, o.phone(n)))
	}
	set := o.Poll(o.tokens["anna"], "")
	if len(set.Rows) < 12 {
		o.t.Fatalf("%d rows", len(set.Rows))
	}
	if a := o.Do("POST", "/v1/notifications/ack-all", o.tokens["anna"], map[string]any{"version": set.Version}); a.Status != 200 {
		o.t.Fatalf("ack-all: %d %s", a.Status, a.Body)
	}
	o.sees("anna")
}

func mapping(o *bureau) {
	o.Admin("PUT", "/v1/admin/extensions/"+o.slug+"/7", map[string]any{"user": o.login("vera")})
	o.tell("answered 7")
	o.sees("vera", "call.answered/create")
	o.tells("ringing 8 call=2", "answered 8 call=2") // nobody's: nobody is told, and mapping it delivers
	o.sees("anna")
	o.Admin("PUT", "/v1/admin/extensions/"+o.slug+"/8", map[string]any{"user": o.login("boris")})
	o.sees("boris", "call.answered/create")
}

func plainPolling(o *bureau) {
	o.tell("answered 101")
	a := o.Do("GET", "/v1/notifications?format=text", o.tokens["anna"], nil)
	lines := strings.Split(string(a.Body), "\n")
	if a.Status != 200 || !strings.HasPrefix(lines[0], "Z1\t") || !strings.Contains(lines[1], "\tcall.answered\tcreate\t") {
		o.t.Errorf("what a client with string functions only gets: %q", a.Body)
	}
}

func plainREST(o *bureau) {
	a := o.Do("POST", "/v1/notifications", o.sync, map[string]any{"user": o.login("anna"), "kind": "order.paid", "action": "open", "title": "Заказ 17 оплачен",
		"object": map[string]any{"url": "https://crm.example/orders/17?tab=payments&from=zummer"}})
	if a.Status != 201 {
		o.t.Fatalf("publish: %d %s", a.Status, a.Body)
	}
	if r := o.row("anna"); r.Action != "open" || r.Object["url"] != "https://crm.example/orders/17?tab=payments&from=zummer" {
		o.t.Errorf("%+v", r)
	}
}
