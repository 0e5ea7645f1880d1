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
	"zummer/models"
)

type simulateCmd struct {
	Play       playCmd       `cmd:"" default:"withargs" help:"Send a scenario of calls to a running instance, as a PBX would. The word play may be left out."`
	ClientTest clientTestCmd `cmd:"" help:"Try a client: play the service to it, lose answers, restart, and say which rule of the contract it broke."`
}

// Help lists the scenarios, as simulate play --help does.
func (simulateCmd) Help() string { return "Scenarios to play. " + scenarioHelp() }

type playCmd struct {
	Scenario string            `arg:"" help:"${scenarios}"`
	Source   string            `required:"" help:"Slug of the source that shall have sent it." placeholder:"SLUG"`
	URL      string            `default:"http://127.0.0.1:8080" help:"Address of the running instance."`
	Token    Secret            `env:"ZUMMER_ADMIN_TOKEN" help:"Admin token, to ask the instance for the source's address and kind."`
	Hook     string            `help:"The source's address itself (then no token is needed; name the kind too)." placeholder:"URL"`
	Kind     string            `help:"Kind of the source, with --hook." default:"generic"`
	Secret   Secret            `env:"ZUMMER_SIMULATE_SECRET" help:"What the source signs with, if it has a secret."`
	Set      map[string]string `help:"Settings of the source that it does not show, or all with --hook: --set api_key=…" placeholder:"NAME=VALUE"`
	Ext      []string          `help:"Extensions that take part." default:"101,102,103"`
	Phone    string            `help:"The customer's number." default:"+79031234567"`
	DID      string            `help:"The company's number." default:"+74951234567"`
	Speed    float64           `help:"2 is twice as fast." default:"1"`
	Timeout  time.Duration     `help:"For one request." default:"10s"`
}

// Run plays the scenario in real time and says what was sent.
func (c *playCmd) Run(e *env) error {
	s, ok := simulate.Lookup(c.Scenario)
	if !ok {
		return fmt.Errorf("no scenario %q; there are: %s", c.Scenario, scenarioNames())
	}
	if c.Speed <= 0 {
		return errors.New("--speed must be above 0")
	}
	src := simulatedSource{HookURL: c.Hook, Kind: c.Kind, Settings: map[string]any{}}
	if c.Hook == "" {
		var err error
		if src, err = c.ask(e.ctx); err != nil {
			return err
		}
	}
	for name, value := range c.Set {
		src.Settings[name] = value
	}
	to := simulate.Target{Hook: src.HookURL, Secret: string(c.Secret), Settings: src.Settings, Zone: models.ZoneOf(src.Timezone, "Europe/Moscow")}
	story, err := simulate.Speak(src.Kind, to, s, simulate.Params{Extensions: c.Ext, Phone: c.Phone, DID: c.DID, Start: time.Now()})
	if err != nil {
		return err
	}
	if why := simulate.Loses(src.Kind, s.Name); why != "" {
		fmt.Fprintf(e.stdout, "note: %s\n", why)
	}
	p := player{speed: c.Speed, client: &http.Client{Timeout: c.Timeout}}
	return p.play(e.ctx, story, func(line string) { fmt.Fprintln(e.stdout, line) })
}

// simulatedSource is what the administrator's API tells of a source.
type simulatedSource struct {
	HookURL  string         `json:"hook_url"`
	Kind     string         `json:"kind"`
	Timezone string         `json:"timezone"`
	Settings map[string]any `json:"settings"`
	Detail   string         `json:"detail"` // of an error
}

// ask finds a source by the administrator's API.
func (c *playCmd) ask(ctx context.Context) (s simulatedSource, err error) {
	if c.Token == "" {
		return s, errors.New("give --token (or ZUMMER_ADMIN_TOKEN) to ask the instance for the source's address, or the address itself with --hook")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.URL, "/")+"/v1/admin/sources/"+url.PathEscape(c.Source), nil)
	if err != nil {
		return s, err
	}
	req.Header.Set("Authorization", "Bearer "+string(c.Token))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, unreachable(c.URL, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return s, fmt.Errorf("ask for the source: %w", err)
	}
	if res.StatusCode == http.StatusUnauthorized {
		return s, errors.New(whereKeys)
	}
	if err := json.Unmarshal(body, &s); err != nil || res.StatusCode != http.StatusOK {
		return s, fmt.Errorf("ask for source %s: %s %s", c.Source, res.Status, s.Detail)
	}
	if s.Settings == nil {
		s.Settings = map[string]any{}
	}
	return s, nil
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

// player sends a story to a hook as a telephone system would.
type player struct {
	speed  float64
	client *http.Client
}

// play waits and sends, request by request; say is told a line for each.
func (p player) play(ctx context.Context, story []simulate.Message, say func(string)) error {
	for _, m := range story {
		select {
		case <-time.After(time.Duration(float64(m.After) / p.speed)):
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := p.send(ctx, m); err != nil {
			return err
		}
		line := fmt.Sprintf("%s  %-12s", time.Now().Format("15:04:05"), m.Event.Type)
		if m.Event.Extension != "" {
			line += " " + m.Event.Extension
		}
		say(strings.TrimRight(line, " "))
	}
	return nil
}

func (p player) send(ctx context.Context, m simulate.Message) error {
	req, err := m.Request(time.Now())
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
		hint := ""
		switch res.StatusCode {
		case http.StatusUnauthorized:
			hint = "; the secret must be the source's: --secret or ZUMMER_SIMULATE_SECRET"
		case http.StatusForbidden:
			hint = "; the source's allow_ips must let this machine in"
		}
		return fmt.Errorf("the instance answered %s: %s%s", res.Status, strings.TrimSpace(string(answer)), hint)
	}
	return nil
}
