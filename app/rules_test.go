package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// silence is a rule that makes nothing of a ring.
const silence = `{"name":"silence","when":{"event":["ringing"],"direction":["in"]},"then":{"nothing":"nobody shall be told"}}`

// putRules puts a rule before those in force and returns the new version.
func (s *shop) putRules(first string) int64 {
	s.T.Helper()
	now := s.Admin("GET", "/v1/admin/rules", nil)
	rules, err := json.Marshal(now["rules"])
	if err != nil {
		s.T.Fatal(err)
	}
	set := s.Admin("PUT", "/v1/admin/rules", fmt.Sprintf(`{"version":%v,"rules":[%s,%s`, now["version"], first, rules[1:])+"}")
	return int64(set["version"].(float64))
}

// event sends one event of source office and returns the id of its webhook.
func (s *shop) event(body string) string {
	s.T.Helper()
	if a := s.Do("POST", s.hook, "", body); a.Status != 200 {
		s.T.Fatalf("webhook: %d %s", a.Status, a.Body)
	}
	return s.journal("")[0]["id"].(string)
}

// occasions are what a dry run tells of its only event.
func (s *shop) occasions(query string) []map[string]any {
	s.T.Helper()
	var out []map[string]any
	for _, o := range s.Admin("POST", "/v1/admin/rules/dry-run", query)["events"].([]any)[0].(map[string]any)["occasions"].([]any) {
		out = append(out, o.(map[string]any))
	}
	return out
}

// TestRulesAreVersioned: the built-in ones until others are put; a change of a
// version that is not in force any more is refused and told the way out; every
// version stays to be read, and to be put again.
func TestRulesAreVersioned(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		builtin := s.Admin("GET", "/v1/admin/rules", nil)
		if builtin["version"] != 0.0 || len(builtin["rules"].([]any)) == 0 || builtin["at"] != nil {
			t.Fatalf("before any PUT: %v", builtin)
		}
		if v := s.putRules(silence); v != 1 {
			t.Errorf("the first PUT made version %d", v)
		}
		stale := s.Do("PUT", "/v1/admin/rules", apptest.AdminToken, `{"version":0,"rules":[`+strings.Replace(silence, "silence", "other", 1)+`]}`)
		refused(t, "a change of the built-in rules", stale, 409, "moved_on")
		if !strings.Contains(string(stale.Body), "version 1") {
			t.Errorf("the refusal does not tell the version: %s", stale.Body)
		}
		same := s.Admin("PUT", "/v1/admin/rules", s.Admin("GET", "/v1/admin/rules", nil))
		if same["version"] != 1.0 {
			t.Errorf("what is in force, put again: %v", same["version"])
		}
		back := s.Admin("GET", "/v1/admin/rules?version=0", nil)
		back["version"] = 1
		if set := s.Admin("PUT", "/v1/admin/rules", back); set["version"] != 2.0 || len(set["rules"].([]any)) != len(builtin["rules"].([]any)) {
			t.Errorf("back to the built-in ones: %v", set)
		}
		if one := s.Admin("GET", "/v1/admin/rules?version=1", nil); one["rules"].([]any)[0].(map[string]any)["name"] != "silence" || one["at"] == nil || one["who"] == nil {
			t.Errorf("version 1: %v", one)
		}
		var versions []string
		for _, v := range items(s.Admin("GET", "/v1/admin/rules/versions", nil)) {
			versions = append(versions, fmt.Sprint(v["version"]))
		}
		if got := strings.Join(versions, " "); got != "2 1 0" {
			t.Errorf("versions %s", got)
		}
		refused(t, "a version that never was", s.Do("GET", "/v1/admin/rules?version=9", apptest.AdminToken, nil), 404, "not_found")
		refused(t, "no rules", s.Do("PUT", "/v1/admin/rules", apptest.AdminToken, `{"version":2,"rules":[]}`), 422, "invalid")
		refused(t, "a group that is not there", s.Do("PUT", "/v1/admin/rules", apptest.AdminToken,
			`{"version":2,"rules":[{"name":"x","when":{"event":["missed"],"group":["night"]},"then":{}}]}`), 422, "invalid")
		var audit []string
		for _, e := range items(s.Admin("GET", "/v1/admin/audit?limit=100", nil)) {
			if e["what"] == "rules.put" {
				audit = append(audit, fmt.Sprint(e["object"]))
			}
		}
		if got := strings.Join(audit, ", "); got != "version 2, version 1" {
			t.Errorf("audit: %s", got)
		}
	})
}

// TestDryRunOfTheJournal: a webhook of the journal, run again without being
// run, tells what it made, long after; nothing changes by it.
func TestDryRunOfTheJournal(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		s.Do("PUT", "/v1/sync/contacts/k-1", s.sync, `{"phones":["+79031234567"],"name":"ООО Ромашка","responsible":"petrova","client":{"type":"Справочник","name":"Контрагенты","uid":"1","title":"ООО Ромашка"},
			"interests":[{"type":"Документ","name":"Интерес","uid":"17","title":"Интерес 17"}],"seq":1}`)
		began := time.Now().Add(-55 * time.Second) // what is long ago is told as a backlog
		at := func(second int) string {
			return fmt.Sprintf(`"call":"c-1","phone":"+79031234567","at":%q`, began.Add(time.Duration(second)*time.Second).UTC().Format(time.RFC3339))
		}
		hooks := []string{s.event(`{"event":"ringing","extension":"101",` + at(0) + `}`), s.event(`{"event":"answered","extension":"101",` + at(3) + `}`), s.event(`{"event":"ended",` + at(50) + `}`)}
		s.Admin("DELETE", "/v1/admin/extensions/office/101", nil) // whose the phone is now does not matter
		before := s.Poll(s.ivanov, "")
		for i, want := range []string{"call.ringing/indicate", "call.answered/open", "call.ended/show"} {
			told := s.occasions(`{"webhook":"` + hooks[i] + `"}`)
			if len(told) != 1 || told[0]["user"] != "ivanov" || told[0]["result"] != "notification" || told[0]["rule"] == nil || told[0]["reason"] == "" {
				t.Fatalf("webhook %d: %v", i, told)
			}
			if verdicts := told[0]["verdicts"].([]any); verdicts[len(verdicts)-1].(map[string]any)["fits"] != true {
				t.Errorf("webhook %d: the last verdict is not the rule that was chosen: %v", i, verdicts)
			}
			n := told[0]["notifications"].([]any)[0].(map[string]any)
			if got := fmt.Sprint(n["kind"], "/", n["action"]); got != want || n["title"] != "ООО Ромашка" {
				t.Errorf("webhook %d: %s %v, want %s", i, got, n["title"], want)
			}
			if i == 1 && n["object"].(map[string]any)["title"] != "Интерес 17" {
				t.Errorf("what would be opened: %v", n["object"])
			}
		}
		if after := s.Poll(s.ivanov, ""); after.Version != before.Version || len(s.journal("")) != 3 {
			t.Errorf("the dry runs changed the set from %s to %s, or the journal", before.Version, after.Version)
		}
		refused(t, "an unknown webhook", s.Do("POST", "/v1/admin/rules/dry-run", apptest.AdminToken, `{"webhook":"999999"}`), 404, "not_found")
		refused(t, "an unknown version", s.Do("POST", "/v1/admin/rules/dry-run", apptest.AdminToken, `{"webhook":"`+hooks[0]+`","version":5}`), 404, "not_found")
		s.Admin("DELETE", "/v1/admin/sources/office", nil)
		refused(t, "a source that is gone", s.Do("POST", "/v1/admin/rules/dry-run", apptest.AdminToken, `{"webhook":"`+hooks[0]+`"}`), 409, "moved_on")
	})
}

// TestRulesDecideTheNextCall: rules that are put decide from the next call on;
// rows and timelines tell rule, version and reason; and the older decisions
// can be had again with the version that stood then.
func TestRulesDecideTheNextCall(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		first := s.event(`{"event":"ringing","call":"c-1","extension":"101","phone":"+79031234567"}`)
		if rows := s.Poll(s.ivanov, "").Rows; len(rows) != 1 || rows[0].Kind != "call.ringing" {
			t.Fatalf("by the built-in rules: %+v", rows)
		}
		quiet := s.putRules(silence)
		second := s.event(`{"event":"ringing","call":"c-2","extension":"101","phone":"+79031234568"}`)
		if rows := s.Poll(s.ivanov, "").Rows; len(rows) != 1 {
			t.Errorf("the rule that makes nothing: %+v", rows)
		}
		loud := s.putRules(`{"name":"loud","when":{"event":["ringing"],"user":["ivanov"]},"then":{"kind":"call.ringing","title":"Звонит {phone}"}}`)
		s.event(`{"event":"ringing","call":"c-3","extension":"101","phone":"+79031234569"}`)
		rows := s.Poll(s.ivanov, "").Rows
		if len(rows) != 2 || !strings.HasPrefix(rows[0].Title, "Звонит ") {
			t.Fatalf("the rule with a title: %+v", rows)
		}
		var listed map[string]any
		for _, r := range items(s.Admin("GET", "/v1/admin/notifications?user=ivanov", nil)) {
			if r["id"] == rows[0].ID {
				listed = r
			}
		}
		if listed["rule"] != "loud" || listed["rules_version"] != float64(loud) || listed["reason"] == nil {
			t.Errorf("in the administrator's list: %v", listed)
		}
		step := items(s.Admin("GET", "/v1/admin/notifications/"+rows[0].ID+"/timeline", nil))[0]
		if step["rule"] != "loud" || step["rules_version"] != float64(loud) || step["reason"] == nil {
			t.Errorf("in the timeline: %v", step)
		}
		page := s.Page("/admin/notifications/"+rows[0].ID+"?lang=ru", "")
		if want := fmt.Sprintf("loud (правила версии %d)", loud); !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
		for _, tt := range []struct {
			name, hook     string
			version        int64
			rule, happened string
		}{
			{"the first call, as it was decided", first, 0, "", "notification"},
			{"the first call, by the rule that makes nothing", first, quiet, "silence", "nothing"},
			{"the second call, as it was decided", second, quiet, "silence", "nothing"},
			{"the second call, by the rules of now", second, loud, "loud", "notification"},
		} {
			told := s.occasions(fmt.Sprintf(`{"webhook":"%s","version":%d}`, tt.hook, tt.version))
			if len(told) != 1 || told[0]["result"] != tt.happened || tt.rule != "" && told[0]["rule"] != tt.rule {
				t.Errorf("%s: %v", tt.name, told)
			}
		}
	})
}

// TestRulesFromAFile: get, change, check, put, and what a stale file is told.
func TestRulesFromAFile(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		zummer := func(code int, args ...string) string {
			t.Helper()
			var out, errs bytes.Buffer
			args = append([]string{"rules", args[0], "--url", s.URL, "--token", apptest.AdminToken}, args[1:]...)
			if got := app.Main(t.Context(), args, &out, &errs); got != code {
				t.Fatalf("zummer %q: exit %d, %s%s", args, got, &out, &errs)
			}
			return out.String() + errs.String()
		}
		says := func(what, got, want string) {
			t.Helper()
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s\nwant %q", what, got, want)
			}
		}
		file := filepath.Join(t.TempDir(), "rules.json")
		write := func(text string) {
			t.Helper()
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got := zummer(0, "get")
		says("get", got, `"version": 0`)
		if lines := strings.Count(got, "\n"); lines < 5 || !strings.Contains(got, "\n    {\"name\": ") {
			t.Errorf("get is not made to be changed by hand: %s", got)
		}
		changed := strings.Replace(got, `"rules": [`, `"rules": [`+silence+`,`, 1)
		write("\ufeff" + changed)
		says("check", zummer(0, "check", file), "nothing is wrong")
		says("dry run of the file", zummer(0, "dry-run", "--rules", file, "--source", "office", "--event", `{"event":"ringing","call":"x","extension":"101","phone":"+79031234567"}`), "ringing, for ivanov\n")
		says("put", zummer(0, "put", file), "version 1 is in force")
		says("the same put again", zummer(0, "put", file), "version 1 is in force")
		write(strings.Replace(changed, "silence", "quiet", 1))
		says("check of a stale file", zummer(0, "check", file), "a change of version 0")
		says("put of a stale file", zummer(1, "put", file), "at version 1 by now")
		says("put of a stale file, knowingly", zummer(0, "put", file, "--based", "1"), "version 2 is in force")
		write(strings.Replace(changed, `"name":"silence"`, `"nmae":"silence"`, 1))
		says("a misspelt member", zummer(1, "put", file, "--based", "2"), "rules[0].nmae: is not known; there are: name, note")
		write(`[` + silence)
		says("no JSON", zummer(1, "check", file), "is no JSON: line 1")
		write(`{"rules":[` + silence + `]}`)
		says("no version", zummer(1, "put", file), "--based")
		says("an older version", zummer(0, "get", "--version", "0"), `"version": 0`)
		says("a version that never was", zummer(1, "get", "--version", "9"), "no version 9")

		hook := s.event(`{"event":"answered","call":"c-1","extension":"102","phone":"+79031234567"}`)
		told := zummer(0, "dry-run", "--webhook", hook)
		says("dry run of a webhook", told, "rules: version 2\n\nanswered 102 of call c-1, ")
		says("dry run of a webhook", told, "\n    → make for petrova: call.answered, ")
		says("dry run, as JSON", zummer(0, "dry-run", "--webhook", hook, "--json"), `{"rules_version":2,`)
		says("dry run of nothing", zummer(1, "dry-run"), "give --webhook ID")
		says("no token", zummer(1, "get", "--token", ""), "give --token")
	})
}
