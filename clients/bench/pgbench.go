package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// pgbenchInserts measures one-row INSERTs a second with PostgreSQL's own tool:
// what the database can do when nobody batches. ok is false without the tool
// or the database.
func pgbenchInserts(ctx context.Context, o options) (rate float64, ok bool) {
	tool := findPgbench()
	if o.postgres == "" || tool == "" {
		return 0, false
	}
	db, err := newDatabase(ctx, o.postgres)
	if err != nil {
		return 0, false
	}
	defer db.drop() //nolint:errcheck // a left-over database harms no figure
	prep := *db
	prep.postgres = db.dsn
	if err := prep.exec(ctx, "CREATE TABLE messages (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint NOT NULL, body text NOT NULL)"); err != nil {
		return 0, false
	}
	script, err := os.CreateTemp("", "zummer-bench-*.sql")
	if err != nil {
		return 0, false
	}
	defer os.Remove(script.Name()) //nolint:errcheck // a left-over file harms no figure
	_, err = script.WriteString("\\set u random(1, 10000)\nINSERT INTO messages (user_id, body) VALUES (:u, repeat('x', 400));\n")
	if err := script.Close(); err != nil {
		return 0, false
	}
	if err != nil {
		return 0, false
	}
	seconds := strconv.Itoa(max(1, int(o.plan.phase.Seconds())))
	out, err := exec.CommandContext(ctx, tool, "-n", "-M", "prepared", "-c", strconv.Itoa(o.plan.conns), "-j", "2", "-T", seconds, "-f", script.Name(), db.dsn).Output() //nolint:gosec // G204: our own arguments
	if err != nil {
		return 0, false
	}
	m := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		return 0, false
	}
	rate, err = strconv.ParseFloat(string(m[1]), 64)
	return rate, err == nil
}

// findPgbench looks in PATH and where Debian keeps it.
func findPgbench() string {
	if p, err := exec.LookPath("pgbench"); err == nil {
		return p
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	slices.Sort(found)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}
