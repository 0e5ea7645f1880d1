package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"zummer/handlers/pbx/simulate"
)

type simulateCmd struct {
	Scenario string        `arg:"" help:"${scenarios}"`
	Source   string        `required:"" help:"Slug of the source that shall have sent it." placeholder:"SLUG"`
	URL      string        `default:"http://127.0.0.1:8080" help:"Address of the running instance."`
	Token    Secret        `env:"ZUMMER_ADMIN_TOKEN" help:"Admin token, to ask the instance for the source's address and kind."`
	Hook     string        `help:"The source's address itself (then no token is needed; name the kind too)." placeholder:"URL"`
	Kind     string        `help:"Kind of the source, with --hook." default:"generic"`
	Secret   Secret        `env:"ZUMMER_SIMULATE_SECRET" help:"What the source signs with, if it has a secret."`
	Ext      []string      `help:"Extensions that take part." default:"101,102,103"`
	Phone    string        `help:"The customer's number." default:"+79031234567"`
	DID      string        `help:"The company's number." default:"+74951234567"`
	Speed    float64       `help:"2 is twice as fast." default:"1"`
	Timeout  time.Duration `help:"For one request." default:"10s"`
}

// Run plays the scenario in real time and says what was sent.
func (c *simulateCmd) Run(e *env) error {
	s, ok := simulate.Lookup(c.Scenario)
	if !ok {
		return fmt.Errorf("no scenario %q; there are: %s", c.Scenario, scenarioNames())
	}
	if c.Speed <= 0 {
		return errors.New("--speed must be above 0")
	}
	hook, kind := c.Hook, c.Kind
	if hook == "" {
		var err error
		if hook, kind, err = c.ask(e.ctx); err != nil {
			return err
		}
	}
	p := player{kind: kind, hook: hook, secret: string(c.Secret), speed: c.Speed, client: &http.Client{Timeout: c.Timeout}}
	return p.play(e.ctx, s.Build(simulate.Params{Extensions: c.Ext, Phone: c.Phone, DID: c.DID, Start: time.Now()}), func(line string) { fmt.Fprintln(e.stdout, line) })
}

// ask finds a source's address by the administrator's API.
func (c *simulateCmd) ask(ctx context.Context) (hook, kind string, err error) {
	if c.Token == "" {
		return "", "", errors.New("give --token (or ZUMMER_ADMIN_TOKEN) to ask the instance for the source's address, or the address itself with --hook")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.URL, "/")+"/v1/admin/sources/"+url.PathEscape(c.Source), nil)
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Authorization", "Bearer "+string(c.Token))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", "", fmt.Errorf("ask for the source: %w", err)
	}
	defer res.Body.Close()
	var source struct {
		HookURL string `json:"hook_url"`
		Kind    string `json:"kind"`
		Detail  string `json:"detail"`
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return "", "", fmt.Errorf("ask for the source: %w", err)
	}
	if err := json.Unmarshal(body, &source); err != nil || res.StatusCode != http.StatusOK {
		return "", "", fmt.Errorf("ask for source %s: %s %s", c.Source, res.Status, source.Detail)
	}
	return source.HookURL, source.Kind, nil
}

// scenarioNames lists the scenarios for --help and errors.
func scenarioNames() string {
	var names []string
	for _, s := range simulate.Scenarios() {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// scenarioHelp is the help of the argument, with what each scenario plays.
func scenarioHelp() string {
	var b strings.Builder
	b.WriteString("One of:")
	english := !strings.HasPrefix(os.Getenv("LANG"), "ru")
	for _, s := range simulate.Scenarios() {
		text := s.Description.RU
		if english {
			text = s.Description.EN
		}
		fmt.Fprintf(&b, " %s (%s);", s.Name, text)
	}
	return strings.TrimSuffix(b.String(), ";") + "."
}

// player sends steps to a hook as a telephone system would.
type player struct {
	kind, hook, secret string
	speed              float64
	client             *http.Client
}

// play waits and sends, step by step; say is told a line for each.
func (p player) play(ctx context.Context, steps []simulate.Step, say func(string)) error {
	for _, step := range steps {
		select {
		case <-time.After(time.Duration(float64(step.After) / p.speed)):
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := p.send(ctx, step); err != nil {
			return err
		}
		for _, e := range step.Events {
			line := fmt.Sprintf("%s  %-12s", time.Now().Format("15:04:05"), e.Type)
			if e.Extension != "" {
				line += " " + e.Extension
			}
			say(strings.TrimRight(line, " "))
		}
	}
	return nil
}

func (p player) send(ctx context.Context, step simulate.Step) error {
	req, err := simulate.Request(p.kind, p.hook, p.secret, step, time.Now())
	if err != nil {
		return err
	}
	res, err := p.client.Do(req.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("send a webhook: %w", err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, 4096)) // only shown
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the instance answered %s: %s", res.Status, strings.TrimSpace(string(answer)))
	}
	return nil
}
