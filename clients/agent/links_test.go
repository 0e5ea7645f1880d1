package agent_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode"

	"zummer/clients/agent"
)

const ref = "#e1cib/data/Документ.Интерес?ref=b59500055d80a2b911de397d51012ccc"

// TestLinks: only what is on the lists is opened, and only in one plain form.
func TestLinks(t *testing.T) {
	l := agent.Links{Hosts: []string{"crm.example", ".corp.example", "old.example:8443", "srv1c", "server", "filev", "server/srv1c/trade", "ws/pub.example/База", "server/all/", "server/srv1c/my base", "црм.рф"}}
	for _, c := range []struct {
		link string
		ok   bool
	}{
		{"https://crm.example/i/17", true},
		{"https://CRM.example/i/17?a=b&c=%20d#x", true},
		{"https://crm.example/интерес/17", true},
		{"https://crm.example./i/17", true},
		{"https://a.corp.example/", true},
		{"https://a.b.corp.example/", true},
		{"https://old.example:8443/", true},
		{"e1c://srv1c/trade" + ref, true},

		{"e1c://server/srv1c/trade" + ref, true},
		{"e1c://server/SRV1C/Trade/" + ref, true},
		{"e1c://ws/pub.example/%D0%91%D0%B0%D0%B7%D0%B0" + ref, true},

		{"", false},
		{"crm.example", false},
		{"//crm.example/", false},
		{"/usr/bin/xterm", false},
		{"-h", false},
		{"--version https://crm.example/", false},
		{"http://crm.example/", false},
		{"HTTPS://crm.example/", false},
		{"https:crm.example", false},
		{"https:///crm.example", false},
		{"https:////crm.example/", false},
		{"https://corp.example/", false},
		{"https://evilcorp.example/", false},
		{"https://crm.example.evil.test/", false},
		{"https://evil.test/crm.example", false},
		{"https://evil.test#crm.example", false},
		{"https://evil.test?crm.example", false},
		{"https://crm.example@evil.test/", false},
		{"https://user@crm.example/", false},
		{"https://user:pw@crm.example/", false},
		{`https://evil.test\@crm.example/`, false},
		{`https://crm.example\..\x`, false},
		{"https://crm.example:444/", false},
		{"https://old.example/", false},
		{"https://a.corp.example:444/", false},
		{"https://crm.exаmple/", false}, // a Cyrillic а
		{"https://crm%2eexample/", false},
		{"https://crm.example/a b", false},
		{"https://crm.example/\"&calc&\"", false},
		{"https://crm.example/'x", false},
		{"https://crm.example/`id`", false},
		{"https://crm.example/$(id)", false},
		{"https://crm.example/;id", false},
		{"https://crm.example/|id", false},
		{"https://crm.example/a\nb", false},
		{"https://crm.example/a\x00b", false},
		{"https://crm.example/a\u202eb", false},
		{"https://crm.example/a\u00a0b", false},
		{"https://crm.example/\xff", false},
		{" https://crm.example/", false},
		{"https://crm.example/" + strings.Repeat("x", 5000), false},
		{"javascript://crm.example/%0aalert(1)", false},
		{"file://crm.example/etc/passwd", false},
		{"file:///etc/passwd", false},
		{"ms-msdt://crm.example/id", false},
		{"search-ms:query=x", false},
		{"data:text/html,x", false},
		{"vbscript:x", false},
		{"smb://crm.example/x", false},
		{`\\crm.example\x`, false},
		{"e1c://other/trade" + ref, false},
		{"e1c://srv1c/trade", false},
		{"e1c://srv1c/trade#e1cib/command/x", false},
		{"e1c://srv1c/trade#calc.exe", false},
		{"e1cib/data/x", false},
		// server and filev name a kind of infobase, not a machine.
		{"e1c://server/evil.test/trade" + ref, false},
		{"e1c://server/srv1c/other" + ref, false},
		{"e1c://server/srv1c/tradeoff" + ref, false},
		{"e1c://server/srv1c" + ref, false},
		{"e1c://server/srv1c/trade/../../evil.test/trade" + ref, false},
		{"e1c://server/srv1c/trade/%2e%2e/x" + ref, false},
		{"e1c://server/srv1c/trade%2f..%5cx" + ref, false},
		{"e1c://server/srv1c/trade/x" + ref, false},
		{"e1c://server/srv1c/trade?x=%22%20/Execute%20x.epf" + ref, false},
		{"e1c://filev/evil.test/share" + ref, false},
		{"e1c://FILEV/evil.test/share" + ref, false},
		{"e1c://filev:/evil.test/share" + ref, false},
		{"e1c://srv1c/trade#e1cib/data/x#e1cib/command/x", false},
		{"e1c://srv1c/trade#e1cib/data/../command/x", false},
		{"e1c://srv1c/trade#e1cib%2fdata/x", false},
		{"https://crm.example/trade/#e1cib/command/x", false}, // the publication of an infobase
		{"https://crm.example/trade/#e1cib/data/x", true},
		{"https://crm.example/trade/#e1cib/data/%D0%94?ref=1", true},
		{"e1c://srv1c/trade#e1cib/data/%23e1cib/command/x", false},
		{"e1c://srv1c/trade#e1cib/data/%2e%2e/x", false},
		{"https://crm.example/trade/#E1CIB/command/x", false},
		{"https://crm.example/trade/e1cib/command/x", false},
		// Cyrillic names, and letters that a browser turns into what ends a host.
		{"https://црм.рф/i/17", true},
		{"https://ЦРМ.РФ/интерес/17?имя=Пётр", true},
		{"https://a_b.corp.example/", true},
		{"https://evil.test／.corp.example/", false},
		{"https://evil.test？.corp.example/", false},
		{"https://evil.test＃.corp.example/", false},
		{"https://evil.test℀.corp.example/", false},
		{"https://evil.test。corp.example/", false},
		{"https://evil.test&.corp.example/", false},
		{"https://evil.test,.corp.example/", false},
		{"https://.corp.example/", false},
		// All infobases of a server, and no more than their names.
		{"e1c://server/all/trade" + ref, true},
		{"e1c://server/all/Торговля_2" + ref, true},
		{"e1c://server/all/%D0%A2%D0%BE%D1%80%D0%B3" + ref, true},
		{"e1c://server/all/" + ref, false},
		{"e1c://server/all/trade%23e1cib/command/x" + ref, false},
		{"e1c://server/all/trade%3Fe1cib" + ref, false},
		{"e1c://server/all/trade%20/Execute%20x.epf" + ref, false},
		{"e1c://server/all/trade%3B/x" + ref, false},
		{"e1c://server/all/trade%00x" + ref, false},
		{"e1c://server/all/trade%22x" + ref, false},
		{"e1c://server/all/trade&x" + ref, false},
		// A name with a space is listed as it is and comes encoded.
		{"e1c://server/srv1c/my%20base" + ref, true},
		{"e1c://server/srv1c/my base" + ref, false},
		{"e1c://server/srv1c/my%20base%20" + ref, false},
	} {
		if err := l.Check(c.link); (err == nil) != c.ok {
			t.Errorf("%q: %v", c.link, err)
		}
	}
	if err := (agent.Links{HTTP: true, Hosts: l.Hosts}).Check("http://crm.example/"); err != nil {
		t.Errorf("http that was allowed: %v", err)
	}
	if err := (agent.Links{}).Check("https://crm.example/"); err == nil {
		t.Error("without a list a link passes")
	}
}

// TestHostOf: what login puts on the list lets the infobase's own links pass,
// and no other's.
func TestHostOf(t *testing.T) {
	for infobase, want := range map[string]string{"e1c://server/srv1c/trade": "server/srv1c/trade", "e1c://filev/C/bases/x/": "filev/C/bases/x", "https://crm.example/trade": "crm.example"} {
		host := agent.HostOf(infobase)
		if host != want {
			t.Errorf("%s: %q, want %q", infobase, host, want)
		}
		l := agent.Links{Hosts: []string{host}}
		if err := l.Check(infobase + ref); err != nil {
			t.Errorf("%s: %v", infobase, err)
		}
		if l.Check("e1c://server/evil/trade"+ref) == nil {
			t.Errorf("%s lets another infobase pass", infobase)
		}
	}
}

// TestOpenCommand: on every system the link is the last argument, whole, and
// the program is none that reads a script.
func TestOpenCommand(t *testing.T) {
	const link = "https://crm.example/?a=1&b=2"
	for system, program := range map[string]string{"darwin": "open", "linux": "xdg-open"} {
		argv, err := agent.OpenCommand(system, link)
		if err != nil || len(argv) != 2 || argv[0] != program || argv[1] != link {
			t.Errorf("%s: %q, %v", system, argv, err)
		}
	}
	if argv, err := agent.OpenCommand("windows", link); err != nil || argv != nil {
		t.Errorf("on Windows a command line opens links: %q, %v", argv, err)
	}
	if _, err := agent.OpenCommand("plan9", link); err == nil {
		t.Error("plan9 opens links")
	}
}

// FuzzLinks: what passes is a link of an allowed scheme and host for the
// standard parser as well, and holds nothing that a shell would act on.
func FuzzLinks(f *testing.F) {
	for _, s := range []string{"https://crm.example/i/17", "e1c://srv1c/t" + ref, "https://a@crm.example/", "-x", "https://crm.example:8443/%00", "https://[::1]/"} {
		f.Add(s)
	}
	l := agent.Links{Hosts: []string{"crm.example", ".corp.example", "srv1c"}}
	f.Fuzz(func(t *testing.T, link string) {
		if l.Check(link) != nil {
			return
		}
		u, err := url.Parse(link)
		if err != nil || u.User != nil {
			t.Fatalf("%q passes: %v", link, err)
		}
		host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
		if host != "crm.example" && host != "srv1c" && !strings.HasSuffix(host, ".corp.example") || u.Scheme != "https" && u.Scheme != "e1c" {
			t.Fatalf("%q passes", link)
		}
		for _, r := range u.Host {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_:[]", r) {
				t.Fatalf("%q passes", link)
			}
		}
		if strings.HasPrefix(link, "-") || strings.ContainsAny(link, " \t\r\n\x00\"'`\\|;<>$^") {
			t.Fatalf("%q passes", link)
		}
	})
}
