package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"zummer/handlers/pbx"
)

type doctorCmd struct {
	URL    string        `default:"http://127.0.0.1:8080" help:"Address of the running instance, as seen from here."`
	Token  Secret        `env:"ZUMMER_ADMIN_TOKEN" help:"Admin token."`
	Source string        `help:"Look at this source only." placeholder:"SLUG"`
	User   string        `help:"Look at this user only." placeholder:"LOGIN"`
	CA     string        `help:"Certificates (PEM) to trust besides the system's." type:"existingfile"`
	Since  time.Duration `default:"24h" help:"How far back refused and failed webhooks count."`
}

// errSick makes the program's exit code 1; what is wrong has been told.
var errSick = errors.New("something is wrong; the lines with ✗ say what to do")

// Run walks the path of a call from outside in and says in a line each what is
// right (✓), worth knowing (·) and wrong (✗, with what to do).
func (c *doctorCmd) Run(e *env) error {
	d := &doctor{cmd: c, out: e.stdout, russian: strings.HasPrefix(os.Getenv("LANG"), "ru"), now: time.Now()}
	d.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: d.roots()}}}
	if err := d.examine(e.ctx); err != nil {
		return err
	}
	if d.sick {
		return errSick
	}
	return nil
}

// doctor is one examination.
type doctor struct {
	cmd     *doctorCmd
	out     io.Writer
	russian bool
	client  *http.Client
	now     time.Time
	sick    bool
}

// say prints a line; mark is ✓, · or ✗.
func (d *doctor) say(mark string, text pbx.Text, args ...any) {
	d.sick = d.sick || mark == wrong
	format := text.EN
	if d.russian {
		format = text.RU
	}
	fmt.Fprintf(d.out, mark+" "+format+"\n", args...)
}

const right, note, wrong = "✓", "·", "✗"

// examine stops early where nothing further in can be seen.
func (d *doctor) examine(ctx context.Context) error {
	if !d.instance(ctx) {
		return nil
	}
	if d.cmd.Token == "" {
		d.say(wrong, pbx.Text{RU: "нет токена администратора: задайте --token или ZUMMER_ADMIN_TOKEN (его печатает «zummer admin token»)",
			EN: "no admin token: give --token or ZUMMER_ADMIN_TOKEN (`zummer admin token` prints one)"})
		return nil
	}
	var sources struct{ Items []doctorSource }
	if err := d.ask(ctx, "/v1/admin/sources", &sources); err != nil {
		d.say(wrong, pbx.Text{RU: "список источников не получен: %s", EN: "the sources cannot be listed: %s"}, err)
		return nil
	}
	seen := false
	for _, s := range sources.Items {
		if d.cmd.Source == "" || s.Slug == d.cmd.Source {
			seen = true
			if err := d.source(ctx, s); err != nil {
				return err
			}
		}
	}
	switch {
	case !seen && d.cmd.Source != "":
		d.say(wrong, pbx.Text{RU: "источника %s нет: создайте его запросом PUT /v1/admin/sources/%[1]s", EN: "there is no source %s: make it with PUT /v1/admin/sources/%[1]s"}, d.cmd.Source)
	case !seen:
		d.say(wrong, pbx.Text{RU: "нет ни одного источника: подключите АТС запросом PUT /v1/admin/sources/ИМЯ", EN: "there is no source yet: connect a PBX with PUT /v1/admin/sources/SLUG"})
	}
	return d.users(ctx)
}

// instance: is it there, and does it work?
func (d *doctor) instance(ctx context.Context) bool {
	status, _, err := d.get(ctx, d.cmd.URL+"/readyz", "")
	switch {
	case err != nil:
		d.say(wrong, pbx.Text{RU: "%s не отвечает (%s): запущена ли служба, верен ли --url?", EN: "%s does not answer (%s): is the service running, is --url right?"}, d.cmd.URL, plainError(err))
		return false
	case status != http.StatusOK:
		d.say(wrong, pbx.Text{RU: "служба отвечает, но не готова (/readyz: %d): база недоступна или служба останавливается, см. её журнал",
			EN: "the service answers but is not ready (/readyz: %d): the database is away or it is stopping; see its log"}, status)
		return false
	}
	d.say(right, pbx.Text{RU: "служба %s готова", EN: "the service at %s is ready"}, d.cmd.URL)
	return true
}

// ask reads from the administrator's interface.
func (d *doctor) ask(ctx context.Context, path string, into any) error {
	status, body, err := d.get(ctx, strings.TrimSuffix(d.cmd.URL, "/")+path, string(d.cmd.Token))
	if err != nil {
		return errors.New(plainError(err))
	}
	if status != http.StatusOK {
		var problem struct{ Detail string }
		_ = json.Unmarshal(body, &problem) // the status alone is an answer too
		return fmt.Errorf("%d %s", status, problem.Detail)
	}
	return json.Unmarshal(body, into)
}

func (d *doctor) get(ctx context.Context, address, token string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := d.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(io.LimitReader(res.Body, 4<<20))
	return res.StatusCode, body, err
}

// plainError leaves out the address, which may hold a hook's token.
func plainError(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}

// roots are the authorities that are trusted; nil: the system's.
func (d *doctor) roots() *x509.CertPool {
	if d.cmd.CA == "" {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if pem, err := os.ReadFile(d.cmd.CA); err == nil {
		pool.AppendCertsFromPEM(pem)
	}
	return pool
}
