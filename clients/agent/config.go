package agent

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Config is the file of one user's agent. It holds a token: nobody else may
// read it.
type Config struct {
	URL      string `json:"url"`                // of the service
	Token    string `json:"token"`              // of scope poll
	CA       string `json:"ca,omitempty"`       // file of certificates (PEM) to trust besides the system's
	App      string `json:"app,omitempty"`      // rows of this infobase and of none; "": all
	Infobase string `json:"infobase,omitempty"` // e1c://server/srv/base, in front of e1cib/data/…; "": url is opened
	// OpenForms lets the agent open what the service asks it to; else it shows only.
	OpenForms bool `json:"open_forms"`
	Notify    bool `json:"notify"` // desktop notifications
	Tray      bool `json:"tray"`   // an icon beside the clock, where there is one
	// Page is what the icon's menu opens; "": the service's own pages.
	Page  string `json:"page,omitempty"`
	Links Links  `json:"links"`
	Relay Relay  `json:"relay"`
	UDP   Output `json:"udp"`
	// Command is run for each new revision, with the row as JSON on its input.
	// It is a program and its arguments; nothing is put into them.
	Command []string `json:"command,omitempty"`
	Stdout  bool     `json:"stdout,omitempty"` // a line of JSON for each new revision
}

// Relay is the loopback HTTP relay.
type Relay struct {
	Enabled bool `json:"enabled"`
	Port    int  `json:"port,omitempty"` // 0: a free one, named in the session's file
	// Secret is what local clients of this user send instead of a token.
	Secret string `json:"secret,omitempty"`
}

// Output is a port of the loopback that is told.
type Output struct {
	Enabled bool `json:"enabled"`
	Port    int  `json:"port,omitempty"` // 0: a free one, named in the session's file
}

// NewConfig is what login makes of an address and a token: it opens links of
// the service's own host only.
func NewConfig(address, token string) (Config, error) {
	c := Config{URL: strings.TrimRight(address, "/"), Token: token, OpenForms: true, Notify: true, Tray: true, Relay: Relay{Secret: rand.Text()}}
	if u, err := url.Parse(c.URL); err == nil && u.Hostname() != "" {
		c.Links.Hosts = []string{u.Hostname()}
	}
	return c, c.check()
}

// check refuses what cannot work, naming the field.
func (c *Config) check() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("url: the address of the service, https://HOST or http://HOST")
	case c.Token == "" || strings.ContainsAny(c.Token, " \t\r\n"):
		return errors.New("token: one word, from the administrator or the CRM")
	case c.Relay.Port < 0 || c.Relay.Port > 65535:
		return errors.New("relay.port: 1 to 65535, or 0 for a free one")
	case c.UDP.Port < 0 || c.UDP.Port > 65535:
		return errors.New("udp.port: 1 to 65535, or 0 for a free one")
	case c.Relay.Enabled && c.Relay.Secret != "" && len(c.Relay.Secret) < 16:
		return errors.New("relay.secret: 16 characters or more")
	case c.Infobase != "" && !strings.HasPrefix(c.Infobase, "e1c://") && !strings.HasPrefix(c.Infobase, "https://") && !strings.HasPrefix(c.Infobase, "http://"):
		return errors.New("infobase: e1c://… or the address of the publication")
	case c.Page != "" && !strings.HasPrefix(c.Page, "https://") && !strings.HasPrefix(c.Page, "http://"):
		return errors.New("page: the address of the CRM, https://…")
	case len(c.Command) > 0 && c.Command[0] == "":
		return errors.New("command: a program and its arguments")
	}
	return nil
}

// ConfigPath is the file of this user; "" for path: the usual place.
func ConfigPath(path string) (string, error) {
	if path != "" {
		return path, nil
	}
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "zummer", "agent.json"), err
}

// Load reads a file that only its owner can read.
func Load(path string) (Config, error) {
	var c Config
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("%s is not there: zummer agent login makes it", path)
	}
	if err != nil {
		return c, err
	}
	if runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0 {
		return c, fmt.Errorf("%s can be read by others and holds a token: chmod 600 %[1]s", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Save writes the file as a whole, for its owner only.
func (c *Config) Save(path string) error { return writePrivate(path, c) }

func writePrivate(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".agent-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Place is what a running agent tells the programs of its desktop session, in
// a file that only its user can read.
type Place struct {
	Relay  string `json:"relay,omitempty"`  // http://127.0.0.1:PORT
	Secret string `json:"secret,omitempty"` // for the relay
	UDP    int    `json:"udp,omitempty"`    // the port to listen on
	PID    int    `json:"pid"`
}

// PlacePath is the file of this desktop session: two sessions of one user have
// two, and two users never share a folder.
func PlacePath() (string, error) {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		var err error
		if dir, err = os.UserCacheDir(); err != nil {
			return "", err
		}
	}
	session := cmp.Or(os.Getenv("XDG_SESSION_ID"), os.Getenv("SESSIONNAME"), os.Getenv("DISPLAY"), "0")
	session = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' {
			return r
		}
		return '_'
	}, session)
	return filepath.Join(dir, "zummer", "agent-"+session+".json"), nil
}
