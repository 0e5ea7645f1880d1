package web

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"zummer/models"
)

func TestRuleWords(t *testing.T) {
	five, no := 5, false
	for _, tt := range []struct {
		name   string
		rule   models.Rule
		ru, en string // when → what · whom · action · how long · more
	}{
		{"built in", models.Rule{When: models.RuleWhen{Event: []string{"ringing"}}, Then: models.RuleThen{To: []string{"user", "deputy"}}},
			"у пользователя звонит телефон → Звонит · этому пользователю, заместителю, если пользователь не на связи · сообщить; форма, если пользователь так настроил · минуту",
			"the user's phone rings → Ringing · this user, the deputy while the user is away · indicate; a form, where the user wants it · a minute"},
		{"night", models.Rule{When: models.RuleWhen{Event: []string{"missed"}, Hours: &models.RuleHours{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "09:00", To: "18:00", Holidays: []string{"2027-01-01"}, Outside: true}},
			Then: models.RuleThen{To: []string{"group:duty"}, Title: "Ночью: {phone}", ExpiresS: 7200}},
			"звонок пропущен, вне часов пн–пт 09:00–18:00, праздничных дней: 1 → Пропущен · группе duty · перезвонить · 2 ч · заголовок «Ночью: {phone}»",
			"a call was missed, outside of mon–fri 09:00–18:00, holidays: 1 → Missed · the group duty · call back · 2 h · title \"Ночью: {phone}\""},
		{"nothing", models.Rule{When: models.RuleWhen{Event: []string{"missed"}, WaitedMax: &five}, Then: models.RuleThen{Nothing: "положил трубку в меню"}},
			"звонок пропущен, ждал не больше 5 с → ничего не показывать: положил трубку в меню ·  ·  · ", "a call was missed, waited at most 5 s → nothing is shown: положил трубку в меню ·  ·  · "},
		{"everything else", models.Rule{When: models.RuleWhen{Source: []string{"office", "cloud"}, Direction: []string{"in"}, DID: []string{"+7495"}, Group: []string{"sales"}, User: []string{"ivanov"}, Caller: []string{"unknown", "hidden"},
			Interests: []string{"none"}, Responsible: []string{"other"}, Present: &no, Hours: &models.RuleHours{Days: []string{"sun", "sat"}, Zone: "Asia/Omsk"}, WaitedMin: &five},
			Then: models.RuleThen{Kind: "call.vip", Action: "auto", Text: "x", Object: &models.Object{Type: "Документ", Name: "Заявка"}, Shared: true, Lookup: true, Data: map[string]any{"k": 1}}},
			"что угодно, источник office или cloud, входящий, набрали номер +7495, пользователь состоит в группе sales, пользователь — ivanov, звонящего нет в контактах или номер скрыт, открытых интересов нет, за клиента отвечает другой, программа пользователя не на связи, в часы сб, вс 00:00–24:00 (Asia/Omsk), ждал не меньше 5 с" +
				" → call.vip · как обычно для события · что говорят контакты: открыть, выбрать или создать · как обычно для события · текст «x», открывается «Документ Заявка», форму может открыть каждый сеанс, незнакомый номер спросить у CRM, данные для клиентской программы", ""},
	} {
		for l, want := range map[Lang]string{Russian: tt.ru, English: tt.en} {
			w := RuleWords(l, &tt.rule)
			got := fmt.Sprintf("%s → %s · %s · %s · %s", strings.Join(w.When, ", "), w.What, w.Whom, w.Action, w.Keep)
			if len(w.More) > 0 {
				got += " · " + strings.Join(w.More, ", ")
			}
			if want != "" && got != want {
				t.Errorf("%s:\n got %s\nwant %s", tt.name, got, want)
			}
		}
	}
}

func TestDiffRules(t *testing.T) {
	rules := func(names string) (out []models.Rule) {
		for n := range strings.FieldsSeq(names) {
			name, note, _ := strings.Cut(n, "=")
			out = append(out, models.Rule{Name: name, Note: note})
		}
		return out
	}
	for _, tt := range []struct {
		before, after string
		want          []string
	}{
		{"a b c", "a b c", nil},
		{"", "a", []string{"added a 0→1"}},
		{"a b", "b", []string{"removed a 1→0"}},
		{"a b c", "x a b c", []string{"added x 0→1"}},
		{"a b=1 c", "a b=2 c", []string{"changed b 2→2"}},
		{"a b c", "c a b", []string{"moved c 3→1"}},
		{"a b c d", "a c b=9 x", []string{"changed b 2→3", "added x 0→4", "removed d 4→0"}},
	} {
		var got []string
		for _, c := range DiffRules(rules(tt.before), rules(tt.after)) {
			if c.How == "moved" && strings.Contains(tt.after, "b=9") {
				continue // either of the two may count as moved
			}
			got = append(got, fmt.Sprintf("%s %s %d→%d", c.How, c.Name, c.From, c.To))
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s → %s: %q, want %q", tt.before, tt.after, got, tt.want)
		}
	}
	c := DiffRules(rules("b=1"), rules("b=2"))[0]
	if want := []DiffLine{{"", "{"}, {"", `  "name": "b",`}, {"-", `  "note": "1",`}, {"+", `  "note": "2",`}, {"", `  "then": {}`}, {"", "}"}}; !reflect.DeepEqual(c.Lines, want) {
		t.Errorf("lines %q", c.Lines)
	}
}

func TestVerdictIn(t *testing.T) {
	for why, want := range map[string]string{
		"it is switched off":                         "выключено",
		"the event is answered, not missed":          "событие — «пользователь говорит с клиентом», а не «звонок пропущен»",
		"the caller is known, not unknown or hidden": "звонящий — известен, а не неизвестен или скрыт",
		"the user is in no group sales":              "пользователя нет в группе sales",
		"Mon 2026-11-23 23:10 is outside the hours":  "Mon 2026-11-23 23:10: это вне названных часов",
		"strange": "strange",
	} {
		if got := VerdictIn(Russian, why); got != want {
			t.Errorf("%s: %q, want %q", why, got, want)
		}
		if got := VerdictIn(English, why); got != why {
			t.Errorf("%s in English: %q", why, got)
		}
	}
}
