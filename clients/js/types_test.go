package js_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zummer/clients/js"
)

// types is zummer.d.ts.
func types(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("zummer.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// found is what the first group of pattern matches in text, each once, sorted.
func found(pattern, text string) []string {
	var out []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// members of an interface of the types.
func members(t *testing.T, name string) []string {
	t.Helper()
	_, rest, ok := strings.Cut(types(t), "export interface "+name+" {")
	body, _, _ := strings.Cut(rest, "\n}")
	if !ok {
		t.Fatalf("no interface %s", name)
	}
	return found(`(?m)^  (?:readonly )?(\w+)\??[(:]`, body)
}

// same fails unless the types have exactly what there is.
func same(t *testing.T, what string, types, there []string) {
	t.Helper()
	if !slices.Equal(types, there) {
		t.Errorf("%s: the types have %q, there are %q", what, types, there)
	}
}

// TestTypesTellOfTheModule: every export, option, member and status of the
// module is in the types, and nothing else is.
func TestTypesTellOfTheModule(t *testing.T) {
	module := string(js.Module())
	same(t, "exports", found(`(?m)^export (?:function|class) (\w+)`, types(t)), found(`(?m)^export (?:const|class) (\w+)`, module))

	client := module[strings.Index(module, "class Client"):]
	client, _, _ = strings.Cut(client, "\n}")
	_, defaults, _ := strings.Cut(client, "const o = {")
	defaults, _, _ = strings.Cut(defaults, "...options")
	taken := append(found(`(\w+):`, defaults), found(`this\.o\.(\w+)`, client)...)
	constructor, _, _ := strings.Cut(client[strings.Index(client, "constructor(options)"):], "\n  }")
	taken = append(taken, found(`\b(?:o|options)\.(\w+)`, constructor)...)
	slices.Sort(taken)
	same(t, "options", members(t, "Options"), slices.Compact(taken))

	public := found(`(?m)^  (?:(?:get|async) )?([a-z]\w*)(?: = |\()`, client)
	public = slices.DeleteFunc(append(public, "session"), func(name string) bool { return name == "constructor" || name == "set" })
	slices.Sort(public)
	same(t, "members", members(t, "Client"), public)

	told := []string{"by"}
	for _, m := range regexp.MustCompile(`this\.tell\(\{(.*)\}\)`).FindAllStringSubmatch(module, -1) {
		told = append(told, found(`\b([a-z]\w*): `, m[1])...)
		told = append(told, found(`, ([a-z]\w*),`, m[1])...)
	}
	slices.Sort(told)
	same(t, "status", members(t, "Status"), slices.Compact(told))
}

// TestTypesTellOfTheContract: a row has the fields that handlers/openapi.yaml
// has.
func TestTypesTellOfTheContract(t *testing.T) {
	text, err := os.ReadFile("../../handlers/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for schema, name := range map[string]string{"Notification": "Row", "CallInfo": "Call", "Object": "ZummerObject"} {
		_, body, ok := strings.Cut(string(text), "\n    "+schema+": {")
		if !ok {
			t.Fatalf("no schema %s", schema)
		}
		body, _, _ = strings.Cut(body, "\n    "+found(`\n    (\w+): `, body)[0]+": ")
		if end := regexp.MustCompile(`\n    \w+: `).FindStringIndex(body); end != nil {
			body = body[:end[0]]
		}
		_, body, _ = strings.Cut(body, "properties: {")
		same(t, name, members(t, name), found(`(\w+): \{(?:type|\$ref|nullable)`, strings.ReplaceAll(body, "items: {", "{")))
	}
}

// TestTypesCompile: a program that uses all of them is right, and what it marks
// as wrong is wrong. Where there is no compiler of TypeScript the tests above
// have to do.
func TestTypesCompile(t *testing.T) {
	tsc, err := exec.LookPath("tsc")
	if err != nil {
		t.Skip("tsc is missing")
	}
	folder := t.TempDir()
	for from, to := range map[string]string{"zummer.d.ts": "zummer.d.ts", "testdata/use.ts": "use.ts"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, to), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), tsc, "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom", filepath.Join(folder, "use.ts")).CombinedOutput()
	if err != nil {
		t.Errorf("tsc: %v\n%s", err, out)
	}
}
