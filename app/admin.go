package app

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"zummer/models"
)

type adminCmd struct {
	Create   adminCreateCmd   `cmd:"" help:"Make an administrator, who signs in at /admin/ with a login and a password."`
	List     adminListCmd     `cmd:"" help:"List the administrators."`
	Password adminPasswordCmd `cmd:"" help:"Give an administrator a new password. It ends all sign-ins of that one."`
	Token    adminTokenCmd    `cmd:"" help:"Make a token with the admin scope for programs and print it once."`
}

// passwordFlags say where a password comes from.
type passwordFlags struct {
	PasswordStdin bool `help:"Read the password from standard input. Without it: asked on a terminal; elsewhere one is made up and printed once."`
}

type adminCreateCmd struct {
	Database      `embed:""`
	passwordFlags `embed:""`
	Login         string `arg:"" help:"Name to sign in with."`
	Role          string `default:"admin" enum:"viewer,operator,admin" help:"viewer looks, operator also handles calls and notifications, admin sets everything up."`
	Name          string `help:"Name that the pages show."`
	Masked        bool   `help:"Show phone numbers without their middle."`
	URL           string `env:"ZUMMER_PUBLIC_URL" hidden:""`
	Listen        string `env:"ZUMMER_LISTEN" default:"127.0.0.1:8080" hidden:""`
}

// Run makes the administrator in the database; a running service lets in whom
// it made at once.
func (c *adminCreateCmd) Run(e *env) error {
	missing := missingFile(c.Database)
	w, err := open(e.ctx, c.Database, Config{Region: "RU", Timezone: "UTC"}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer w.close()
	all, err := w.admins.Admins(e.ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if models.FoldLogin(a.Login) == models.FoldLogin(c.Login) {
			return fmt.Errorf("there is an administrator %s already; a new password: zummer admin password %s", a.Login, a.Login)
		}
	}
	password, made, err := c.read(e)
	if err != nil {
		return err
	}
	active := true
	a, err := w.admins.PutAdmin(e.ctx, models.Actor{Who: "cli"}, c.Login, models.AdminInput{Role: &c.Role, Name: &c.Name, Masked: &c.Masked, Password: &password, Active: &active})
	if err != nil {
		return err
	}
	url := strings.TrimRight(c.URL, "/")
	if url == "" {
		url = "http://" + reachable(c.Listen)
	}
	fmt.Fprintf(e.stdout, "%s may sign in at %s/admin/ (role %s)\n", a.Login, url, a.Role)
	if made {
		fmt.Fprintf(e.stdout, "password: %s\n", password)
	}
	if missing != "" {
		fmt.Fprintf(e.stderr, "zummer: there was no database %s, so it was made now; %s may sign in to a service that serves this file (another one: --database or ZUMMER_DATABASE)\n", missing, a.Login)
	}
	return nil
}

type adminPasswordCmd struct {
	Database      `embed:""`
	passwordFlags `embed:""`
	Login         string `arg:"" help:"Whose password."`
}

// Run sets the password. It is the way back in for whoever forgot it.
func (c *adminPasswordCmd) Run(e *env) error {
	w, err := open(e.ctx, c.Database, Config{Region: "RU", Timezone: "UTC"}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.knows(e.ctx, c.Login); err != nil {
		return err
	}
	password, made, err := c.read(e)
	if err != nil {
		return err
	}
	a, err := w.admins.PutAdmin(e.ctx, models.Actor{Who: "cli"}, c.Login, models.AdminInput{Password: &password})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s has a new password\n", a.Login)
	if made {
		fmt.Fprintf(e.stdout, "password: %s\n", password)
	}
	if !a.Active {
		fmt.Fprintf(e.stderr, "zummer: %s is switched off and cannot sign in; somebody of role admin switches it on at /admin/\n", a.Login)
	}
	return nil
}

// knows reports an error when there is no such administrator.
func (p *parts) knows(ctx context.Context, login string) error {
	all, err := p.admins.Admins(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if models.FoldLogin(a.Login) == models.FoldLogin(login) {
			return nil
		}
	}
	return fmt.Errorf("there is no administrator %q: `zummer admin list` tells who there is, `zummer admin create` makes one", login)
}

type adminListCmd struct {
	Database `embed:""`
}

// Run prints a line for each administrator.
func (c *adminListCmd) Run(e *env) error {
	w, err := open(e.ctx, c.Database, Config{Region: "RU", Timezone: "UTC"}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer w.close()
	all, err := w.admins.Admins(e.ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintln(e.stderr, "zummer: there is no administrator yet; zummer admin create LOGIN makes one")
		return nil
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "LOGIN\tROLE\tSTATE\tLAST SIGN-IN\tNAME")
	for _, a := range all {
		state, last := "active", "never"
		if !a.Active {
			state = "off"
		}
		if a.Masked {
			state += ", masked"
		}
		if !a.SignedInAt.IsZero() {
			last = a.SignedInAt.UTC().Format("2006-01-02 15:04 UTC")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", a.Login, a.Role, state, last, a.Name)
	}
	return t.Flush()
}

// read gets the password: from standard input, from the person at the terminal,
// or a new one; then made is true.
func (f passwordFlags) read(e *env) (password string, made bool, err error) {
	if f.PasswordStdin {
		line, err := bufio.NewReader(io.LimitReader(e.stdin, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", false, fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), false, nil
	}
	in, ok := e.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return newPassword(), true, nil
	}
	ask := func(what string) (string, error) {
		fmt.Fprint(e.stderr, what)
		line, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(e.stderr)
		return string(line), err
	}
	if password, err = ask("Password (nothing: one is made up): "); err != nil {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	if password == "" {
		return newPassword(), true, nil
	}
	again, err := ask("Again: ")
	if err != nil {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	if again != password {
		return "", false, errors.New("the two passwords differ")
	}
	return password, false, nil
}

// newPassword is 80 random bits, easy to read out.
func newPassword() string {
	t := strings.ToLower(rand.Text()[:16])
	return t[:4] + "-" + t[4:8] + "-" + t[8:12] + "-" + t[12:]
}

type adminTokenCmd struct {
	Database `embed:""`
	Name     string `default:"admin" help:"Name of the token, for the list and the audit."`
	TTL      Span   `default:"365d" help:"How long it is valid."`
}

// Run makes the token in the database; a running service sees it within a
// second.
func (c *adminTokenCmd) Run(e *env) error {
	missing := missingFile(c.Database)
	w, err := open(e.ctx, c.Database, Config{Region: "RU", Timezone: "UTC"}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer w.close()
	_, text, err := w.setup.NewToken(e.ctx, models.Actor{Who: "cli"}, 0, models.TokenInput{Name: c.Name, Scopes: []string{models.ScopeAdmin},
		ExpiresAt: time.Now().Add(time.Duration(c.TTL))})
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, text)
	if missing != "" {
		fmt.Fprintf(e.stderr, "zummer: there was no database %s, so it was made now; the token is for a service that serves this file (another one: --database or ZUMMER_DATABASE)\n", missing)
	}
	return nil
}
