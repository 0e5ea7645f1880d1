package conformance_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"zummer/clients/conformance"
)

// TestShell: scripts/client.sh keeps the contract too, in format text.
func TestShell(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("curl is missing: the shell clients cannot be tried")
		}
		t.Skip("no curl; `make test` installs it")
	}
	open := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(open, []byte("#!/bin/sh\nexec curl -sS \"$ZUMMER/kit/opened?row=$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	report := run(t, quick(), func(ctx context.Context, kit *conformance.Kit) {
		cmd := exec.CommandContext(ctx, "sh", "../../scripts/client.sh")
		cmd.Env = append(os.Environ(), "ZUMMER="+kit.URL(), "TOKEN="+kit.Token(), "OPEN="+open)
		if out, err := cmd.CombinedOutput(); ctx.Err() == nil {
			t.Errorf("the script ended with %v\n%s", err, out)
		}
	})
	passes(t, report)
	if report.Client != "sh/2" || !report.Observed {
		t.Errorf("client %q, observed %t", report.Client, report.Observed)
	}
}

// TestTenLines: the loop of docs/clients/http.md is ten lines, the same in both
// languages, and keeps the contract but for pages, as the page says.
func TestTenLines(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("curl is missing: the shell clients cannot be tried")
		}
		t.Skip("no curl; `make test` installs it")
	}
	doc, err := os.ReadFile("../../docs/clients/http.md")
	if err != nil {
		t.Fatal(err)
	}
	var loops []string
	for _, part := range strings.Split(string(doc), "```sh\n")[1:] {
		if code, _, _ := strings.Cut(part, "```"); strings.HasPrefix(code, "V= A=") {
			loops = append(loops, code)
		}
	}
	if len(loops) != 2 || loops[0] != loops[1] || strings.Count(loops[0], "\n") != 10 {
		t.Fatalf("%d loops, the first has %d lines", len(loops), strings.Count(loops[0], "\n"))
	}
	opt := quick()
	opt.Steps = slices.DeleteFunc(conformance.StepNames(), func(name string) bool { return name == "pages" })
	report := run(t, opt, func(ctx context.Context, kit *conformance.Kit) {
		cmd := exec.CommandContext(ctx, "sh", "-c", loops[0])
		cmd.Env = append(os.Environ(), "ZUMMER="+kit.URL(), "TOKEN="+kit.Token())
		if out, err := cmd.CombinedOutput(); ctx.Err() == nil {
			t.Errorf("the loop ended with %v\n%s", err, out)
		}
	})
	passes(t, report)
}

// TestPage: docs/clients/http.md has every step and every rule of the kit, in
// both languages, and no other; each rule says what is wrong and how to mend it.
func TestPage(t *testing.T) {
	doc, err := os.ReadFile("../../docs/clients/http.md")
	if err != nil {
		t.Fatal(err)
	}
	ru, en, _ := strings.Cut(string(doc), "\n# A client in anything\n")
	named := regexp.MustCompile("`([^`]+)`")
	for lang, page := range map[string]string{"ru": ru, "en": en} {
		var steps, rules []string
		numbers := 0
		for line := range strings.Lines(page) {
			if m := regexp.MustCompile(`^(\d+)\. \*\*`).FindStringSubmatch(line); m != nil {
				if numbers++; m[1] != strconv.Itoa(numbers) {
					t.Errorf("%s: rule %s is the %d. on the page", lang, m[1], numbers)
				}
			}
			cells := strings.Split(line, " | ")
			first := strings.TrimPrefix(cells[0], "| ")
			if m := named.FindStringSubmatch(first); m != nil && len(cells) == 3 {
				steps = append(steps, m[1])
			}
			n, err := strconv.Atoi(first)
			if err != nil {
				continue
			}
			for _, m := range named.FindAllStringSubmatch(cells[1], -1) {
				rules = append(rules, m[1])
				if _, number := conformance.Rule(m[1]); number != n {
					t.Errorf("%s: the page has %s at rule %d, the report at %d", lang, m[1], n, number)
				}
			}
			if n > numbers {
				t.Errorf("%s: the page has no rule %d", lang, n)
			}
		}
		if !slices.Equal(steps, conformance.StepNames()) {
			t.Errorf("%s: steps on the page %q, in the kit %q", lang, steps, conformance.StepNames())
		}
		if slices.Sort(rules); !slices.Equal(rules, conformance.RuleNames()) {
			t.Errorf("%s: rules on the page %q, in the kit %q", lang, rules, conformance.RuleNames())
		}
		for n := 1; n <= numbers; n++ {
			if !strings.Contains(page, "\n| "+strconv.Itoa(n)+" | ") {
				t.Errorf("%s: the page does not say how the kit calls rule %d", lang, n)
			}
		}
	}
	for _, name := range conformance.RuleNames() {
		text, _ := conformance.Rule(name)
		for lang, s := range map[string]string{"ru": text.RU, "en": text.EN} {
			if strings.Count(s+" ", ". ")+strings.Count(s, ": ") < 2 {
				t.Errorf("%s, %s: what to do about it? %s", name, lang, s)
			}
		}
	}
}
