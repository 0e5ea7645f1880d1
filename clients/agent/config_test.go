package agent

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestLoad: what is wrong with a configuration is said with its line and field,
// in both languages.
func TestLoad(t *testing.T) {
	const good = `"url":"https://zummer.example","token":"zt_x"`
	for _, c := range []struct {
		name, text string
		line       int
		field, en  string
	}{
		{"a good one", "{" + good + "}", 0, "", ""},
		{"one of Notepad", "\ufeff{\r\n" + good + "\r\n}\r\n", 0, "", ""},
		{"an empty one", "", 1, "", "breaks off"},
		{"a comma too many", "{\n" + good + ",\n}", 3, "", "it is no JSON: there is a comma too many"},
		{"a comma too few", "{\n" + good + "\n\"notify\":true}", 3, "", "it is no JSON: a comma is missing"},
		{"a comma too few in a list", "{\n" + good + ",\n\"command\":[\"a\"\n\"b\"]}", 4, "", "a comma is missing"},
		{"a name without quotes", "{\n" + good + ",\nnotify:true}", 3, "", "in double quotes"},
		{"a path of Windows as it is", "{\n" + good + ",\n\"log_file\":\"C:\\Zummer\\a.log\"}", 3, "", "is not written as"},
		{"a bracket too few", "{\n" + good + "\n", 3, "", "breaks off"},
		{"two", "{" + good + "}\n{}", 1, "", "after the last"},
		{"an unknown field", "{\n" + good + ",\n\"tokne\":\"x\"}", 3, "tokne", "mistyped"},
		{"an unknown field beneath", "{\n" + good + ",\n\"relay\":{\n\"prot\":1}}", 4, "relay.prot", "mistyped"},
		{"an unknown field of UDP", "{\n" + good + ",\n\"relay\":{\"port\":1},\n\"udp\":{\n\"prot\":1}}", 5, "udp.prot", "mistyped"},
		{"an unknown field of the links", "{\n" + good + ",\n\"links\":{\"host\":[]}}", 3, "links.host", "mistyped"},
		{"a number in quotes", "{\n" + good + ",\n\"relay\":{\"port\":\"8081\"}}", 3, "relay.port", "without quotes"},
		{"a word for a list", "{\n" + good + ",\n\"command\":\"calc\"}", 3, "command", "a list"},
		{"no address", `{"token":"x"}`, 0, "url", "https://HOST"},
		{"an address without scheme", "{\n\"url\":\"zummer.example\",\n\"token\":\"x\"}", 2, "url", "https://HOST"},
		{"no token", `{"url":"https://zummer.example"}`, 0, "token", "one word"},
		{"a token in Cyrillic", "{\"url\":\"https://zummer.example\",\n\"token\":\"токен\"}", 2, "token", "one word"},
		{"a port", "{\n" + good + ",\n\"relay\":{},\n\"udp\":{\"port\":70000}}", 4, "udp.port", "65535"},
		{"a short secret", "{\n" + good + ",\n\"relay\":{\"enabled\":true,\n\"secret\":\"short\"}}", 4, "relay.secret", "16"},
		{"a host with its scheme", "{\n" + good + ",\n\"links\":{\"hosts\":[\"crm.example\",\"https://crm.example\"]}}", 3, "links.hosts[1]", "without https://"},
		{"an infobase with a space", "{\n" + good + ",\n\"infobase\":\"e1c://server/srv/my base\"}", 3, "infobase", "%20"},
		{"an infobase with its place", "{\n" + good + ",\n\"infobase\":\"e1c://server/srv/trade#e1cib/command/x\"}", 3, "infobase", "#"},
		{"an infobase that is a program", "{\n" + good + ",\n\"infobase\":\"calc.exe\"}", 3, "infobase", "e1c://"},
		{"a page that is a program", "{\n" + good + ",\n\"page\":\"calc.exe\"}", 3, "page", "https://"},
		{"a command of nothing", "{\n" + good + ",\n\"command\":[\"\"]}", 3, "command", "a program"},
	} {
		path := filepath.Join(t.TempDir(), "agent.json")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		var own *ConfigError
		if c.en == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if !errors.As(err, &own) || own.Line != c.line || own.Field != c.field || own.Path != path || !strings.Contains(own.Error(), c.en) || own.RU == "" || own.RU == own.EN {
			t.Errorf("%s: %v, %+v", c.name, err, own)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.json")); err == nil || !strings.Contains(Words(err, true), "zummer agent login") {
		t.Errorf("no file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "agent.json")
	if err := os.WriteFile(path, []byte("{"+good+"}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); runtime.GOOS != "windows" && (err == nil || !strings.Contains(Words(err, true), "chmod 600 "+path)) {
		t.Errorf("a file that all can read: %v", err)
	}
}

// TestSave: the file is its owner's alone, also when it replaces another one.
func TestSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "agent.json")
	c, err := NewConfig("https://zummer.example:8443/", "zt_x")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(c.Links.Hosts, ",") != "zummer.example,zummer.example:8443" || c.URL != "https://zummer.example:8443" || c.Relay.Enabled || c.UDP.Enabled {
		t.Errorf("what login makes: %+v", c)
	}
	for range 2 {
		if err := c.Save(path); err != nil {
			t.Fatal(err)
		}
		if st, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", st, err)
		}
	}
	if _, err := Load(path); err != nil {
		t.Error(err)
	}
}
