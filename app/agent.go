package app

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"zummer/clients/agent"
	"zummer/handlers/pbx"
)

type agentCmd struct {
	Run       agentRunCmd       `cmd:"" help:"Work until interrupted."`
	Login     agentLoginCmd     `cmd:"" help:"Try an address and a token, and write the configuration."`
	Check     agentCheckCmd     `cmd:"" help:"Say in words what is wrong between this desktop and the service, and what to do."`
	Autostart agentAutostartCmd `cmd:"" help:"Print how to start the agent with the desktop."`
}

// agentFile is the flag that the commands of the agent share.
type agentFile struct {
	Config string `help:"The configuration; without it agent.json in the folder zummer of the user's settings." type:"path" placeholder:"FILE"`
}

func (f agentFile) load() (agent.Config, error) {
	path, err := agent.ConfigPath(f.Config)
	if err != nil {
		return agent.Config{}, err
	}
	cfg, err := agent.Load(path)
	if err != nil {
		return cfg, errors.New(agent.Words(err, russian()))
	}
	return cfg, nil
}

// russian reports whether the desktop speaks Russian.
func russian() bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return strings.HasPrefix(v, "ru")
		}
	}
	return false
}

// say picks the language of the desktop.
func say(t pbx.Text) string {
	if russian() {
		return t.RU
	}
	return t.EN
}

// agentName is shown in lists of sessions.
func agentName() string {
	return "zummer-agent/" + strings.Fields(version())[0] + " (" + runtime.GOOS + ")"
}

type agentRunCmd struct {
	agentFile `embed:""`
	Logging   `embed:""`
}

// Run works until the context ends.
func (c *agentRunCmd) Run(e *env) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	place, err := agent.PlacePath()
	if err != nil {
		return err
	}
	if agent.LeaveConsole() && cfg.LogFile == "" {
		folder, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		cfg.LogFile = filepath.Join(folder, "zummer", "agent.log")
	}
	to := e.stderr
	if cfg.LogFile != "" {
		f, err := agent.OpenLog(cfg.LogFile)
		if err != nil {
			return fmt.Errorf("log_file: %w", err)
		}
		defer func() { _ = f.Close() }() // each line was written as it came
		to = f
	}
	a := agent.Agent{Config: cfg, Name: agentName(), Russian: russian(), Log: masked(c.logger(to)), Stdout: e.stdout, Place: place}
	err = a.Run(e.ctx)
	switch {
	case err == nil || to == e.stderr || errors.Is(err, agent.ErrRuns): // the log is that of the one that runs
	case e.ctx.Err() != nil:
		a.Log.InfoContext(e.ctx, "the agent ends: it was told to")
	default:
		a.Log.ErrorContext(e.ctx, "the agent ends", "error", err) // there may be no window that shows it
	}
	return err
}

// masked is a logger that leaves only the ends of what may be a phone number.
func masked(l *slog.Logger) *slog.Logger { return slog.New(agent.MaskLog(l.Handler())) }

type agentLoginCmd struct {
	agentFile `embed:""`
	URL       string   `required:"" help:"Address of the service."`
	Token     Secret   `env:"ZUMMER_TOKEN" help:"The user's token (scope poll). Without it the program asks; better than on the command line, where others see it."`
	CA        string   `help:"Certificates (PEM) to trust besides the system's." type:"existingfile"`
	Infobase  string   `help:"The 1C infobase in front of e1cib/data/… links, e.g. e1c://server/srv1c/trade." placeholder:"ADDRESS"`
	Host      []string `help:"Hosts whose links may be opened, besides the service's own." placeholder:"HOST"`
	Relay     bool     `help:"Answer clients of this machine on the loopback."`
	UDP       bool     `name:"udp" help:"Send text messages to a listener of this user on the loopback."`
}

// Run writes the configuration only when the service takes the token.
func (c *agentLoginCmd) Run(e *env) error {
	path, err := agent.ConfigPath(c.Config)
	if err != nil {
		return err
	}
	token := string(c.Token)
	if token == "" {
		if token, err = askToken(e); err != nil {
			return err
		}
	}
	cfg, err := agent.NewConfig(c.URL, strings.TrimSpace(token))
	if err != nil {
		return errors.New(agent.Words(err, russian()))
	}
	if old, err := agent.Load(path); err == nil { // what was set by hand stays
		old.URL, old.Token = cfg.URL, cfg.Token
		old.Links.Hosts = append(old.Links.Hosts, cfg.Links.Hosts...)
		cfg = old
	} else if _, statErr := os.Stat(path); !errors.Is(statErr, fs.ErrNotExist) {
		return errors.New(agent.Words(err, russian())) // it is there and cannot be read: not ours to replace
	}
	if c.CA != "" {
		cfg.CA = c.CA
	}
	if c.Infobase != "" {
		cfg.Infobase = c.Infobase
		if host := agent.HostOf(c.Infobase); host != "" {
			cfg.Links.Hosts = append(cfg.Links.Hosts, host)
		}
	}
	cfg.Links.Hosts = unique(append(cfg.Links.Hosts, c.Host...))
	cfg.Relay.Enabled, cfg.UDP.Enabled = cfg.Relay.Enabled || c.Relay, cfg.UDP.Enabled || c.UDP
	if err := cfg.Check(); err != nil { // what is written shall load
		return errors.New(agent.Words(err, russian()))
	}
	client, err := agent.Client(cfg, agentName())
	if err != nil {
		return err
	}
	me, err := client.Me(e.ctx)
	if err != nil {
		return fmt.Errorf("%s", agent.Explain(err, cfg.URL, russian()))
	}
	if err := cfg.Save(path); err != nil {
		return err
	}
	flag := ""
	if c.Config != "" {
		flag = ` --config "` + path + `"`
	}
	fmt.Fprintf(e.stdout, say(pbx.Text{RU: "вы — %[1]s (%[2]s); настройки в %[3]s\nдальше: zummer agent check%[4]s, затем zummer agent run%[4]s; автозапуск: zummer agent autostart%[4]s\n",
		EN: "you are %[1]s (%[2]s); the configuration is %[3]s\nnext: zummer agent check%[4]s, then zummer agent run%[4]s; at start: zummer agent autostart%[4]s\n"}), me.Name, me.Login, path, flag)
	return nil
}

func unique(list []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// askToken reads a line; a terminal does not show it.
func askToken(e *env) (string, error) {
	fmt.Fprint(e.stderr, say(pbx.Text{RU: "токен: ", EN: "token: "}))
	if f, ok := e.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		text, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(e.stderr)
		return string(text), err
	}
	line, err := bufio.NewReader(e.stdin).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return line, err
}

type agentCheckCmd struct {
	agentFile `embed:""`
}

// Run says what is right and what is wrong; exit code 1 for the latter.
func (c *agentCheckCmd) Run(e *env) error {
	path, err := agent.ConfigPath(c.Config)
	if err != nil {
		return err
	}
	ch := agent.Check{Path: path, Name: agentName(), Russian: russian(), System: runtime.GOOS, Say: func(mark, text string) { fmt.Fprintln(e.stdout, mark, text) }}
	if !ch.Run(e.ctx) {
		return errors.New(say(pbx.Text{RU: "что-то не так; что делать, сказано в строках с ✗", EN: errSick.Error()}))
	}
	return nil
}

// agentAutostartCmd has the flags of run: what it prints carries them. Its path
// may be another system's.
type agentAutostartCmd struct {
	Config  string `help:"The configuration to start with; without it the usual one." placeholder:"FILE"`
	Logging `embed:""`
	System  string `help:"For another system." enum:",linux,darwin,windows" default:""`
}

// Run changes nothing: it prints what to put where.
func (c *agentAutostartCmd) Run(e *env) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	system, config := cmp.Or(c.System, runtime.GOOS), c.Config
	if config != "" && system == runtime.GOOS {
		config = kong.ExpandPath(config)
	}
	var more []string
	if c.Log != "auto" {
		more = append(more, "--log", c.Log)
	}
	if c.LogLevel != "info" {
		more = append(more, "--log-level", c.LogLevel)
	}
	text, err := agent.Autostart(system, program, config, more, russian())
	if err != nil {
		return err
	}
	fmt.Fprint(e.stdout, text)
	if system == runtime.GOOS {
		warnOfConfig(e, config)
	}
	return nil
}

// warnOfConfig says that what starts with the desktop would end at once.
func warnOfConfig(e *env, config string) {
	path, err := agent.ConfigPath(config)
	if err == nil {
		_, err = agent.Load(path)
	}
	if err != nil {
		fmt.Fprintf(e.stderr, say(pbx.Text{RU: "внимание: с этими настройками агент не запустится: %s\n", EN: "warning: with this configuration the agent does not start: %s\n"}), agent.Words(err, russian()))
	}
}
