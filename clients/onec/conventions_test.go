// Package onec_test keeps the 1C modules of this folder as the platform and
// its standards want them. What they do is tested in app/onectest.
package onec_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// sources lists the files of the shipped folders with this ending.
func sources(t *testing.T, ending string) []string {
	t.Helper()
	var files []string
	for _, folder := range []string{"managed", "web", "legacy-8.3.6", "ordinary", "server", "fanout"} {
		err := filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(file, ending) {
				files = append(files, filepath.ToSlash(file))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) == 0 {
		t.Fatalf("there is no %s", ending)
	}
	return files
}

// faults are what a check has found in one file.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// text reads a file as 1C writes it, and gives it without BOM and CR.
func text(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found faults
	body := plain(raw, &found)
	for _, f := range found {
		t.Errorf("%s %s", file, f)
	}
	return body
}

// plain checks the bytes: UTF-8 with BOM, CRLF.
func plain(raw []byte, f *faults) string {
	body, found := bytes.CutPrefix(raw, []byte("\xef\xbb\xbf"))
	switch {
	case !found:
		f.add("has no BOM")
	case !utf8.Valid(body):
		f.add("is not UTF-8")
	case bytes.Count(body, []byte("\n")) != bytes.Count(body, []byte("\r\n")) || bytes.Count(body, []byte("\r")) != bytes.Count(body, []byte("\n")):
		f.add("has line ends other than CRLF: is .gitattributes at work?")
	case !bytes.HasSuffix(body, []byte("\r\n")):
		f.add("does not end with a line end")
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}

// regions a module of a kind may have, in this order (std455).
var regions = map[string][]string{
	"common":  {"ПрограммныйИнтерфейс", "СлужебныйПрограммныйИнтерфейс", "СлужебныеПроцедурыИФункции"},
	"form":    {"ОписаниеПеременных", "ПрограммныйИнтерфейс", "ОбработчикиСобытийФормы", "ОбработчикиСобытийЭлементовШапкиФормы", "ОбработчикиКомандФормы", "СлужебныеПроцедурыИФункции"},
	"command": {"ОбработчикиСобытий", "СлужебныеПроцедурыИФункции"},
	// Переопределяемое is what the reader of pasted text is to change.
	"application": {"ОписаниеПеременных", "ПрограммныйИнтерфейс", "Переопределяемое", "ОбработчикиСобытий", "СлужебныеПроцедурыИФункции"},
}

func kindOf(file string) string {
	switch {
	case strings.Contains(file, "/CommonModules/"), strings.HasPrefix(file, "ordinary/Змр"):
		return "common"
	case strings.HasSuffix(file, "CommandModule.bsl"):
		return "command"
	case strings.Contains(file, "Приложения.bsl"), strings.HasSuffix(file, "ApplicationModule.bsl"):
		return "application"
	}
	return "form"
}

var (
	begins    = regexp.MustCompile(`^(Асинх )?(Процедура|Функция) ([A-Za-zА-Яа-яЁё_0-9]+)\((.*)\)( Экспорт)?( //.*)?$`)
	word      = regexp.MustCompile(`[A-Za-zА-Яа-яЁё_][A-Za-zА-Яа-яЁё_0-9]*`)
	literal   = regexp.MustCompile(`"[^"]*"`)
	localized = regexp.MustCompile(`НСтр\("[^"]*"\)`)
	phrase    = regexp.MustCompile(`[А-Яа-яё]{2},? «?[А-Яа-яё]{2}`)
	forbidden = map[string]string{
		"выполнить": "text of the network would run", "вычислить": "text of the network would run",
		"предупреждение": "a modal window stops the ticks", "вопрос": "a modal window stops the ticks", "открытьформумодально": "modal", "ввестистроку": "modal",
		"запуститьприложение": "the network must not start programs",
	}
)

// Form, regions, names, comments, texts and what must not be in any module.
func TestConventions(t *testing.T) {
	for _, file := range sources(t, ".bsl") {
		t.Run(file, func(t *testing.T) {
			var found faults
			checkModule(&found, file, text(t, file))
			for _, f := range found {
				t.Error(f)
			}
		})
	}
}

// withoutComment is the code of a line; // in a text begins no comment.
func withoutComment(line string) string {
	in := false
	for i := range line {
		switch {
		case line[i] == '"':
			in = !in
		case !in && strings.HasPrefix(line[i:], "//"):
			return line[:i]
		}
	}
	return line
}

// checkModule looks at one module; file says what kind it is.
func checkModule(f *faults, file, body string) {
	if strings.HasPrefix(file, "ordinary/") { // 8.2 knows no regions: they are comments there
		body = strings.NewReplacer("\n//#Область", "\n#Область", "\n//#КонецОбласти", "\n#КонецОбласти").Replace(body)
	}
	lines := strings.Split(body, "\n")
	if !strings.HasPrefix(body, "// ") {
		f.add("the module does not begin with what it is for")
	}
	open, place, allowed := "", -1, regions[kindOf(file)]
	for i, line := range lines {
		code := withoutComment(line)
		if strings.HasPrefix(strings.TrimSpace(line), "|") {
			continue // of a text
		}
		if strings.HasPrefix(line, " ") || strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\t") {
			f.add("%d: indents are tabs and lines have no blank ends: %q", i+1, line)
		}
		if name, found := strings.CutPrefix(line, "#Область "); found {
			at := slices.Index(allowed, name)
			if open != "" || at <= place {
				f.add("%d: region %s is not where std455 wants it", i+1, name)
			}
			open, place = name, at
		}
		if line == "#КонецОбласти" {
			if open == "" {
				f.add("%d: no region is open", i+1)
			}
			open = ""
		}
		if m := begins.FindStringSubmatch(line); m != nil {
			checkProcedure(f, lines, i, m, open)
		} else if w := word.FindString(code); w == "Процедура" || w == "Функция" {
			f.add("%d: a header in one line is expected: %s", i+1, line)
		}
		bare := literal.ReplaceAllString(code, `""`)
		for _, w := range word.FindAllString(bare, -1) {
			if strings.ContainsAny(w, "ёЁ") {
				f.add("%d: %s has a «ё»", i+1, w)
			}
		}
		for _, m := range regexp.MustCompile(`([.]?)([А-Яа-яA-Za-z_0-9]+)\s*\(`).FindAllStringSubmatch(bare, -1) {
			if why, bad := forbidden[strings.ToLower(m[2])]; bad && m[1] == "" {
				f.add("%d: %s: %s", i+1, m[2], why)
			}
		}
		if strings.Contains(bare, "Новый HTTPСоединение(") && !regexp.MustCompile(`, , , , [А-Яа-я0-9]`).MatchString(bare) {
			f.add("%d: a connection without a time-out (std748)", i+1)
		}
		if regexp.MustCompile(`(^|[^А-Яа-я])(Асинх|Ждать) `).MatchString(bare) && !strings.Contains(file, "ЗмрКлиентАсинх") {
			f.add("%d: only ЗмрКлиентАсинх may be asynchronous", i+1)
		}
		if shown := regexp.MustCompile(`(ПоказатьОповещениеПользователя|ВызватьИсключение|Сообщить)[( ]"`).FindString(bare); shown != "" {
			f.add("%d: a text for people without НСтр (std761)", i+1)
		}
		for _, m := range literal.FindAllString(localized.ReplaceAllString(code, ""), -1) {
			compared := strings.HasPrefix(m, `"ВЫБРАТЬ`) || strings.Contains(code, "ЕстьСлово(") // a query; what the platform says
			if phrase.MatchString(m) && !compared && !strings.HasPrefix(file, "ordinary/") {
				f.add("%d: %s is for people: НСтр (std761)", i+1, m)
			}
		}
	}
	if open != "" {
		f.add("region %s is not closed", open)
	}
	for _, m := range regexp.MustCompile(`НСтр\("([^"]*)"\)`).FindAllStringSubmatch(body, -1) {
		if !strings.HasPrefix(m[1], "ru = '") || !strings.Contains(m[1], "; en = '") && !strings.HasPrefix(file, "ordinary/") {
			f.add("НСтр without ru and en: %s", m[1])
		}
	}
}

// checkProcedure: in a region; exported ones with a comment that names their
// parameters and what they return (std453), at most seven parameters (std640).
func checkProcedure(f *faults, lines []string, i int, m []string, region string) {
	name, exported := m[3], m[5] != ""
	if region == "" {
		f.add("%d: %s stands in no region", i+1, name)
	}
	if exported != strings.HasSuffix(strings.ToLower(region), "программныйинтерфейс") && region != "Переопределяемое" {
		f.add("%d: %s stands in the wrong region", i+1, name)
	}
	params := strings.Split(m[4], ",")
	if len(params) > 7 {
		f.add("%d: %s has %d parameters", i+1, name, len(params))
	}
	if !exported {
		return
	}
	var comment string
	for j := i - 1; j >= 0 && (strings.HasPrefix(lines[j], "//") || strings.HasPrefix(lines[j], "&")); j-- {
		comment = lines[j] + "\n" + comment
	}
	if comment == "" {
		f.add("%d: %s is exported and has no comment", i+1, name)
	}
	if m[2] == "Функция" && !strings.Contains(comment, "// Возвращаемое значение:") {
		f.add("%d: %s: the comment does not say what it returns", i+1, name)
	}
	for _, p := range params {
		p, _, _ = strings.Cut(p, "=")
		if p = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(p), "Знач ")); p == "" {
			continue
		}
		if !regexp.MustCompile(`(?m)^//  ([^-]*, )?` + p + `(,[^-]*)? - `).MatchString(comment) {
			f.add("%d: %s: the comment does not name the parameter %s", i+1, name, p)
		}
	}
}

// Kinds of common modules by their names (std469).
func TestModuleKinds(t *testing.T) {
	for _, file := range sources(t, ".xml") {
		if strings.Contains(file, "/CommonModules/") {
			var found faults
			checkKind(&found, strings.TrimSuffix(filepath.Base(file), ".xml"), text(t, file))
			for _, f := range found {
				t.Error(f)
			}
		}
	}
}

func checkKind(f *faults, name, body string) {
	on := func(flag string) bool { return strings.Contains(body, "<"+flag+">true</"+flag+">") }
	client := strings.Contains(name, "Клиент")
	if client != on("ClientManagedApplication") || client == on("Server") {
		f.add("%s: client %v, but ClientManagedApplication %v, Server %v", name, client, on("ClientManagedApplication"), on("Server"))
	}
	if strings.Contains(name, "ВызовСервера") != on("ServerCall") || strings.Contains(name, "Глобальный") != on("Global") || on("Privileged") {
		f.add("%s: its flags do not fit its name: %s", name, body)
	}
	pushes := name == "ЗмрРассылка" // УведомленияКлиента is there for servers only
	if on("ServerCall") && on("ExternalConnection") || !client && !on("ServerCall") && (on("ExternalConnection") == pushes || on("ClientOrdinaryApplication") == pushes) {
		f.add("%s: a server module also compiles for external connections and thick clients (std469)", name)
	}
}

// sets are what can be loaded: folders laid over each other, as README.md says.
var sets = map[string][]string{"managed": {"server", "managed"}, "web": {"server", "managed", "web"}, "fanout": {"server", "managed", "fanout"}, "legacy": {"server", "managed", "web", "legacy-8.3.6"}}

// An assembled set holds exactly what its Configuration.xml names, uuids are
// unique, and every XML is well-formed.
func TestAssembledSets(t *testing.T) {
	for name, layers := range sets {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			for _, layer := range layers {
				for _, file := range append(sources(t, ".xml"), sources(t, ".bsl")...) {
					if rest, found := strings.CutPrefix(file, layer+"/"); found {
						files[rest] = file
					}
				}
			}
			folders := map[string]string{"CommonModule": "CommonModules", "CommonForm": "CommonForms", "CommonCommand": "CommonCommands", "InformationRegister": "InformationRegisters",
				"ScheduledJob": "ScheduledJobs", "Role": "Roles", "Language": "Languages", "Subsystem": "Subsystems"}
			named := map[string]bool{}
			for _, m := range regexp.MustCompile(`(?m)^\t\t\t<([A-Za-z]+)>([^<]+)</`).FindAllStringSubmatch(childObjects(text(t, files["Configuration.xml"])), -1) {
				xmlFile := folders[m[1]] + "/" + m[2] + ".xml"
				if files[xmlFile] == "" {
					t.Errorf("Configuration.xml names %s %s, which is not there", m[1], m[2])
				}
				named[xmlFile] = true
				if m[1] == "CommonModule" && files["CommonModules/"+m[2]+"/Ext/Module.bsl"] == "" || m[1] == "CommonForm" && (files["CommonForms/"+m[2]+"/Ext/Form.xml"] == "" || files["CommonForms/"+m[2]+"/Ext/Form/Module.bsl"] == "") {
					t.Errorf("%s %s has no text", m[1], m[2])
				}
				if m[1] == "Role" && files["Roles/"+m[2]+"/Ext/Rights.xml"] == "" || m[1] == "CommonCommand" && files["CommonCommands/"+m[2]+"/Ext/CommandModule.bsl"] == "" {
					t.Errorf("%s %s has nothing inside", m[1], m[2])
				}
				if m[1] != "Language" && !strings.HasPrefix(m[2], "Змр") {
					t.Errorf("%s does not carry the prefix of the extension", m[2])
				}
			}
			uuids := map[string]string{}
			for rest, file := range files {
				if !strings.HasSuffix(rest, ".xml") {
					continue
				}
				body := text(t, file)
				wellFormed(t, file, body)
				for _, m := range regexp.MustCompile(`uuid="([^"]+)"|<xr:(?:TypeId|ValueId|ObjectId)>([^<]+)<`).FindAllStringSubmatch(body, -1) {
					id := m[1] + m[2]
					if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id) || uuids[id] != "" {
						t.Errorf("%s: uuid %s is malformed or also in %s", file, id, uuids[id])
					}
					uuids[id] = file
				}
				if strings.Count(rest, "/") == 1 && !named[rest] && (name == "managed" || rest != "CommonModules/ЗмрКлиентАсинх.xml") {
					t.Errorf("%s is not in Configuration.xml", file)
				}
			}
			for _, m := range regexp.MustCompile(`<xr:Item xsi:type="xr:MDObjectRef">([A-Za-z]+)\.([^<]+)<`).FindAllStringSubmatch(all(t, files, "Subsystems/")+text(t, files["Configuration.xml"]), -1) {
				if !named[folders[m[1]]+"/"+m[2]+".xml"] {
					t.Errorf("%s.%s is not there", m[1], m[2])
				}
			}
			for _, m := range regexp.MustCompile(`<MethodName>CommonModule\.([^.]+)\.([^<]+)</`).FindAllStringSubmatch(all(t, files, "ScheduledJobs/"), -1) {
				if !strings.Contains(text(t, files["CommonModules/"+m[1]+"/Ext/Module.bsl"]), "Процедура "+m[2]+"() Экспорт") {
					t.Errorf("the job's method %s.%s is not there", m[1], m[2])
				}
			}
		})
	}
}

// What forms name in Form.xml exists in their modules.
func TestFormsFitTheirModules(t *testing.T) {
	for _, file := range sources(t, "Form.xml") {
		module := text(t, strings.TrimSuffix(file, ".xml")+"/Module.bsl")
		for _, m := range regexp.MustCompile(`<(?:Action|Event name="[A-Za-z]+")>([^<]+)</`).FindAllStringSubmatch(text(t, file), -1) {
			if !strings.Contains(module, "Процедура "+m[1]+"(") {
				t.Errorf("%s names %s, which its module does not have", file, m[1])
			}
		}
	}
}

func childObjects(body string) string {
	_, rest, _ := strings.Cut(body, "<ChildObjects>")
	return rest
}

func all(t *testing.T, files map[string]string, folder string) string {
	t.Helper()
	var b strings.Builder
	for rest, file := range files {
		if strings.HasPrefix(rest, folder) {
			b.WriteString(text(t, file))
		}
	}
	return b.String()
}

func wellFormed(t *testing.T, file, body string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(body))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s: %v", file, err)
			return
		}
	}
}
