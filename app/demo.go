package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"zummer/app/internal/auth"
	"zummer/handlers"
	"zummer/handlers/pbx/simulate"
	"zummer/models"
)

type demoCmd struct {
	Listen   string        `default:"127.0.0.1:8080" help:"Address; port 0 takes a free one."`
	Every    time.Duration `default:"6s" help:"Pause between two calls of the simulated PBX; 0: it places none."`
	Speed    float64       `default:"1" help:"2 makes the calls twice as fast."`
	Language string        `env:"ZUMMER_LANGUAGE" default:"ru" enum:"ru,en" help:"Language of the texts of notifications: ru or en. The names of the sample stay Russian."`
	Logging  `embed:""`
}

// demoSource is the slug of the simulated PBX: another one than the manuals use,
// so that their requests do not replace it.
const demoSource = "demo"

// demoAdmin is who signs in to the administrator's pages of the demonstration.
const demoAdmin = "admin"

func ptr[T any](v T) *T { return &v }

// demoUser is one of the people of the demonstration.
type demoUser struct{ login, name, ext string }

func demoUsers() []demoUser {
	return []demoUser{{"ivanov", "Иванов И.", "101"}, {"petrova", "Петрова А.", "102"}, {"sidorov", "Сидоров В.", "103"}}
}

// demoContacts are clients with no, one and several open interests; a number
// that is none of theirs is an unknown caller.
func demoContacts() []models.ContactInput {
	interest := func(n int, uid string) models.Object {
		return models.Object{Type: "Документ", Name: "Интерес", UID: uid, Title: fmt.Sprintf("Интерес %d", n)}
	}
	client := func(title, uid string) *models.Object {
		return &models.Object{Type: "Справочник", Name: "Контрагенты", UID: uid, Title: title}
	}
	return []models.ContactInput{
		{ExternalID: "demo-1", Phones: []string{"+79031234567"}, Name: "ООО Ромашка", Responsible: "ivanov", Client: client("ООО Ромашка", "0d4f6c52-7f0f-4b6e-9d2a-3a2b6c1d0e01"),
			Interests: []models.Object{interest(17, "51012ccc-397d-11de-b595-00055d80a2b9")}},
		{ExternalID: "demo-2", Phones: []string{"+79161112233"}, Name: "ИП Лютик", Responsible: "petrova", Client: client("ИП Лютик", "0d4f6c52-7f0f-4b6e-9d2a-3a2b6c1d0e02"),
			Interests: []models.Object{interest(21, "51012ccc-397d-11de-b595-00055d80a2c1"), interest(19, "51012ccc-397d-11de-b595-00055d80a2c2")}},
		{ExternalID: "demo-3", Phones: []string{"+78125550101"}, Name: "АО Василёк", Client: client("АО Василёк", "0d4f6c52-7f0f-4b6e-9d2a-3a2b6c1d0e03")},
	}
}

// Run serves on a temporary database until interrupted, while a simulated PBX
// places calls.
func (c *demoCmd) Run(e *env) error {
	folder, err := os.MkdirTemp("", "zummer-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }() // a temporary folder: the system sweeps it too
	if c.Speed <= 0 {
		return errors.New("--speed must be above 0")
	}
	level := c.Logging
	if level.LogLevel == "info" { // the demo's own lines are what one reads
		level.LogLevel = "warn"
	}
	adminText, _ := auth.NewToken()
	demo := &handlers.Demo{}
	cfg := Config{Listen: c.Listen, AdminToken: Secret(adminText), PollInterval: 5 * time.Second, LongPoll: 25 * time.Second, LongPollMax: 50 * time.Second,
		MaxWaiting: 1000, Language: c.Language, Timezone: "Europe/Moscow", Region: "RU", Retention: Span(30 * 24 * time.Hour), AdminIdle: 8 * time.Hour, AdminSession: 168 * time.Hour}
	a, err := New(e.ctx, Options{Config: cfg, Database: Database{Database: "sqlite:" + filepath.Join(folder, "demo.db"), DBPool: 4}, Log: level.logger(e.stderr), Demo: demo})
	if err != nil {
		return err
	}
	hook, err := a.furnish(e.ctx, demo)
	if err != nil {
		a.parts.close()
		return err
	}
	password := newPassword()
	if _, err := a.parts.admins.PutAdmin(e.ctx, models.Actor{Who: "demo"}, demoAdmin, models.AdminInput{Role: ptr(models.RoleAdmin), Masked: ptr(false), Password: &password}); err != nil {
		a.parts.close()
		return err
	}
	base := "http://" + reachable(a.Addr().String())
	introduce(e.stdout, base, password, adminText, demo.Ring)
	g, ctx := errgroup.WithContext(e.ctx)
	g.Go(func() error { return a.Run(ctx) })
	if c.Every > 0 {
		p := player{speed: c.Speed, client: &http.Client{Timeout: 10 * time.Second}}
		g.Go(func() error { return placeCalls(ctx, p, base+hook, c.Every, e.stdout) })
	}
	return g.Wait()
}

// furnish makes the demonstration's users, contacts and source; it returns the
// path of the source's hook.
func (a *App) furnish(ctx context.Context, demo *handlers.Demo) (hook string, err error) {
	s, by := a.parts.setup, models.Actor{Who: "demo"}
	kind, name, group, yes := "generic", "Офис", "sales", true
	var logins []string
	for _, u := range demoUsers() {
		logins = append(logins, u.login)
		made, err := s.PutUser(ctx, by, u.login, models.UserInput{Name: &u.name})
		if err != nil {
			return "", err
		}
		_, token, err := s.NewToken(ctx, by, made.ID, models.TokenInput{Name: "demo page", Scopes: []string{models.ScopePoll}})
		if err != nil {
			return "", err
		}
		demo.Users = append(demo.Users, handlers.DemoUser{Login: u.login, Name: u.name + " · " + u.ext, Token: token, Extension: u.ext})
	}
	if _, err := s.PutGroup(ctx, by, group, logins); err != nil {
		return "", err
	}
	source, err := s.PutSource(ctx, by, demoSource, models.SourceInput{Kind: &kind, Name: &name, Group: &group, Outgoing: &yes})
	if err != nil {
		return "", err
	}
	for _, u := range demoUsers() {
		for _, address := range []string{u.ext, "login:" + u.login} { // one story is about somebody without an extension
			if err := s.MapExtension(ctx, by, demoSource, address, a.directory().UserByLogin(u.login).ID); err != nil {
				return "", err
			}
		}
	}
	crm := &demoCRM{setup: s, by: by, number: 21}
	for _, c := range demoContacts() {
		if err := crm.put(ctx, c); err != nil {
			return "", err
		}
	}
	demo.CRM = crm
	hook = "/hooks/" + demoSource + "/" + source.Token
	demo.Hook = hook
	demo.Ring = fmt.Sprintf(`curl -d 'event=answered&call=my-'$(date +%%s)'&extension=101&direction=in' --data-urlencode 'phone=+79031234567' http://%s%s`, reachable(a.Addr().String()), hook)
	return hook, nil
}

func introduce(w io.Writer, base, password, token, ring string) {
	fmt.Fprintf(w, `
Zummer demo: a temporary database, three people, and a simulated PBX that calls them.
Демонстрация: временная база, три сотрудника и имитация АТС, которая им звонит.

  1. Open · откройте в браузере:   %[1]s/demo
     A sample CRM. Press "Ring me": when the call is answered, the client's form opens by itself.
     Пример CRM. Нажмите «Позвонить мне»: когда трубка снята, форма клиента откроется сама.

  2. Then · потом:                 %[1]s/admin/
     What every user has pending, and why. · Что ждёт у всех, и почему.
     login · логин: %[5]s   password · пароль: %[2]s
     For programs: the API's token · для программ, токен API: %[4]s

  3. Ring 101 with curl, as a PBX does · позвоните на 101 сами, как АТС:
     %[3]s

Ctrl-C ends it and deletes its data · Ctrl-C завершает её и удаляет данные.
The PBX's calls · звонки АТС:

`, base, password, ring, token, demoAdmin)
}

// placeCalls plays the scenarios one after the other, with changing callers,
// until ctx ends.
func placeCalls(ctx context.Context, p player, hook string, every time.Duration, out io.Writer) error {
	phones := []string{"+79031234567", "+79161112233", "+78125550101", "+79265550199"}
	exts := []string{"101", "102", "103"}
	n := 0
	for {
		for _, s := range simulate.Scenarios() {
			if s.Name == simulate.Mixed {
				continue
			}
			turn := append(exts[n%3:len(exts):len(exts)], exts[:n%3]...)
			story, err := simulate.Speak("generic", simulate.Target{Hook: hook}, s, simulate.Params{Extensions: turn, Phone: phones[n%len(phones)], CallID: fmt.Sprintf("demo-%d-%d", time.Now().Unix(), n), Start: time.Now()})
			if err != nil {
				return fmt.Errorf("the simulated PBX: %w", err)
			}
			n++
			fmt.Fprintf(out, "%s  %-9s  %s · %s\n", time.Now().Format("15:04:05"), s.Name, s.Description.EN, s.Description.RU)
			err = p.play(ctx, story, func(string) {})
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				return fmt.Errorf("the simulated PBX: %w", err)
			}
			if !wait(ctx, every) {
				return nil
			}
		}
	}
}

// wait pauses for d; false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
