package web

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/jba/templatecheck"
)

func TestDemoTemplateFitsItsData(t *testing.T) {
	if err := templatecheck.CheckHTML(newPages(t).sets["demo"].Lookup("crm"), DemoPage{}); err != nil {
		t.Error(err)
	}
}

// TestDemoFiles: all that the sample CRM is made of is served under plain
// names, reaches nowhere outside, and writes no markup; its template is not.
func TestDemoFiles(t *testing.T) {
	p := newPages(t)
	for name, kind := range map[string]string{"crm.js": "text/javascript; charset=utf-8", "cards.js": "text/javascript; charset=utf-8", "forms.js": "text/javascript; charset=utf-8",
		"lists.js": "text/javascript; charset=utf-8", "page.js": "text/javascript; charset=utf-8", "zummer.js": "text/javascript; charset=utf-8", "crm.css": "text/css; charset=utf-8"} {
		a, ok := p.DemoAsset(name)
		if !ok || a.Type != kind || len(a.Body) == 0 {
			t.Errorf("%s: found %t, type %q, %d bytes", name, ok, a.Type, len(a.Body))
		}
		if m := regexp.MustCompile(`https?://[a-z]|innerHTML|insertAdjacentHTML|eval\(`).Find(a.Body); m != nil {
			t.Errorf("%s has %s", name, m)
		}
	}
	for _, name := range []string{"crm.html", "absent.js", "../web.go", ""} {
		if _, ok := p.DemoAsset(name); ok {
			t.Errorf("%q is served", name)
		}
	}
}

func TestDemoWords(t *testing.T) {
	used := map[string]bool{}
	for _, name := range []string{"crm.js", "cards.js", "forms.js", "lists.js", "page.js"} {
		a, _ := newPages(t).DemoAsset(name)
		for _, m := range regexp.MustCompile(`words\.(\w+)`).FindAllSubmatch(a.Body, -1) {
			used[string(m[1])] = true
		}
	}
	for _, l := range []Lang{Russian, English} {
		d := DemoWordsOf(l)
		v := reflect.ValueOf(d)
		for i := range v.NumField() {
			if strings.TrimSpace(v.Field(i).String()) == "" {
				t.Errorf("%s: no text for %s", l, v.Type().Field(i).Name)
			}
		}
		text, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var told map[string]string
		if err := json.Unmarshal([]byte(text), &told); err != nil {
			t.Fatal(err)
		}
		for name := range used {
			if told[name] == "" {
				t.Errorf("%s: the scripts use %s, which is not told", l, name)
			}
		}
	}
}
