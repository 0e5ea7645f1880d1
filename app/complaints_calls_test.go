package app_test

import (
	"fmt"
	"strings"
)

// What is shown of complaints about calls: who is told what, and when.

func groupRings(o *bureau) {
	o.tells("ringing 101", "ringing 102", "ringing 103")
	for _, name := range []string{"anna", "boris", "vera"} {
		o.sees(name, "call.ringing/indicate")
	}
	o.tell("answered 102")
	o.sees("boris", "call.answered/create")
	for _, name := range []string{"anna", "vera"} {
		if r := o.row(name); r.Action != "none" || r.Text != "Ответил "+o.login("boris") {
			o.t.Errorf("%s sees %s %q", name, r.Action, r.Text)
		}
	}
	o.tells("answered 101 call=queue", "ended call=queue") // a queue that tries one after the other
	o.tells("ringing 101 call=q2", "ring_ended 101 call=q2", "ringing 103 call=q2", "answered 103 call=q2")
	if !strings.Contains(strings.Join(o.rows("vera"), " "), "call.answered/create") {
		o.t.Errorf("the queue's second phone: %q", o.rows("vera"))
	}
}

func twoQuickCalls(o *bureau) {
	o.tells("ringing 101 call=a", "ringing 102 call=b", "answered 101 call=a", "answered 102 call=b")
	o.sees("anna", "call.answered/create")
	o.sees("boris", "call.answered/create")
	if a, b := o.row("anna").Call["id"], o.row("boris").Call["id"]; a == b {
		o.t.Errorf("both are call %v", a)
	}
	o.tells("ended call=a", "ringing 101 call=c", "answered 101 call=c")
	o.sees("anna", "call.answered/create", "call.ended/show")
}

func transfer(o *bureau) {
	o.tells("ringing 101", "answered 101")
	o.sees("anna", "call.answered/create")
	o.tells("transferred 101 to_extension=103", "ringing 103")
	o.sees("anna", "call.answered/create")
	o.sees("vera", "call.ringing/indicate")
	o.tell("answered 103")
	o.sees("anna", "call.transferred/none")
	r := o.row("vera")
	if r.Action != "create" || r.Phone != o.phone(1) || r.Call["answered_by"] != o.login("vera") {
		o.t.Errorf("the one it was passed to: %+v", r)
	}
}

func lateEvent(o *bureau) {
	o.at = o.at.Add(-10e9)
	o.tells("ringing 101", "answered 101")
	late := o.at
	o.at = o.at.Add(5e9)
	o.tell("ended")
	o.sees("anna", "call.ended/show")
	o.at = late.Add(-1e6)
	o.tells("ringing 102", "answered 101", "ringing 101")
	o.sees("anna", "call.ended/show")
	for _, r := range o.rows("boris") {
		if r != "call.ring_ended/none" && r != "call.answered_elsewhere/none" {
			o.t.Errorf("a ring that was told after the end: %s", r)
		}
	}
}

func rightMoment(o *bureau) {
	o.tell("ringing 101")
	o.sees("anna", "call.ringing/indicate") // a sign
	o.tell("answered 101")
	o.sees("anna", "call.answered/create") // the form
	o.tell("ended")
	o.sees("anna", "call.ended/show") // a card, if the form was not opened
}

func internalCall(o *bureau) {
	o.tells("ringing 102 direction=internal phone=101", "answered 102 direction=internal phone=101", "ended direction=internal phone=101")
	o.sees("boris")
	o.sees("anna")
}

func twoPhones(o *bureau) {
	o.tells("ringing 101 leg=desk", "ringing 101 leg=mobile")
	o.sees("anna", "call.ringing/indicate")
	o.tell("answered 101 leg=mobile")
	o.sees("anna", "call.answered/create")
	o.tell("ring_ended 101 leg=desk reason=answered_elsewhere")
	o.sees("anna", "call.answered/create")
}

func missedTask(o *bureau) {
	for i := range 3 {
		call := fmt.Sprintf("call=try%d", i)
		o.tells("ringing 101 "+call, "ringing 102 "+call, "ended "+call)
	}
	task := func(name string) (out []string) {
		for _, r := range o.Poll(o.tokens[name], "").Rows {
			if r.Kind == "call.missed" {
				out = append(out, fmt.Sprint(r.Action, " ", r.Data["attempts"], " ", strings.HasPrefix(r.Text, "3 попытки, последняя ")))
			}
		}
		return out
	}
	for _, name := range []string{"anna", "boris"} {
		if got := fmt.Sprint(task(name)); got != "[call_back 3 true]" {
			o.t.Errorf("%s has %s", name, got)
		}
	}
	o.tells("answered 103 call=back direction=out") // somebody calls back
	for _, name := range []string{"anna", "boris"} {
		if got := task(name); len(got) > 0 {
			o.t.Errorf("%s still has %v", name, got)
		}
	}
}

func zonesDiffer(o *bureau) {
	o.Admin("PUT", "/v1/admin/sources/"+o.slug, map[string]any{"timezone": "Asia/Vladivostok"})
	o.tells("ringing 101 at=" + o.at.UTC().Format("2006-01-02T15:04:05Z"))
	o.tell("answered 101 at=" + o.at.UTC().Format("2006-01-02T15:04:05") + "%2B00:00x") // a time that is none is kept as a failed webhook
	o.sees("anna", "call.ringing/indicate")
	o.tell("answered 101 at=none") // without a time it is now
	o.sees("anna", "call.answered/create")
}
