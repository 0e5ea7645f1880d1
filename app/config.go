package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zummer/app/internal/crm"
	"zummer/models/phone"
)

// Secret is a text that never shows itself in logs or in --help.
type Secret string

// LogValue hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// String hides the secret, also from fmt.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// Span is a duration that may also be written in days: 30d.
type Span time.Duration

// UnmarshalText reads 30d or what time.ParseDuration reads.
func (s *Span) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36500 {
			return fmt.Errorf("%q is no number of days", text)
		}
		*s = Span(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	d, err := time.ParseDuration(string(text))
	*s = Span(d)
	return err
}

// Config is everything that can be set, by flag or by environment variable.
// docs/operations.md explains; .env.example lists the same variables (a test
// compares them).
type Config struct {
	Listen      string   `env:"ZUMMER_LISTEN" default:"127.0.0.1:8080" help:"Address for clients, administration and hooks."`
	HooksListen string   `env:"ZUMMER_HOOKS_LISTEN" help:"A second, public address that serves /hooks and /healthz only." placeholder:"HOST:PORT"`
	TLSCert     string   `env:"ZUMMER_TLS_CERT" help:"Certificate chain (PEM) for both addresses." type:"path"`
	TLSKey      string   `env:"ZUMMER_TLS_KEY" help:"Key (PEM) of the certificate." type:"path"`
	TLSDomain   string   `env:"ZUMMER_TLS_DOMAIN" help:"Get a certificate for this domain by ACME (Let's Encrypt); needs port 443."`
	PublicURL   string   `env:"ZUMMER_PUBLIC_URL" help:"What PBXs see, e.g. https://zummer.example; empty: taken from the request."`
	AdminToken  Secret   `env:"ZUMMER_ADMIN_TOKEN" help:"Bearer token with the admin scope, at least 16 characters; else 'zummer admin token' makes one."`
	CORSOrigins []string `env:"ZUMMER_CORS_ORIGINS" help:"Exact origins of browser clients, e.g. https://crm.example."`
	Proxies     []string `env:"ZUMMER_TRUSTED_PROXIES" name:"trusted-proxies" help:"CIDRs whose X-Forwarded-For is believed."`
	QueryToken  bool     `env:"ZUMMER_QUERY_TOKEN" default:"false" help:"Accept ?token= from clients that can send no header."`

	PollInterval time.Duration `env:"ZUMMER_POLL_INTERVAL" default:"5s" help:"Pace told to clients that do not wait."`
	LongPoll     time.Duration `env:"ZUMMER_LONG_POLL" default:"25s" help:"Wait of a POST poll that names none."`
	LongPollMax  time.Duration `env:"ZUMMER_LONG_POLL_MAX" default:"50s" help:"Longest wait; longer ones are shortened to it."`
	MaxWaiting   int           `env:"ZUMMER_MAX_WAITING" default:"100000" help:"Waiting requests held at once; more are answered without waiting."`
	Drain        time.Duration `env:"ZUMMER_DRAIN" default:"20s" help:"Time over which waiting requests are released at shutdown."`

	DeputyAfter time.Duration `env:"ZUMMER_DEPUTY_AFTER" default:"2m" help:"Who has not polled for so long is away: calls that ring, and missed calls that wait, go also to the next one of the group; 0: never."`

	Language     string `env:"ZUMMER_LANGUAGE" default:"ru" enum:"ru,en" help:"Language of the texts of notifications: ru or en."`
	Timezone     string `env:"ZUMMER_TIMEZONE" default:"Europe/Moscow" help:"Zone of PBX times that carry none, and of texts."`
	Region       string `env:"ZUMMER_REGION" default:"RU" help:"Country of numbers that carry none (ISO 3166, two letters)."`
	AreaCode     string `env:"ZUMMER_AREA_CODE" help:"Area code of local numbers such as 123-45-67: 495 for Moscow. Without one they match nobody." placeholder:"DIGITS"`
	LookupURL    Secret `env:"ZUMMER_LOOKUP_URL" help:"Ask the CRM there who calls, where the contacts do not say and a rule has lookup (docs/contacts.md): an http or https address that takes POST; it may hold a name and a password." placeholder:"URL"`
	LookupSecret Secret `env:"ZUMMER_LOOKUP_SECRET" help:"What those questions are signed with (Standard Webhooks): whsec_ and 24 random bytes in base64." placeholder:"SECRET"`

	AdminIdle    time.Duration `env:"ZUMMER_ADMIN_IDLE" default:"8h" help:"An administrator who did nothing on the pages for so long has to sign in again."`
	AdminSession time.Duration `env:"ZUMMER_ADMIN_SESSION" default:"168h" help:"So long after signing in an administrator has to do it again in any case."`

	Retention Span `env:"ZUMMER_RETENTION" default:"30d" help:"How long the journal, the history and the call log are kept."`

	MetricsListen string `env:"ZUMMER_METRICS_LISTEN" help:"Serve /metrics openly there; on the main address it needs the admin scope." placeholder:"HOST:PORT"`
}

// Database is the part that other commands share with serve.
type Database struct {
	Database string `env:"ZUMMER_DATABASE" default:"sqlite:zummer.db" help:"sqlite:PATH or a postgres:// URL."`
	DBPool   int    `env:"ZUMMER_DB_POOL" default:"16" help:"Connections to PostgreSQL."`
}

// Logging says how to log.
type Logging struct {
	Log      string `env:"ZUMMER_LOG" default:"auto" enum:"auto,text,json" help:"text, json, or auto: text on a terminal."`
	LogLevel string `env:"ZUMMER_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
}

// Validate refuses what cannot work, naming the variable.
func (c *Config) Validate() error {
	bad := func(name, format string, args ...any) error {
		return fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...))
	}
	for name, addr := range map[string]string{"ZUMMER_LISTEN": c.Listen, "ZUMMER_HOOKS_LISTEN": c.HooksListen, "ZUMMER_METRICS_LISTEN": c.MetricsListen} {
		if !isAddress(addr) && (addr != "" || name == "ZUMMER_LISTEN") {
			return bad(name, "%q is no address such as 127.0.0.1:8080 or :8080", addr)
		}
	}
	if c.AdminToken != "" && len(c.AdminToken) < 16 {
		return bad("ZUMMER_ADMIN_TOKEN", "must have at least 16 characters")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return bad("ZUMMER_TLS_CERT", "the certificate and the key (ZUMMER_TLS_KEY) go together")
	}
	if c.TLSCert != "" && c.TLSDomain != "" {
		return bad("ZUMMER_TLS_DOMAIN", "either an own certificate or an automatic one")
	}
	for name, d := range map[string]time.Duration{"ZUMMER_POLL_INTERVAL": c.PollInterval, "ZUMMER_LONG_POLL_MAX": c.LongPollMax} {
		if d < time.Second || d > 10*time.Minute {
			return bad(name, "must lie between 1s and 10m")
		}
	}
	if c.LongPoll < 0 || c.LongPoll > c.LongPollMax {
		return bad("ZUMMER_LONG_POLL", "must lie between 0s and ZUMMER_LONG_POLL_MAX (%s)", c.LongPollMax)
	}
	if c.Drain < 0 || c.Drain > 10*time.Minute {
		return bad("ZUMMER_DRAIN", "must lie between 0s and 10m")
	}
	if c.DeputyAfter != 0 && c.DeputyAfter < time.Second || c.DeputyAfter > 24*time.Hour {
		return bad("ZUMMER_DEPUTY_AFTER", "must be 0s, or lie between 1s and 24h")
	}
	for name, d := range map[string]time.Duration{"ZUMMER_ADMIN_IDLE": c.AdminIdle, "ZUMMER_ADMIN_SESSION": c.AdminSession} {
		if d < time.Second || d > 90*24*time.Hour {
			return bad(name, "must lie between 1s and 2160h (90 days)")
		}
	}
	if c.MaxWaiting < 1 {
		return bad("ZUMMER_MAX_WAITING", "must be at least 1")
	}
	if _, err := time.LoadLocation(c.Timezone); err != nil || c.Timezone == "" {
		return bad("ZUMMER_TIMEZONE", "unknown zone %q", c.Timezone)
	}
	if len(c.Region) != 2 || strings.ToUpper(c.Region) != c.Region {
		return bad("ZUMMER_REGION", "must be two capital letters, e.g. RU")
	}
	if c.AreaCode != "" && !phone.ValidArea(c.AreaCode, c.Region) {
		return bad("ZUMMER_AREA_CODE", "%q is no area code of %s; give its digits alone, without 8 or 0 before them, e.g. 495", c.AreaCode, c.Region)
	}
	if name, err := c.checkLookup(); err != nil {
		return bad(name, "%s", err)
	}
	if time.Duration(c.Retention) < 48*time.Hour {
		return bad("ZUMMER_RETENTION", "must be at least 2d: repeats are known for 24 h")
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return bad("ZUMMER_PUBLIC_URL", "must look like https://zummer.example")
		}
	}
	for _, o := range c.CORSOrigins {
		if u, err := url.Parse(o); err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" {
			return bad("ZUMMER_CORS_ORIGINS", "%q is not an origin such as https://crm.example", o)
		}
	}
	_, err := c.proxies()
	return err
}

// checkLookup names the variable that is wrong: both are needed, or neither.
func (c *Config) checkLookup() (name string, err error) {
	if c.LookupURL == "" && c.LookupSecret == "" {
		return "", nil
	}
	if c.LookupURL != "" {
		if _, err := crm.ReadURL(string(c.LookupURL)); err != nil {
			return "ZUMMER_LOOKUP_URL", err
		}
	}
	if _, err := crm.ReadSecret(string(c.LookupSecret)); err != nil {
		return "ZUMMER_LOOKUP_SECRET", err
	}
	if c.LookupURL == "" {
		return "ZUMMER_LOOKUP_URL", errors.New("is needed beside ZUMMER_LOOKUP_SECRET")
	}
	return "", nil
}

// isAddress reports whether a server can be told to listen there; port 0 takes
// a free one.
func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n <= 65535
}

// Validate refuses what cannot work, naming the variable.
func (d *Database) Validate() error {
	if d.DBPool < 1 || d.DBPool > 10_000 {
		return errors.New("ZUMMER_DB_POOL: must lie between 1 and 10000")
	}
	return nil
}

// proxies parses the trusted networks.
func (c *Config) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range c.Proxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("ZUMMER_TRUSTED_PROXIES: %q is not a network such as 10.0.0.0/8", s)
		}
		out = append(out, p)
	}
	return out, nil
}
