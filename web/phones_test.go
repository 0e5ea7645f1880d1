package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

// TestCallVerdict: for every way in which a call can go, the sentence that an
// administrator reads.
func TestCallVerdict(t *testing.T) {
	told := CallNotice{User: "Иванов", Heard: true, After: 41 * time.Millisecond}
	deaf := CallNotice{User: "Петрова"}
	nothing := models.Step{What: models.StepNothing, Rule: "night", RulesVersion: 7, Reason: "outgoing calls are switched off for this source"}
	for _, tt := range []struct {
		name     string
		c        CallCase
		ru, tone string
	}{
		{"told", CallCase{Notices: []CallNotice{told}, AnsweredBy: "Иванов"}, "О звонке сообщено: Иванов (через 41 мс). Ответил: Иванов.", "good"},
		{"told to one of two", CallCase{Notices: []CallNotice{told, deaf, told}}, "О звонке сообщено: Иванов (через 41 мс); не дошло до: Петрова.", "warn"},
		{"nobody had it", CallCase{Notices: []CallNotice{deaf}}, "Уведомление сделано, но ни одна программа его не получила: Петрова.", "bad"},
		{"told, and one phone is nobody's", CallCase{Notices: []CallNotice{told}, Unowned: []string{"105"}}, "О звонке сообщено: Иванов (через 41 мс). Не сообщено: номер 105 никому не назначен.", "warn"},
		{"told of the ring only", CallCase{Notices: []CallNotice{{User: "Иванов", Heard: true, Stale: true, Kind: models.KindAnswered, Action: models.ActionOpen, State: "pending", After: 187 * time.Millisecond, Of: models.KindRinging}}, AnsweredBy: "Иванов И."},
			"О звонке сообщено: Иванов (звонок показан через 187 мс, форма – ещё нет). Ответил: Иванов И.", "warn"},
		{"told of the ring only, and it is over", CallCase{Notices: []CallNotice{{User: "Иванов", Heard: true, Stale: true, Kind: models.KindAnswered, Action: models.ActionShow, State: "expired", After: 187 * time.Millisecond, Of: models.KindRinging}}},
			"О звонке сообщено: Иванов (звонок показан через 187 мс, карточка – нет).", "warn"},
		{"told of the ring, and the sign goes", CallCase{Notices: []CallNotice{{User: "Иванов", Heard: true, Stale: true, Action: models.ActionNone, State: "removed", After: 187 * time.Millisecond, Of: models.KindRinging}}}, "О звонке сообщено: Иванов (через 187 мс).", "good"},
		{"was nobody's then", CallCase{Late: []LateOwner{{"105", "Иванов И."}}, Legs: 1, AnsweredBy: "Иванов И.", State: models.Ended, Steps: []models.Step{{What: models.StepUnrouted, Reason: "no user owns this extension", Detail: "105"}}}, "Уведомления нет: тогда номер 105 был ничей; теперь его хозяин – Иванов И. Ответил: Иванов И.", "warn"},
		{"two were nobody's then", CallCase{Late: []LateOwner{{"105", "Иванов"}, {"106", "Петрова"}}, Legs: 2}, "Уведомления нет: тогда номер 105 был ничей, теперь его хозяин – Иванов; тогда номер 106 был ничей, теперь его хозяин – Петрова.", "warn"},
		{"nobody's", CallCase{Unowned: []string{"105"}, Legs: 1}, "Уведомления нет: номер 105 никому не назначен.", "bad"},
		{"several are nobody's", CallCase{Unowned: []string{"105", "106"}, Legs: 2}, "Уведомления нет: эти номера никому не назначены: 105, 106.", "bad"},
		{"who is switched off", CallCase{Inactive: []string{"Сидоров"}, Legs: 1}, "Уведомления нет: звонили телефоны тех, кто отключён: Сидоров.", "bad"},
		{"internal", CallCase{Direction: models.InternalCall, Unowned: []string{"105"}}, "Уведомления нет: это внутренний звонок, о таких не сообщается.", "good"},
		{"outgoing, switched off", CallCase{Direction: models.Out, Steps: []models.Step{nothing}}, "Уведомления нет: это исходящий звонок, а у источника уведомления об исходящих выключены.", "good"},
		{"outgoing, not answered", CallCase{Direction: models.Out, Outgoing: true, Legs: 1}, "Уведомления нет: на исходящий звонок пока никто не ответил.", "good"},
		{"a rule", CallCase{Steps: []models.Step{nothing}, Legs: 1}, "Уведомления нет: так решило правило «night (правила версии 7)»: исходящие у этого источника выключены.", "warn"},
		{"in a queue", CallCase{State: models.Ringing}, "Уведомления нет: звонок в меню или очереди, ни один телефон ещё не звонит.", "good"},
		{"no phone at all", CallCase{State: models.Ended}, "Уведомления нет: АТС не сообщила ни об одном телефоне, а ответственного за этот номер нет.", "warn"},
		{"purged", CallCase{State: models.Ended, Legs: 1}, "О звонке нет записей: возможно, срок хранения истёк.", "warn"},
	} {
		text, tone := CallVerdict(Russian, tt.c)
		if text != tt.ru || tone != tt.tone {
			t.Errorf("%s: %q (%s), want %q (%s)", tt.name, text, tone, tt.ru, tt.tone)
		}
		if en, _ := CallVerdict(English, tt.c); strings.ContainsAny(strings.NewReplacer("Иванов", "", "Петрова", "", "Сидоров", "").Replace(en), "абвгдежзийклмнопрстуфхцчшщъыьэюя") {
			t.Errorf("%s in English: %q", tt.name, en)
		}
	}
}

func TestWebhookVerdict(t *testing.T) {
	for _, tt := range []struct {
		row      WebhookRow
		events   int
		en, tone string
	}{
		{WebhookRow{Outcome: "stored", Events: 2}, 2, "Taken and understood: events 2.", "good"},
		{WebhookRow{Outcome: "repeat"}, 1, "A repeat: these events were known and changed nothing the second time.", "good"},
		{WebhookRow{Outcome: "failed", Error: "no event"}, 0, "Taken but not understood: no event.", "bad"},
		{WebhookRow{Outcome: "failed", Error: "no event"}, 1, "Taken but not understood: no event. By now it is understood: run it again.", "bad"},
		{WebhookRow{Outcome: "empty"}, 0, "Understood, and there is nothing to do: it says nothing of calls.", ""},
	} {
		if text, tone := WebhookVerdict(English, tt.row, tt.events); text != tt.en || tone != tt.tone {
			t.Errorf("%+v: %q (%s), want %q (%s)", tt.row, text, tone, tt.en, tt.tone)
		}
	}
}

func TestClock(t *testing.T) {
	for in, want := range map[time.Duration]string{0: "", -time.Second: "", time.Second: "0:01", 42 * time.Second: "0:42", 10 * time.Minute: "10:00", time.Hour + 2*time.Minute + 3*time.Second: "1:02:03"} {
		if got := Clock(in); got != want {
			t.Errorf("Clock(%s) = %q, want %q", in, got, want)
		}
	}
}

// TestGuides: of every document there is a guide in both languages, with steps,
// and without what the pages do themselves.
func TestGuides(t *testing.T) {
	files, err := filepath.Glob("../docs/pbx/*.md")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	for _, file := range files {
		kind := strings.TrimSuffix(filepath.Base(file), ".md")
		if kind == "README" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		said := map[Lang]string{}
		for _, l := range []Lang{Russian, English} {
			g := GuideOf(l, string(text), kind, "https://crm.example/hooks/x/TOKEN")
			if len(g.Blocks) < 3 {
				t.Errorf("%s in %s: %d blocks", kind, l, len(g.Blocks))
			}
			all := ""
			for _, b := range g.Blocks {
				all += " " + b.Code
				for _, s := range b.Spans {
					all += s.Text
				}
			}
			said[l] = all
			if strings.Contains(all, "the the ") || strings.Contains(all, "The the ") {
				t.Errorf("%s in %s: an article twice", kind, l)
			}
			for _, b := range g.Blocks {
				if b.Kind == "step" && len(b.Spans) > 0 && strings.HasPrefix(b.Spans[0].Text, (map[Lang]string{Russian: "адрес источника", English: "the source"})[l]) {
					t.Errorf("%s in %s: a step begins with a small letter: %s", kind, l, b.Spans[0].Text)
				}
			}
			if strings.Contains(all, "/v1/admin/sources/"+kind) && strings.Contains(all, "-X PUT") {
				t.Errorf("%s in %s has the request that the form makes", kind, l)
			}
			if strings.Contains(all, "zummer simulate") {
				t.Errorf("%s in %s has the try-out that the page does", kind, l)
			}
			if strings.Contains(all, "**") || strings.Contains(all, "](") {
				t.Errorf("%s in %s has signs of Markdown: %s", kind, l, all)
			}
		}
		if !strings.ContainsAny(said[Russian], "абвгд") || strings.Count(said[English], "и ") > 20 {
			t.Errorf("%s: the languages are mixed up", kind)
		}
	}
}

func TestGuideBlocks(t *testing.T) {
	const text = "# X\n\n## По-русски\n\nВведение, см. [README](README.md#x).\n\nЭто **важно**: `HOOK/a`, не $HOOK.\n\n### Что куда вставить\n\n1. Создайте:\n\n   ```sh\n   curl -X PUT /v1/admin/sources/x\n   ```\n\n2. Скачайте [файл](x/a.xml)\n   и [сайт](https://x.example).\n   - внутри\n\n| a | b |\n| --- | --- |\n| `HOOK` | 2 |\n\n### Проверить\n\nzummer simulate\n\n### Что видно\n\nвсё\n\n## In English\n\nin English\n"
	g := GuideOf(Russian, text, "x", "https://h/$1")
	var got []string
	for _, b := range g.Blocks {
		line := b.Kind + " " + b.Mark
		if b.Inner {
			line = "inner " + line
		}
		for _, s := range b.Spans {
			line += "[" + s.Kind + " " + s.Text + " " + s.Href + "]"
		}
		for _, r := range b.Rows {
			for _, c := range r.Cells {
				line += "|" + c.Spans[0].Text
			}
		}
		got = append(got, line)
	}
	want := []string{
		"p [text Это  ][bold важно ][text :  ][code https://h/$1/a ][text , не $HOOK. ]",
		"step 1.[text Создайте: ]",
		"inner p [bold Это делает форма на этой странице. ]",
		"step 2.[text Скачайте  ][link файл /admin/guides/x/a.xml][text  и  ][link сайт https://x.example][text . ]",
		"inner step –[text внутри ]",
		"table |https://h/$1|2",
	}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("the blocks are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if len(g.More) != 1 || g.More[0].Title != "Что видно" || len(g.More[0].Blocks) != 1 {
		t.Errorf("what is folded: %+v", g.More)
	}
}

func TestTestIsTranslated(t *testing.T) {
	if KindIn(Russian, "test") != "Проверка" || KindIn(English, "test") != "Test" {
		t.Errorf("a test is %q, %q", KindIn(Russian, "test"), KindIn(English, "test"))
	}
}
