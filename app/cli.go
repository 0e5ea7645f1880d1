package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

	"zummer/clients/conformance"
)

// commands is the command line.
type commands struct {
	Serve       serveCmd       `cmd:"" help:"Run the service."`
	Demo        demoCmd        `cmd:"" help:"Run with a temporary database, three users and a simulated PBX that places calls."`
	Simulate    simulateCmd    `cmd:"" help:"Play a PBX to a running instance, or the service to a client that is to be tried."`
	Agent       agentCmd       `cmd:"" help:"The program on a user's desktop: shows who calls, opens the object, answers old clients on the loopback. docs/clients/agent.md explains it."`
	Contacts    contactsCmd    `cmd:"" help:"Contacts of a running instance."`
	Doctor      doctorCmd      `cmd:"" help:"Walk the path of a call from outside in and say what is wrong and what to do."`
	Rules       rulesCmd       `cmd:"" help:"Read, change and try the rules of a running instance, from a file. docs/rules.md explains them, with recipes."`
	Admin       adminCmd       `cmd:"" help:"Administration from the command line."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database's schema up to date and exit."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running instance whether it is ready; exit 0 if so (for containers)."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// env is what a command gets besides its flags.
type env struct {
	ctx    context.Context
	stdout io.Writer
	stderr io.Writer
	stdin  io.Reader
}

// Main runs one command and returns the exit code: 0, 1 for a failure, 2 for a
// wrong command line or setting.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return MainWith(ctx, args, os.Stdin, stdout, stderr)
}

// MainWith is Main with another standard input.
func MainWith(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var cli commands
	code := -1
	parser, err := kong.New(&cli, kong.Name("zummer"), kong.Writers(stdout, stderr), kong.Exit(func(c int) { code = c }), kong.UsageOnError(), kong.Vars{"scenarios": scenarioHelp(), "steps": strings.Join(conformance.StepNames(), ", ")},
		kong.Description("Zummer opens the right form on the right screen when a phone call is answered.\n\n"+
			"Try it: zummer demo\n\nRun it: zummer admin create LOGIN; zummer serve; then http://127.0.0.1:8080/admin/\n\n"+
			"Every flag of serve can be set by an environment variable; docs/operations.md explains them."))
	if err != nil {
		fmt.Fprintln(stderr, "zummer:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if code >= 0 { // --help
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "zummer: %v\n%s\n", err, whereHelp(err))
		return 2
	}
	parsed.Bind(&env{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr})
	if err := parsed.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "zummer:", err)
		return 1
	}
	return 0
}

// logger makes the program's logger.
func (l Logging) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.LogLevel)) // kong has checked the word
	opts := &slog.HandlerOptions{Level: level}
	text := l.Log == "text"
	if f, ok := w.(*os.File); ok && l.Log == "auto" {
		st, err := f.Stat()
		text = err == nil && st.Mode()&os.ModeCharDevice != 0
	}
	if text {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
}

type serveCmd struct {
	Config   `embed:""`
	Database `embed:""`
	Logging  `embed:""`
}

// Run serves until the context ends (SIGTERM), then drains.
func (c *serveCmd) Run(e *env) error {
	log := c.logger(e.stderr)
	a, err := New(e.ctx, Options{Config: c.Config, Database: c.Database, Log: log})
	if err != nil {
		return err
	}
	if admins, err := a.parts.admins.Admins(e.ctx); err == nil && len(admins) == 0 {
		log.WarnContext(e.ctx, "nobody can sign in at /admin/ yet: zummer admin create LOGIN makes an administrator")
	}
	return a.Run(e.ctx)
}

type migrateCmd struct {
	Database `embed:""`
	Logging  `embed:""`
}

// Run migrates and exits. serve does the same at start.
func (c *migrateCmd) Run(e *env) error {
	w, err := open(e.ctx, c.Database, Config{Region: "RU", Timezone: "UTC"}, c.logger(e.stderr))
	if err != nil {
		return err
	}
	w.close()
	fmt.Fprintln(e.stdout, "the schema is up to date")
	return nil
}

type versionCmd struct{}

// Run prints what was built.
func (c *versionCmd) Run(e *env) error {
	fmt.Fprintln(e.stdout, version())
	return nil
}

// version is the module's version and the commit, as the Go tool stamped them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v += " " + s.Value[:12]
		}
	}
	return v + " " + info.GoVersion
}
