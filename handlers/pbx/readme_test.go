package pbx_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"zummer/handlers/pbx"
)

// TestReadmeTable keeps the table of kinds in both READMEs what the code says.
// -update rewrites it.
func TestReadmeTable(t *testing.T) {
	for file, head := range map[string]string{
		"../../README.md":    "PBX | kind | ringing | answered | missed | recording | transfer | lookup | signature | replay protection",
		"../../README.ru.md": "АТС | вид | звонит | ответил | пропущен | запись | перевод | кто звонит | подпись | защита от повтора",
	} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		const begin, end = "<!-- kinds: made from the code by go test ./handlers/pbx -run ReadmeTable -update -->\n", "<!-- /kinds -->"
		before, rest, ok := strings.Cut(string(data), begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("%s has no place for the table", file)
		}
		want := before + begin + kindsTable(head) + end + after
		if want == string(data) {
			continue
		}
		if !*update {
			t.Errorf("%s: the table is not what the code says; run go test ./handlers/pbx -run ReadmeTable -update", file)
			continue
		}
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// kindsTable is ✓ for yes, ◐ for partly and – for no.
func kindsTable(head string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", head, strings.Repeat(" --- |", strings.Count(head, "|")+1))
	sign := map[pbx.Capability]string{pbx.Yes: "✓", pbx.Partly: "◐", pbx.No: "–"}
	for _, a := range pbx.Kinds() {
		i := a.Info()
		c := i.Capabilities
		fmt.Fprintf(&b, "| [%s](%s) | `%s` |", i.Name, i.Docs, i.Kind)
		for _, v := range []pbx.Capability{c.Ringing, c.Answered, c.Missed, c.Recording, c.Transfer, c.Lookup, c.Signed, c.Replay} {
			b.WriteString(" " + sign[v] + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}
