package onec_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The dump is of format 2.10, that of 8.3.17: the oldest platform that takes
// all of it into an extension reads it, and each later Configurator reads the
// formats before its own. What real dumps of later formats have besides is not
// there, nor what only older ones had, nor what ties them to one configuration.
func TestDumpFormat(t *testing.T) {
	for _, file := range sources(t, ".xml") {
		body := text(t, file)
		root, rest, _ := strings.Cut(strings.TrimPrefix(body, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"), ">")
		if !strings.HasSuffix(root, `version="2.10"`) {
			t.Errorf("%s: the root is %s…, want format 2.10", file, root)
		}
		for bad, why := range map[string]string{"PropertyState": "came with a later format", "UseOneCommand": "came with a later format", ">PersonalComputer<": "is a name of before 8.3.15",
			"<ExtendedConfigurationObject>": "is the identifier of an object of one configuration: in another one the extension is refused"} {
			if strings.Contains(rest, bad) {
				t.Errorf("%s: %s %s", file, bad, why)
			}
		}
	}
}

// The properties of what an extension takes over, and the kinds of objects in
// Configuration.xml, stand in the order of the format.
func TestDumpOrder(t *testing.T) {
	inOrder := func(file, body string, names []string, pattern string) {
		t.Helper()
		last := -1
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(body, -1) {
			at := slices.Index(names, m[1])
			if at < 0 || at < last {
				t.Errorf("%s: %s is not where the format has it", file, m[1])
			}
			last = max(last, at)
		}
	}
	for _, file := range []string{"managed/Configuration.xml", "web/Configuration.xml", "fanout/Configuration.xml"} {
		properties, objects, _ := strings.Cut(text(t, file), "<ChildObjects>")
		inOrder(file, properties, []string{"Name", "Synonym", "Comment", "ConfigurationExtensionPurpose", "ObjectBelonging",
			"KeepMappingToExtendedConfigurationObjectsByIDs", "NamePrefix", "ConfigurationExtensionCompatibilityMode",
			"DefaultRunMode", "UsePurposes", "ScriptVariant", "DefaultRoles", "Vendor", "Version", "DefaultLanguage",
			"BriefInformation", "DetailedInformation", "Copyright", "VendorInformationAddress", "ConfigurationInformationAddress"}, `(?m)^\t\t\t<([A-Z][A-Za-z]+)/?>`)
		inOrder(file, objects, []string{"Language", "Subsystem", "Role", "CommonModule", "ScheduledJob", "CommonCommand", "CommonForm", "InformationRegister"}, `(?m)^\t\t\t<([A-Z][A-Za-z]+)/?>`)
		if n := strings.Count(properties, "<xr:ContainedObject>"); n != 7 {
			t.Errorf("%s: %d contained objects, the format has 7", file, n)
		}
	}
	language := text(t, "managed/Languages/Русский.xml")
	inOrder("Русский.xml", language, []string{"Name", "Comment", "ObjectBelonging", "LanguageCode"}, `(?m)^\t\t\t<([A-Z][A-Za-z]+)/?>`)
	if !strings.Contains(language, "<ObjectBelonging>Adopted<") {
		t.Error("the language is not the configuration's own")
	}
	inOrder("Schedule.xml", text(t, "fanout/ScheduledJobs/ЗмрПобудка/Ext/Schedule.xml"), []string{"BeginDate", "EndDate", "BeginTime", "EndTime", "CompletionTime", "CompletionInterval",
		"RepeatPeriodInDay", "RepeatPause", "WeekDayInMonth", "DayInMonth", "WeeksPeriod", "DaysRepeatPeriod"}, `([A-Z][A-Za-z]+)="[0-9]`)
}

// The mode of compatibility of each set that can be loaded as an extension is
// the one that README.md wants of the configuration, is not newer than the
// platform named there, and allows what the set contains.
func TestModes(t *testing.T) {
	mode := func(s string) int {
		m := regexp.MustCompile(`8[._]3[._](\d+)`).FindStringSubmatch(s)
		if m == nil {
			t.Fatalf("%q names no version", s)
		}
		n, _ := strconv.Atoi(m[1])
		return n
	}
	rows := regexp.MustCompile("(?m)^\\| [^|]* \\| `server` \\+ `managed`(?: \\+ `([a-z]+)`)? \\| ([^|]*) \\| ([^|]*) \\|").FindAllStringSubmatch(readme(t), -1)
	if len(rows) != 3 {
		t.Fatalf("README.md tells of %d sets", len(rows))
	}
	for _, row := range rows {
		set := row[1]
		if set == "" {
			set = "managed"
		}
		body := text(t, set+"/Configuration.xml")
		of := func(property string) string {
			_, rest, _ := strings.Cut(body, "<"+property+">")
			value, _, _ := strings.Cut(rest, "<")
			return value
		}
		has := mode(of("ConfigurationExtensionCompatibilityMode"))
		if platform, told := mode(row[2]), mode(row[3]); has != told || has > platform {
			t.Errorf("%s: its mode is 8.3.%d; README.md says a configuration of mode 8.3.%d on the platform 8.3.%d", set, has, told, platform)
		}
		if !strings.HasPrefix(of("Comment"), strings.Split(strings.Fields(row[2])[1], "–")[0]) {
			t.Errorf("%s: the comment says %q, README.md %q", set, of("Comment"), row[2])
		}
		for _, r := range []struct {
			what  string
			since int
			why   string
		}{
			{"<DefaultRoles>", 14, "«Переопределение свойств заимствованных объектов в расширениях недопустимо в режиме совместимости 8.3.13 и ниже»"},
			{"<ScheduledJob>", 17, "«Добавление дочерних объектов этого типа к заимствованным в расширениях недопустимо в режиме совместимости 8.3.16 и ниже»"},
			{"<InformationRegister>", 11, "an extension has no registers of its own before"},
		} {
			if strings.Contains(body, r.what) && has < r.since {
				t.Errorf("%s: %s in the mode 8.3.%d: %s", set, r.what, has, r.why)
			}
		}
	}
}

// The role gives what there is to see, and nothing else; its name ends as the
// standard library wants it of an extension's role that everybody gets. The
// command is in a section of its own: in a configuration with sections a
// command that belongs to none is not shown.
func TestRights(t *testing.T) {
	var visible []string
	for _, file := range sources(t, ".xml") {
		if m := regexp.MustCompile(`^[a-z]+/(CommonForm|CommonCommand|Subsystem)s/([^/]+)\.xml$`).FindStringSubmatch(file); m != nil {
			visible = append(visible, m[1]+"."+m[2])
		}
	}
	const role = "ЗмрОбщиеПрава"
	rights := text(t, "server/Roles/"+role+"/Ext/Rights.xml")
	for _, object := range visible {
		if !strings.Contains(rights, "<name>"+object+"</name>\n\t\t<right>\n\t\t\t<name>View</name>\n\t\t\t<value>true</value>") {
			t.Errorf("%s cannot be seen with the role", object)
		}
	}
	if n := strings.Count(rights, "<object>"); n != len(visible) || strings.Contains(rights, "Register") {
		t.Errorf("the role has %d objects, %d are to be seen", n, len(visible))
	}
	for _, set := range []string{"managed", "web", "fanout"} {
		if !strings.Contains(text(t, set+"/Configuration.xml"), "Role."+role+"</xr:Item>\n\t\t\t</DefaultRoles>") {
			t.Errorf("%s: the role is not the main one", set)
		}
	}
	section := text(t, "server/Subsystems/ЗмрЗвонки.xml")
	for _, want := range []string{"<IncludeInCommandInterface>true<", ">CommonCommand.ЗмрНастройки<"} {
		if !strings.Contains(section, want) {
			t.Errorf("the section has no %s", want)
		}
	}
}

// readme is README.md beside this file, with LF.
func readme(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(raw), "\r\n", "\n")
}
