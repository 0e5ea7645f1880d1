package onec_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The dump is of format 2.4, that of 8.3.11: the oldest platform that lets an
// extension have objects of its own reads it, and each later Configurator reads
// the formats before its own. In it an extension has fewer properties, in
// another order, than later ones write: this is how 8.3.11 dumps one.
func TestDumpFormat(t *testing.T) {
	for _, file := range sources(t, ".xml") {
		body := text(t, file)
		root, rest, _ := strings.Cut(strings.TrimPrefix(body, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"), ">")
		if !strings.HasSuffix(root, `version="2.4"`) {
			t.Errorf("%s: the root is %s…, want format 2.4", file, root)
		}
		for _, later := range []string{"KeepMappingToExtendedConfigurationObjectsByIDs", "ExtendedConfigurationObject", "<InternalInfo/>", "PropertyState",
			">PlatformApplication<", "fb282519-d103-4dd3-bc12-cb271d631dfc"} {
			if strings.Contains(rest, later) {
				t.Errorf("%s: %s came with a later format", file, later)
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
		inOrder(file, properties, []string{"Name", "Synonym", "Comment", "ConfigurationExtensionPurpose", "ObjectBelonging", "NamePrefix", "ConfigurationExtensionCompatibilityMode",
			"DefaultRunMode", "UsePurposes", "ScriptVariant", "DefaultRoles", "Vendor", "Version", "DefaultLanguage"}, `(?m)^\t\t\t<([A-Z][A-Za-z]+)>`)
		inOrder(file, objects, []string{"Language", "Role", "CommonModule", "ScheduledJob", "CommonCommand", "CommonForm", "InformationRegister"}, `(?m)^\t\t\t<([A-Z][A-Za-z]+)>`)
		if n := strings.Count(properties, "<xr:ContainedObject>"); n != 6 {
			t.Errorf("%s: %d contained objects, the format has 6", file, n)
		}
	}
	language := text(t, "managed/Languages/Русский.xml")
	inOrder("Русский.xml", language, []string{"Name", "ObjectBelonging", "LanguageCode"}, `(?m)^\t\t\t<([A-Z][A-Za-z]+)>`)
	if !strings.Contains(language, "<ObjectBelonging>Adopted<") {
		t.Error("the language is not the configuration's own")
	}
	inOrder("Schedule.xml", text(t, "fanout/ScheduledJobs/ЗмрПобудка/Ext/Schedule.xml"), []string{"BeginDate", "EndDate", "BeginTime", "EndTime", "CompletionTime", "CompletionInterval",
		"RepeatPeriodInDay", "RepeatPause", "WeekDayInMonth", "DayInMonth", "WeeksPeriod", "DaysRepeatPeriod"}, `([A-Z][A-Za-z]+)="[0-9]`)
}
