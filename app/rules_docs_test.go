package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// recipes are the rules that docs/rules.md recommends, in Russian or English.
func recipes(t *testing.T, russian bool) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	ru, en, _ := strings.Cut(string(text), "\n---\n")
	if !russian {
		ru = en
	}
	out := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(ru, -1) {
		var r struct{ Name string }
		if err := json.Unmarshal([]byte(m[1]), &r); err != nil || r.Name == "" || out[r.Name] != "" {
			t.Fatalf("this recipe is no rule: %v: %s", err, m[1])
		}
		out[r.Name] = m[1]
	}
	return out
}

// TestRecipes: what docs/rules.md recommends can be put, and does what it says.
func TestRecipes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		s.Admin("PUT", "/v1/admin/groups/duty", map[string]any{"members": []string{"petrova"}})
		s.Do("PUT", "/v1/sync/contacts/k-1", s.sync, `{"phones":["+79030000001"],"name":"ООО Ромашка","responsible":"petrova","interests":[{"type":"Документ","name":"Интерес","uid":"17","title":"Интерес 17"}],"seq":1}`)
		builtin, err := json.Marshal(s.Admin("GET", "/v1/admin/rules", nil)["rules"])
		if err != nil {
			t.Fatal(err)
		}
		russian, english := recipes(t, true), recipes(t, false)
		for name, rule := range russian {
			for _, r := range []string{rule, english[name]} {
				if a := s.Do("POST", "/v1/admin/rules/check", apptest.AdminToken, `{"rules":[`+r+`,`+string(builtin[1:])+`}`); a.Status != 200 {
					t.Errorf("recipe %s is refused: %s", name, a.Body)
				}
			}
		}
		const known, unknown = `"phone":"+79030000001"`, `"phone":"+79039999999"`
		event := func(kind, more, clock string) string {
			return fmt.Sprintf(`{"event":"%s","call":"1","direction":"in","at":"2026-11-23T%s+03:00",%s}`, kind, clock, more)
		}
		ring, answer := `"extension":"101",`+unknown, `"extension":"101",`+known
		for _, tt := range []struct {
			name, rule, events, absent string
			event, want                string
		}{
			{"missed at night", "night", event("ringing", ring, "23:10:00") + "," + event("ended", unknown, "23:11:00"), "", "missed", "petrova call.missed call_back Ночью: +79039999999"},
			{"missed by day", "night", event("ringing", ring, "12:10:00") + "," + event("ended", unknown, "12:11:00"), "", "missed", "ivanov call.missed call_back +7 903 999-99-99"},
			{"gave up at once", "gave-up-in-the-menu", event("ringing", ring, "12:10:00") + "," + event("ended", unknown, "12:10:03"), "", "missed", "nothing: положил трубку в меню"},
			{"waited", "gave-up-in-the-menu", event("ringing", ring, "12:10:00") + "," + event("ended", unknown, "12:10:30"), "", "missed", "ivanov call.missed call_back +7 903 999-99-99"},
			{"a colleague's client", "tell-responsible", event("answered", answer, "12:10:00"), "", "answered", "ivanov call.answered open ООО Ромашка; petrova call.answered show ООО Ромашка"},
			{"the service line", "service-line", event("answered", ring+`,"did":"+74951234567"`, "12:10:00"), "", "answered", "ivanov call.answered create +7 903 999-99-99 (Заявка от +79039999999)"},
			{"another line", "service-line", event("answered", ring+`,"did":"+74950000000"`, "12:10:00"), "", "answered", "ivanov call.answered create +7 903 999-99-99"},
			{"answered in the evening", "cards-after-hours", event("answered", answer, "23:10:00"), "", "answered", "ivanov call.answered show ООО Ромашка"},
			{"answered by day", "cards-after-hours", event("answered", answer, "12:10:00"), "", "answered", "ivanov call.answered open ООО Ромашка"},
			{"who is away has a deputy", "night", event("ringing", ring, "12:10:00"), "ivanov", "ringing", "ivanov call.ringing indicate +7 903 999-99-99; petrova call.ringing indicate +7 903 999-99-99"},
			{"but not by this rule", "no-deputy", event("ringing", ring, "12:10:00"), "ivanov", "ringing", "ivanov call.ringing indicate +7 903 999-99-99"},
			{"an unknown caller", "ask-the-crm", event("ringing", ring, "12:10:00"), "", "ringing", "ivanov call.ringing indicate +7 903 999-99-99"},
		} {
			query := fmt.Sprintf(`{"source":"office","events":[%s],"rules":[%s,%s`, tt.events, russian[tt.rule], builtin[1:])
			if tt.absent != "" {
				query += `,"absent":"` + tt.absent + `"`
			}
			events := s.Admin("POST", "/v1/admin/rules/dry-run", query+"}")["events"].([]any)
			var got []string
			for _, v := range events[len(events)-1].(map[string]any)["occasions"].([]any) {
				o := v.(map[string]any)
				if o["event"] != tt.event {
					continue
				}
				if o["result"] == "nothing" {
					got = append(got, fmt.Sprint("nothing: ", o["reason"]))
				}
				for _, v := range o["notifications"].([]any) {
					n := v.(map[string]any)
					line := fmt.Sprintf("%v %v %v %v", n["user"], n["kind"], n["action"], n["title"])
					if object, ok := n["object"].(map[string]any); ok && n["action"] == "create" && object["title"] != nil {
						line += fmt.Sprintf(" (%v)", object["title"])
					}
					got = append(got, line)
				}
			}
			slices.Sort(got)
			if strings.Join(got, "; ") != tt.want {
				t.Errorf("%s (recipe %s): %s, want %s", tt.name, tt.rule, strings.Join(got, "; "), tt.want)
			}
		}
	})
}
