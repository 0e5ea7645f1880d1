package conformance_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
// languages, and keeps the contract but for pages, which it says.
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
	for _, name := range conformance.StepNames() {
		if !strings.Contains(string(doc), "| `"+name+"` |") {
			t.Errorf("docs/clients/http.md does not tell of the step %s", name)
		}
	}
}
