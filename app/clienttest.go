package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"zummer/clients/conformance"
)

type clientTestCmd struct {
	Listen   string        `default:"127.0.0.1:0" help:"Where to listen for the client." placeholder:"HOST:PORT"`
	Token    Secret        `env:"ZUMMER_CLIENT_TOKEN" help:"The token that the client will send; one is made if there is none."`
	Step     []string      `help:"Only these steps: ${steps}." placeholder:"NAME"`
	Wait     time.Duration `default:"5s" help:"The longest wait of a poll; clients that ask for more are answered then."`
	Patience time.Duration `default:"45s" help:"How long the client may take for what a step waits for."`
	Start    time.Duration `default:"5m" help:"How long its first poll may take."`
	Lossy    bool          `help:"The line to the client is bad on purpose: rules that only a good line can show (pace, Retry-After, patience, versions) are not judged."`
	Origin   []string      `help:"A page whose scripts may ask, for clients in a browser." placeholder:"URL"`
	Lang     string        `enum:"auto,ru,en" default:"auto" help:"Language of the report: auto (that of LANG), ru, en."`
	JSON     bool          `name:"json" help:"Write the report as JSON, at the end."`
}

// errClientBroke is the end of a run that found something; it was told already.
var (
	errClientBroke   = errors.New("the client breaks the contract")
	errClientBrokeRU = errors.New("клиент нарушает договор")
)

// Run plays the script of the conformance kit and says what the client broke.
func (c *clientTestCmd) Run(e *env) error {
	lang := c.Lang
	if lang == "auto" {
		lang = "en"
		if strings.HasPrefix(os.Getenv("LANG"), "ru") {
			lang = "ru"
		}
	}
	told := e.stdout
	if c.JSON {
		told = e.stderr
	}
	opt := conformance.Options{Listen: c.Listen, Token: string(c.Token), Wait: c.Wait, Patience: c.Patience, Start: c.Start, Steps: c.Step, Lossy: c.Lossy, Origins: c.Origin}
	opt.Progress = func(s conformance.Step) {
		if s.Result != conformance.Running {
			s.Write(told, lang)
		}
	}
	kit, err := conformance.New(opt)
	if errors.Is(err, conformance.ErrListen) {
		return fmt.Errorf("%w\n(another address: --listen HOST:PORT)", err)
	}
	if err != nil {
		return err
	}
	defer kit.Close()
	fmt.Fprint(told, clientTestIntro(lang, kit.URL(), kit.Token()))
	report := kit.Run(e.ctx)
	if e.ctx.Err() != nil {
		return errors.New("interrupted: the client was not tried to the end")
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(report); err != nil {
			return err
		}
	} else {
		report.Write(told, lang)
	}
	switch {
	case report.OK():
		return nil
	case lang == "ru":
		return errClientBrokeRU
	}
	return errClientBroke
}

// clientTestIntro says where to point the client.
func clientTestIntro(lang, url, token string) string {
	if lang == "ru" {
		return "Адрес для клиента: " + url + "\nТокен: " + token + "\nПравила и примеры — docs/clients/http.md. Что клиент открыл, можно сообщать: " + url + "/kit/opened?row=ID.REV\nЖду первого опроса.\n"
	}
	return "Point the client at: " + url + "\nToken: " + token + "\nThe rules and examples are in docs/clients/http.md. What it opened may be reported: " + url + "/kit/opened?row=ID.REV\nWaiting for its first poll.\n"
}
