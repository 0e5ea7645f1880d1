package js_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zummer/clients/js"
)

// need finds a program that the tests of the client cannot do without. Only
// outside of CI they may be left out.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: the JavaScript client cannot be tested", program)
		}
		t.Skipf("%s is missing; `make test` installs it", program)
	}
	return path
}

// TestModuleIsSmall: 6 KB compressed, with its comments.
func TestModuleIsSmall(t *testing.T) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(js.Module()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d compressed", len(js.Module()), b.Len())
	if b.Len() >= 6*1024 {
		t.Errorf("zummer.js has %d bytes compressed, want under 6144", b.Len())
	}
}

// TestModuleStandsAlone: nothing is imported, nothing evaluated, no token gets
// into an address, so that a page with a strict policy can use it.
func TestModuleStandsAlone(t *testing.T) {
	for name, pattern := range map[string]string{
		"an import": `(?m)^\s*import\b|\bimport\(`, "eval": `\beval\(|new Function`, "markup": `innerHTML|document\.write`,
		"a token in an address": `[?&]token=`, "another host": `https?://`,
	} {
		if found := regexp.MustCompile(pattern).Find(js.Module()); found != nil {
			t.Errorf("zummer.js has %s: %s", name, found)
		}
	}
}

// TestUnits runs the tests of what needs no browser.
func TestUnits(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), need(t, "node"), "--test", "test/").CombinedOutput()
	if err != nil {
		t.Errorf("node --test: %v\n%s", err, out)
	}
}

// TestPackage: what npm would publish is the module, its types and nothing
// that was forgotten, and packing says nothing.
func TestPackage(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), need(t, "npm"), "pack", "--dry-run", "--json", "--offline")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("npm pack: %v\n%s", err, &complaints)
	}
	if strings.Contains(strings.ToLower(complaints.String()), "warn") {
		t.Errorf("npm pack complains: %s", &complaints)
	}
	var packs []struct {
		Files []struct{ Path string }
	}
	if err := json.Unmarshal(out, &packs); err != nil || len(packs) != 1 {
		t.Fatalf("npm pack printed %s (%v)", out, err)
	}
	var files []string
	for _, f := range packs[0].Files {
		files = append(files, f.Path)
	}
	slices.Sort(files)
	if want := []string{"LICENSE", "README.md", "package.json", "zummer.d.ts", "zummer.js"}; !slices.Equal(files, want) {
		t.Errorf("the package holds %q, want %q", files, want)
	}
	var about struct{ Dependencies, DevDependencies map[string]string }
	text, err := os.ReadFile("package.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &about); err != nil || len(about.Dependencies)+len(about.DevDependencies) > 0 {
		t.Errorf("package.json: %v, dependencies %v %v", err, about.Dependencies, about.DevDependencies)
	}
}

// TestExamplesParse: the examples of the documents are JavaScript.
func TestExamplesParse(t *testing.T) {
	node := need(t, "node")
	for _, file := range []string{"README.md", "../../docs/clients/js.md", "../../README.md", "../../README.ru.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?s)```js\n(.*?)```").FindAllSubmatch(text, -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no example", file)
		}
		for _, b := range blocks {
			cmd := exec.CommandContext(t.Context(), node, "--check", "--input-type=module", "-")
			cmd.Stdin = bytes.NewReader(b[1])
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", file, err, out)
			}
		}
	}
}
