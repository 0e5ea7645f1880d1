package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// report collects the figures of all runs.
type report struct {
	opt     options
	targets []target
	runs    map[string][]figures // by target
	errs    map[string][]error
	inserts []float64 // pgbench, rows a second
	begun   time.Time
}

func newReport(o options, targets []target) *report {
	return &report{opt: o, targets: targets, runs: map[string][]figures{}, errs: map[string][]error{}, begun: time.Now()}
}

func (r *report) add(name string, f figures, err error) {
	if err != nil {
		r.errs[name] = append(r.errs[name], err)
		return
	}
	r.runs[name] = append(r.runs[name], f)
}

func (r *report) addInsert(rate float64, ok bool) {
	if ok {
		r.inserts = append(r.inserts, rate)
	}
}

// failed says which runs have no figures, and whether a message was lost.
func (r *report) failed() error {
	var errs []error
	for _, t := range r.targets {
		errs = append(errs, r.errs[t.name()]...)
		for _, f := range r.runs[t.name()] {
			if f[figLost] > 0 || f[figDoubled] > 0 {
				errs = append(errs, fmt.Errorf("%s: %.0f messages lost, %.0f doubled", t.name(), f[figLost], f[figDoubled]))
			}
		}
	}
	return errors.Join(errs...)
}

// median of a figure over a target's runs; ok is false when no run has it.
func (r *report) median(target, figure string) (float64, bool) {
	var all []float64
	for _, f := range r.runs[target] {
		if v, ok := f[figure]; ok {
			all = append(all, v)
		}
	}
	return median(all)
}

func median(all []float64) (float64, bool) {
	if len(all) == 0 {
		return 0, false
	}
	slices.Sort(all)
	if n := len(all); n%2 == 0 {
		return (all[n/2-1] + all[n/2]) / 2, true
	}
	return all[len(all)/2], true
}

// worst of a figure over a target's runs.
func (r *report) worst(target, figure string) float64 {
	w := 0.0
	for _, f := range r.runs[target] {
		w = max(w, f[figure])
	}
	return w
}

func (r *report) cell(target, figure, format string) string {
	v, ok := r.median(target, figure)
	if !ok {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// markdown is the whole report.
func (r *report) markdown(ctx context.Context) string {
	var b strings.Builder
	p := r.opt.plan
	fmt.Fprintf(&b, "# Figures of %s\n\n", r.begun.Format("2006-01-02"))
	fmt.Fprintf(&b, "- Machine: %s; client, server and database share it. %s\n", machine(), r.database(ctx))
	fmt.Fprintf(&b, "- Commit: %s\n- Command: `%s`\n", commit(ctx), r.command())
	fmt.Fprintf(&b, "- Medians of %d interleaved runs, each on a fresh database; %d waiting clients; an event of about 400 bytes to a random user; 2xx means durable (fsync).\n\n", r.opt.runs, p.waiting)
	fmt.Fprintf(&b, "| target | committed/s, %d connections, nobody waiting | delivered and processed/s, %d waiting | server CPU s per 10,000 | %d/s p50 / p99 ms | %d/s p50 / p99 ms | KB per waiting client | idle transactions/s, %d → %d waiting | lost | doubled | faults |\n",
		p.conns, p.waiting, p.low, p.high, max(1, p.waiting/10), p.waiting)
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, t := range r.targets {
		n := t.name()
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s / %s | %s / %s | %s | %s → %s | %.0f | %.0f | %.0f |\n", n,
			r.cell(n, figCommitted, "%.0f"), r.cell(n, figDelivered, "%.0f"), r.cell(n, figCPU, "%.1f"),
			r.cell(n, figLowP50, "%.1f"), r.cell(n, figLowP99, "%.1f"), r.cell(n, figHighP50, "%.1f"), r.cell(n, figHighP99, "%.1f"),
			r.cell(n, figMemory, "%.1f"), r.cell(n, figIdleFew, "%.1f"), r.cell(n, figIdleAll, "%.1f"),
			r.worst(n, figLost), r.worst(n, figDoubled), r.worst(n, figFaults))
	}
	b.WriteString("\nLost, doubled and faults (refused publishes, failed polls, unsettled acknowledgements) are the worst of the runs. CPU is the server process; with SQLite the database is inside it.\n")
	r.ratios(&b)
	r.each(&b)
	return b.String()
}

// ratios compares Zummer with the floors on the same database.
func (r *report) ratios(b *strings.Builder) {
	insert, haveInsert := median(r.inserts)
	if haveInsert {
		fmt.Fprintf(b, "\npgbench, one-row INSERT a transaction, %d clients: %.0f/s.\n", r.opt.plan.conns, insert)
	}
	var lines []string
	for _, db := range []string{"PostgreSQL", "SQLite"} {
		z := "Zummer, " + db
		for _, floor := range []string{"floor A, " + db, "floor B, " + db} {
			if line := r.ratio(z, floor); line != "" {
				lines = append(lines, line)
			}
		}
		if c, ok := r.median(z, figCommitted); ok && haveInsert && db == "PostgreSQL" {
			lines = append(lines, fmt.Sprintf("| %s to pgbench INSERT | %.2f | – | – | – |", z, c/insert))
		}
	}
	if len(lines) > 0 {
		b.WriteString("\n| ratio | committed/s | delivered and processed/s | p99 at the high rate | CPU |\n| --- | --- | --- | --- | --- |\n")
		b.WriteString(strings.Join(lines, "\n") + "\n")
		b.WriteString("\nAims: at least 0.6 of floor B's rates, p99 at the high rate at most twice floor B's, 22 KB a waiting client, idle transactions that do not grow with the number waiting.\n")
	}
}

func (r *report) ratio(z, floor string) string {
	out := fmt.Sprintf("| %s to %s |", z, floor)
	for _, fig := range []string{figCommitted, figDelivered, figHighP99, figCPU} {
		a, ok1 := r.median(z, fig)
		f, ok2 := r.median(floor, fig)
		if !ok1 || !ok2 || f == 0 {
			return ""
		}
		out += fmt.Sprintf(" %.2f |", a/f)
	}
	return out
}

// each lists the single runs, so that the spread can be seen, and what failed.
func (r *report) each(b *strings.Builder) {
	b.WriteString("\nSingle runs (committed/s, delivered and processed/s, p99 at the high rate):\n\n")
	for _, t := range r.targets {
		var cells []string
		for _, f := range r.runs[t.name()] {
			cells = append(cells, fmt.Sprintf("%.0f, %.0f, %.1f ms", f[figCommitted], f[figDelivered], f[figHighP99]))
		}
		for _, err := range r.errs[t.name()] {
			cells = append(cells, "failed: "+strings.ReplaceAll(err.Error(), "\n", "; "))
		}
		fmt.Fprintf(b, "- %s: %s\n", t.name(), strings.Join(cells, " · "))
	}
}

// command is the command line without addresses.
func (r *report) command() string {
	out := "go run ./clients/bench"
	for i, a := range os.Args[1:] {
		if strings.Contains(a, "://") || i > 0 && os.Args[i] == "-postgres" {
			a = "…"
		}
		out += " " + a
	}
	return out
}

func (r *report) database(ctx context.Context) string {
	if r.opt.postgres == "" {
		return "No PostgreSQL."
	}
	c, err := pgx.Connect(ctx, r.opt.postgres)
	if err != nil {
		return "PostgreSQL did not answer at the end."
	}
	defer c.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing depends on it
	var version, fsync, sync string
	if err := c.QueryRow(ctx, "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')").Scan(&version, &fsync, &sync); err != nil {
		return "PostgreSQL did not answer at the end."
	}
	return fmt.Sprintf("PostgreSQL %s, fsync %s, synchronous_commit %s.", version, fsync, sync)
}

// commit names what was measured.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// write puts the report into folder under the date and the time.
func (r *report) write(folder, text string) (string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // G301: documentation
		return "", err
	}
	path := filepath.Join(folder, r.begun.Format("2006-01-02-1504")+".md")
	return path, os.WriteFile(path, []byte(text), 0o644) //nolint:gosec // G306: documentation
}
