package conformance_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"zummer/clients/conformance"
)

// TestShell: scripts/client.sh keeps the contract too, in format text.
func TestShell(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl")
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
