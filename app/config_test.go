package app

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// variables collects the env tags of a command's flags.
func variables(t reflect.Type) map[string]string {
	out := map[string]string{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			for k, v := range variables(f.Type) {
				out[k] = v
			}
		}
		if name := f.Tag.Get("env"); name != "" {
			out[name] = f.Tag.Get("default")
		}
	}
	return out
}

// TestEnvExample keeps .env.example equal to the configuration: the same
// variables, the same defaults.
func TestEnvExample(t *testing.T) {
	text, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	want := variables(reflect.TypeFor[serveCmd]())
	got := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^#?\s*(ZUMMER_[A-Z_]+)=(.*)$`).FindAllStringSubmatch(string(text), -1) {
		got[m[1]] = strings.TrimSpace(m[2])
	}
	for name, def := range want {
		v, ok := got[name]
		switch {
		case !ok:
			t.Errorf(".env.example lacks %s", name)
		case def != "" && v != def:
			t.Errorf(".env.example says %s=%s, the default is %s", name, v, def)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf(".env.example names %s, which is no setting", name)
		}
	}
	docs, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		if !regexp.MustCompile(`(?m)^\| .*` + "`" + name + "`").Match(docs) {
			t.Errorf("the settings in docs/operations.md lack %s", name)
		}
	}
}

const lookupSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func validConfig() Config {
	return Config{Listen: "127.0.0.1:0", PollInterval: 5 * time.Second, LongPoll: 25 * time.Second, LongPollMax: 50 * time.Second, MaxWaiting: 10,
		Timezone: "Europe/Moscow", Region: "RU", Retention: Span(30 * 24 * time.Hour), AdminIdle: 8 * time.Hour, AdminSession: 168 * time.Hour}
}

func TestConfigRefuses(t *testing.T) {
	if c := validConfig(); c.Validate() != nil {
		t.Fatalf("the defaults are refused: %v", c.Validate())
	}
	for _, tt := range []struct {
		name   string
		change func(*Config)
	}{
		{"ZUMMER_LISTEN", func(c *Config) { c.Listen = "8080" }},
		{"ZUMMER_LISTEN", func(c *Config) { c.Listen = "" }},
		{"ZUMMER_HOOKS_LISTEN", func(c *Config) { c.HooksListen = "0.0.0.0:99999" }},
		{"ZUMMER_METRICS_LISTEN", func(c *Config) { c.MetricsListen = "localhost:http" }},
		{"ZUMMER_ADMIN_TOKEN", func(c *Config) { c.AdminToken = "short" }},
		{"ZUMMER_TLS_CERT", func(c *Config) { c.TLSCert = "x" }},
		{"ZUMMER_TLS_DOMAIN", func(c *Config) { c.TLSCert, c.TLSKey, c.TLSDomain = "x", "y", "z" }},
		{"ZUMMER_POLL_INTERVAL", func(c *Config) { c.PollInterval = 0 }},
		{"ZUMMER_LONG_POLL_MAX", func(c *Config) { c.LongPollMax = time.Hour }},
		{"ZUMMER_LONG_POLL", func(c *Config) { c.LongPoll = time.Minute }},
		{"ZUMMER_DRAIN", func(c *Config) { c.Drain = -1 }},
		{"ZUMMER_DEPUTY_AFTER", func(c *Config) { c.DeputyAfter = time.Millisecond }},
		{"ZUMMER_DEPUTY_AFTER", func(c *Config) { c.DeputyAfter = -time.Minute }},
		{"ZUMMER_MAX_WAITING", func(c *Config) { c.MaxWaiting = 0 }},
		{"ZUMMER_TIMEZONE", func(c *Config) { c.Timezone = "Moon/Base" }},
		{"ZUMMER_REGION", func(c *Config) { c.Region = "ru" }},
		{"ZUMMER_AREA_CODE", func(c *Config) { c.AreaCode = "8495" }},
		{"ZUMMER_LOOKUP_URL", func(c *Config) { c.LookupSecret = lookupSecret }},
		{"ZUMMER_LOOKUP_URL", func(c *Config) { c.LookupURL, c.LookupSecret = "crm.example/lookup", lookupSecret }},
		{"ZUMMER_LOOKUP_SECRET", func(c *Config) { c.LookupURL = "https://crm.example/lookup" }},
		{"ZUMMER_LOOKUP_SECRET", func(c *Config) { c.LookupURL, c.LookupSecret = "https://crm.example/lookup", "whsec_short" }},
		{"ZUMMER_RETENTION", func(c *Config) { c.Retention = Span(time.Hour) }},
		{"ZUMMER_PUBLIC_URL", func(c *Config) { c.PublicURL = "zummer.example" }},
		{"ZUMMER_CORS_ORIGINS", func(c *Config) { c.CORSOrigins = []string{"https://crm.example/path"} }},
		{"ZUMMER_TRUSTED_PROXIES", func(c *Config) { c.Proxies = []string{"10.0.0.1"} }},
	} {
		c := validConfig()
		tt.change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), tt.name) {
			t.Errorf("%s: Validate() = %v, want an error that names it", tt.name, err)
		}
	}
}

// TestServeRefusesWrongVariables: a wrong value stops the start with exit code
// 2, is named, and nothing is made.
func TestServeRefusesWrongVariables(t *testing.T) {
	for name, value := range map[string]string{
		"ZUMMER_LISTEN": "8080", "ZUMMER_HOOKS_LISTEN": "x", "ZUMMER_METRICS_LISTEN": ":-1", "ZUMMER_TLS_CERT": "cert.pem", "ZUMMER_TLS_KEY": "key.pem",
		"ZUMMER_DB_POOL": "0", "ZUMMER_PUBLIC_URL": "zummer.example", "ZUMMER_ADMIN_TOKEN": "short", "ZUMMER_POLL_INTERVAL": "5", "ZUMMER_LONG_POLL": "1m",
		"ZUMMER_LONG_POLL_MAX": "long", "ZUMMER_MAX_WAITING": "many", "ZUMMER_DRAIN": "-1s", "ZUMMER_TIMEZONE": "Moscow", "ZUMMER_REGION": "RUS", "ZUMMER_AREA_CODE": "+7495", "ZUMMER_LOOKUP_URL": "crm.example", "ZUMMER_LOOKUP_SECRET": "whsec_short",
		"ZUMMER_CORS_ORIGINS": "*", "ZUMMER_TRUSTED_PROXIES": "10.0.0.1", "ZUMMER_QUERY_TOKEN": "perhaps", "ZUMMER_RETENTION": "1d", "ZUMMER_LANGUAGE": "de", "ZUMMER_LOG": "xml", "ZUMMER_LOG_LEVEL": "loud",
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			t.Setenv("ZUMMER_DATABASE", "sqlite:"+folder+"/a.db")
			t.Setenv("ZUMMER_LISTEN", "127.0.0.1:0")
			t.Setenv(name, value)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var out bytes.Buffer
			flag := "--" + strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "ZUMMER_")), "_", "-")
			if code := Main(ctx, []string{"serve"}, &out, &out); code != 2 || !strings.Contains(out.String(), name) && !strings.Contains(out.String(), flag) {
				t.Errorf("%s=%s: exit code %d, want 2 and the variable named:\n%s", name, value, code, out.String())
			}
			if made, err := os.ReadDir(folder); err != nil || len(made) > 0 {
				t.Errorf("%s=%s: %v was made (%v)", name, value, made, err)
			}
		})
	}
}

// TestEmptyVariablesAreNone: what has no default and is set to nothing, as
// compose.yaml does, is not set.
func TestEmptyVariablesAreNone(t *testing.T) {
	for name, def := range variables(reflect.TypeFor[serveCmd]()) {
		if def == "" {
			t.Setenv(name, "")
		}
	}
	t.Setenv("ZUMMER_LISTEN", "127.0.0.1:0")
	t.Setenv("ZUMMER_DATABASE", "sqlite:"+t.TempDir()+"/a.db")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if code := Main(ctx, []string{"serve"}, &out, &out); code != 0 {
		t.Errorf("exit code %d:\n%s", code, out.String())
	}
}

// TestEveryVariableIsAFlag: of the same name, and --help shows both and the
// default.
func TestEveryVariableIsAFlag(t *testing.T) {
	var out bytes.Buffer
	if code := Main(t.Context(), []string{"serve", "--help"}, &out, &out); code != 0 {
		t.Fatalf("serve --help = %d", code)
	}
	help := strings.Join(strings.Fields(out.String()), " ")
	for name, def := range variables(reflect.TypeFor[serveCmd]()) {
		flag := "--" + strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "ZUMMER_")), "_", "-")
		if !strings.Contains(help, " "+flag) || !strings.Contains(help, "($"+name+")") {
			t.Errorf("%s has no flag %s in --help", name, flag)
		}
		if def != "" && def != "false" && !strings.Contains(help, flag+"="+def+" ") && !strings.Contains(help, flag+`="`+def+`" `) {
			t.Errorf("--help does not show the default of %s, %s", flag, def)
		}
	}
}

func TestCommandLine(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("ZUMMER_ADMIN_TOKEN", "0123456789abcdef")
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"status":401,"code":"unauthorized","detail":"no valid token"}`))
	}))
	defer stranger.Close()
	for _, tt := range []struct {
		name string
		args []string
		code int
		out  string // in stdout or stderr
	}{
		{"nothing", nil, 0, "zummer demo"},
		{"help", []string{"--help"}, 0, "simulate"},
		{"help of serve", []string{"serve", "--help"}, 0, "ZUMMER_LONG_POLL"},
		{"help of simulate", []string{"simulate", "--help"}, 0, "transfer"},
		{"unknown command", []string{"fly"}, 2, "unexpected argument fly\nzummer --help tells"},
		{"half a command", []string{"rules"}, 2, "zummer rules --help"},
		{"a command without its flags", []string{"simulate", "direct"}, 2, "zummer simulate play --help"},
		{"help of rules", []string{"rules", "--help"}, 0, "docs/rules.md"},
		{"unknown flag", []string{"serve", "--fly"}, 2, "unknown flag"},
		{"bad value", []string{"serve", "--timezone=Moon", "--database=sqlite:" + folder + "/a.db"}, 2, "ZUMMER_TIMEZONE"},
		{"bad database", []string{"migrate", "--database=mysql://x"}, 1, "sqlite:PATH or a postgres:// URL"},
		{"migrate", []string{"migrate", "--database=sqlite:" + folder + "/b.db"}, 0, "up to date"},
		{"token", []string{"admin", "token", "--database=sqlite:" + folder + "/b.db"}, 0, "zt_"},
		{"token of no service", []string{"admin", "token", "--database=sqlite:" + folder + "/c.db"}, 0, "there was no database " + folder + "/c.db"},
		{"version", []string{"version"}, 0, "go1."},
		{"unknown scenario", []string{"simulate", "party", "--source=x"}, 1, "abandoned"},
		{"nobody there", []string{"healthcheck", "http://127.0.0.1:1"}, 1, "not reachable"},
		{"no rules there", []string{"rules", "get", "--url=http://127.0.0.1:1"}, 1, "http://127.0.0.1:1 does not answer (dial tcp 127.0.0.1:1: connect: connection refused): is the service running, is --url right?"},
		{"no contacts there", []string{"contacts", "import", "config.go", "--url=http://127.0.0.1:1"}, 1, "is --url right?"},
		{"no source there", []string{"simulate", "direct", "--source=office", "--url=http://127.0.0.1:1"}, 1, "is --url right?"},
		{"a token of another service", []string{"rules", "get", "--url=" + stranger.URL}, 1, "no valid token: `zummer admin token`, run with the database of this service, prints one"},
		{"a token of another service, contacts", []string{"contacts", "import", "config.go", "--url=" + stranger.URL}, 1, "run with the database of this service"},
		{"a token of another service, simulate", []string{"simulate", "direct", "--source=office", "--url=" + stranger.URL}, 1, "run with the database of this service"},
	} {
		var out bytes.Buffer
		if code := Main(context.Background(), tt.args, &out, &out); code != tt.code || !strings.Contains(out.String(), tt.out) {
			t.Errorf("%s: zummer %s = %d, want %d and %q in:\n%s", tt.name, strings.Join(tt.args, " "), code, tt.code, tt.out, out.String())
		}
	}
}

func TestSecretsStayHidden(t *testing.T) {
	var out bytes.Buffer
	log := Logging{Log: "json", LogLevel: "info"}.logger(&out)
	log.Info("config", "token", Secret("hunter2hunter2hunter2"))
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("a secret in the log: %s", out.String())
	}
}

func TestSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 720 * time.Hour, "48h": 48 * time.Hour, "0d": 0} {
		var s Span
		if err := s.UnmarshalText([]byte(text)); err != nil || time.Duration(s) != want {
			t.Errorf("%s = %s %v, want %s", text, time.Duration(s), err, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "30 days"} {
		var s Span
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestSecondServeIsRefused(t *testing.T) {
	db := Database{Database: "sqlite:" + t.TempDir() + "/one.db", DBPool: 2}
	first, err := New(t.Context(), Options{Config: validConfig(), Database: db})
	if err != nil {
		t.Fatal(err)
	}
	defer first.parts.close()
	if _, err := New(t.Context(), Options{Config: validConfig(), Database: db}); err == nil || !strings.Contains(err.Error(), "another zummer serves") {
		t.Errorf("a second serve on the file = %v", err)
	}
}
