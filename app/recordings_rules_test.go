package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// scene is one call after another through a generic source, with what
// everybody sees and for how long.
type scene struct {
	*office
	name string
	hook string
	now  time.Time
}

// tell posts "ringing 101 call=a phone=+7903… direction=in", a second after the
// one before.
func (s *scene) tell(text string) {
	s.t.Helper()
	words := strings.Fields(text)
	s.now = s.now.Add(time.Second)
	e := map[string]any{"event": words[0], "call": "a", "phone": "+447700900555", "at": s.now.Format(time.RFC3339)}
	for _, w := range words[1:] {
		if name, value, ok := strings.Cut(w, "="); ok {
			e[name] = value
		} else {
			e["extension"] = w
		}
	}
	e["call"] = s.name + "/" + e["call"].(string)
	if a := s.Do("POST", s.hook, "", e); a.Status != http.StatusOK || decodeHook(s.t, a).Parsed != nil {
		s.t.Fatalf("%s: %s: %d %s", s.name, text, a.Status, a.Body)
	}
}

// sees compares everybody's rows, "101 call.ringing indicate 1m0s +44… «text»",
// with want, where each may be cut anywhere.
func (s *scene) sees(want ...string) {
	s.t.Helper()
	var got []string
	for _, p := range people {
		var set struct {
			Rows []struct {
				Kind, Action, Phone, Text string
				UpdatedAt                 time.Time `json:"updated_at"`
				ExpiresAt                 time.Time `json:"expires_at"`
			} `json:"notifications"`
		}
		a := s.Do("GET", "/v1/notifications", s.tokens[p], nil)
		if err := json.Unmarshal(a.Body, &set); a.Status != http.StatusOK || err != nil {
			s.t.Fatalf("%s: %d %s, %v", s.name, a.Status, a.Body, err)
		}
		for _, r := range set.Rows {
			got = append(got, fmt.Sprintf("%s %s %s %s %s «%s»", p, r.Kind, r.Action, r.ExpiresAt.Sub(r.UpdatedAt), r.Phone, r.Text))
		}
	}
	slices.Sort(got)
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		s.t.Errorf("%s: everybody sees\n%s\nwant\n%s", s.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// user sets how 101 wants his forms.
func (s *scene) user(how map[string]any) {
	s.t.Helper()
	how["name"] = "Phone 101"
	s.Admin("PUT", "/v1/admin/users/101", how)
}

// TestDefaultRules goes through the table of docs/architecture.md.
func TestDefaultRules(t *testing.T) {
	t.Parallel()
	const card = "336h0m0s" // 14 days
	scenes := []struct {
		name string
		play func(*scene)
	}{
		{"rings, is answered, ends", func(s *scene) {
			s.tell("ringing 101")
			s.sees("101 call.ringing indicate 1m0s")
			s.tell("answered 101")
			s.sees("101 call.answered create 4h0m0s")
			s.tell("ended talk_s=42")
			s.sees("101 call.ended show " + card + " +447700900555 «Разговор 0:42")
		}},
		{"the losers of a group, a transfer", func(s *scene) {
			s.tell("ringing 101")
			s.tell("ringing 102")
			s.tell("answered 102")
			s.sees("101 call.answered_elsewhere none 30s +447700900555 «Ответил Phone 102»", "102 call.answered create 4h0m0s")
			s.tell("transferred 102 to_extension=103")
			s.tell("answered 103")
			s.sees("101 call.answered_elsewhere none 30s", "102 call.transferred none 30s +447700900555 «Переведён на 103, Phone 103»", "103 call.answered create 4h0m0s")
			s.tell("ended")
			s.sees("101 call.answered_elsewhere none 30s", "102 call.transferred none 30s", "103 call.ended show "+card)
		}},
		{"missed: those who were rung, collapsed by number, until somebody talks with it", func(s *scene) {
			missed := func(who, text string) string {
				return who + " call.missed call_back " + card + " +447700900555 «" + text + "»"
			}
			s.tell("ringing 101")
			s.tell("ringing 102")
			s.tell("ended")
			s.sees(missed("101", "Пропущенный 07700 900555"), "101 call.ring_ended none 30s", missed("102", "Пропущенный 07700 900555"), "102 call.ring_ended none 30s")
			s.tell("ringing 101 call=b")
			at := s.now
			s.tell("ended call=b")
			s.tell("ringing 101 call=hidden phone=anonymous")
			s.tell("ended call=hidden phone=anonymous")
			moscow, err := time.LoadLocation("Europe/Moscow")
			if err != nil {
				t.Fatal(err)
			}
			twice := missed("101", "2 попытки, последняя "+at.In(moscow).Format("15:04"))
			s.sees("101 call.missed call_back "+card+"  «Пропущенный, номер скрыт»", twice, "101 call.ring_ended none 30s", "101 call.ring_ended none 30s", "101 call.ring_ended none 30s",
				missed("102", "Пропущенный 07700 900555"), "102 call.ring_ended none 30s")
			s.tell("started call=c direction=out")
			s.tell("answered 103 call=c direction=out")
			s.sees("101 call.missed call_back "+card+"  «Пропущенный, номер скрыт»", "101 call.ring_ended none 30s", "101 call.ring_ended none 30s", "101 call.ring_ended none 30s",
				"102 call.ring_ended none 30s") // the source does not show outgoing calls
		}},
		{"missed: the client's responsible", func(s *scene) {
			s.Admin("PUT", "/v1/sync/contacts/9", map[string]any{"phones": []string{"+44 7700 900556"}, "name": "Ann Ltd", "responsible": "103"})
			s.tell("ringing 101 phone=+447700900556")
			s.tell("missed phone=+447700900556")
			s.sees("101 call.ring_ended none 30s", "103 call.missed call_back "+card)
		}},
		{"missed in the menu: the source's group", func(s *scene) {
			s.tell("started")
			s.tell("ended")
			s.sees("102 call.missed call_back "+card, "103 call.missed call_back "+card)
		}},
		{"pop on ringing, alone", func(s *scene) {
			s.user(map[string]any{"pop_on": "ringing"})
			s.tell("ringing 101 phone=+447700900123")
			s.sees("101 call.ringing open 1m0s")
			s.tell("answered 101 phone=+447700900123")
			s.sees("101 call.answered indicate 4h0m0s")
		}},
		{"pop on ringing, while another phone rings", func(s *scene) {
			s.user(map[string]any{"pop_on": "ringing"})
			s.tell("ringing 102 phone=+447700900123")
			s.tell("ringing 101 phone=+447700900123")
			s.sees("101 call.ringing indicate 1m0s", "102 call.ringing indicate 1m0s")
			s.tell("answered 101 phone=+447700900123")
			s.sees("101 call.answered open 4h0m0s", "102 call.answered_elsewhere none 30s")
		}},
		{"pop never", func(s *scene) {
			s.user(map[string]any{"pop_on": "never"})
			s.tell("answered 101")
			s.sees("101 call.answered show 4h0m0s")
		}},
		{"quiet", func(s *scene) {
			s.user(map[string]any{"pop_on": "ringing", "quiet": true})
			s.tell("ringing 101")
			s.sees("101 call.ringing indicate 1m0s")
			s.tell("answered 101")
			s.sees("101 call.answered show 4h0m0s")
		}},
		{"internal, a recording", func(s *scene) {
			s.tell("ringing 101 direction=internal phone=102")
			s.tell("answered 101 direction=internal phone=102")
			s.tell("recording recording=https://pbx.example/1 direction=internal")
			s.tell("ended direction=internal")
			s.sees()
		}},
		{"an extension of nobody's, mapped afterwards: the state now counts", func(s *scene) {
			for _, call := range []string{"rings", "talks", "missed", "over"} {
				s.tell("ringing 190 phone=+44770090066" + fmt.Sprint(len(call)) + " call=" + call)
			}
			s.tell("answered 190 call=talks phone=+447700900665")
			s.tell("ended call=missed phone=+447700900666")
			s.tell("answered 190 call=over phone=+447700900664")
			s.tell("ended call=over phone=+447700900664")
			s.sees("102 call.missed call_back "+card+" +447700900666", "103 call.missed call_back "+card+" +447700900666") // rung, but by nobody's phone: the group
			s.settle()
			s.Admin("PUT", "/v1/admin/extensions/rules/190", map[string]any{"user": "101"})
			s.sees("101 call.answered create 4h0m0s +447700900665", "101 call.missed call_back "+card+" +447700900666", "101 call.ringing indicate 1m0s +447700900665")
		}},
	}
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, dsn, "office")
		hook := o.Source("rules", "generic", map[string]any{"region": "GB", "group": "team"})
		for _, p := range people {
			o.tokens[p] = o.User(p, "rules", p)
			o.Admin("PUT", "/v1/admin/users/"+p, map[string]any{"name": "Phone " + p})
		}
		for i, sc := range scenes {
			s := &scene{office: o, name: sc.name, hook: hook, now: time.Now().UTC().Truncate(time.Second).Add(time.Duration(12*i-60) * time.Second)}
			s.user(map[string]any{"pop_on": "answered"})
			sc.play(s)
			o.settle()
		}
	})
}

// TestNothingSynchronised: a CRM that has told of no contact looks itself.
func TestNothingSynchronised(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn)
		hook := in.Source("office", "generic", nil)
		token := in.User("ivanov", "office", "101")
		in.Do("POST", hook, "", map[string]any{"event": "answered", "call": "1", "extension": "101", "phone": "89031234567"})
		rows := in.Poll(token, "").Rows
		if len(rows) != 1 || rows[0].Action != "resolve" || rows[0].Phone != "+79031234567" || rows[0].Object != nil {
			t.Errorf("%+v, want one row to resolve", rows)
		}
	})
}
