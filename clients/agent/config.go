package agent

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
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
	// LogFile takes the log; "": standard error, and agent.log in the folder zummer
	// of the user's cache where Windows starts the agent without a window.
	LogFile string `json:"log_file,omitempty"`
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
	// Unchecked tells all of a row to whoever listens: also to another user of
	// the machine, who may have taken the port first.
	Unchecked bool `json:"unchecked,omitempty"`
}

// NewConfig is what login makes of an address and a token: it opens links of
// the service's own host only.
func NewConfig(address, token string) (Config, error) {
	c := Config{URL: strings.TrimRight(address, "/"), Token: token, OpenForms: true, Notify: true, Tray: true, Relay: Relay{Secret: rand.Text()}}
	if u, err := url.Parse(c.URL); err == nil && u.Hostname() != "" {
		if c.Links.Hosts = []string{u.Hostname()}; u.Port() != "" {
			c.Links.Hosts = append(c.Links.Hosts, u.Host)
		}
	}
	return c, c.Check()
}

// ConfigPath is the file of this user; "" for path: the usual place.
func ConfigPath(path string) (string, error) {
	if path != "" {
		return path, nil
	}
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "zummer", "agent.json"), err
}

// Save writes the file as a whole, for its owner only.
func (c *Config) Save(path string) error { return writePrivate(path, c) }

// privateFolder makes the folder of a file.
func privateFolder(path string) error { return os.MkdirAll(filepath.Dir(path), 0o700) }

func writePrivate(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := privateFolder(path); err != nil {
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
