package app

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"zummer/handlers/pbx"
)

// webhooks: has the source sent something, was it let in, was it understood?
func (d *doctor) webhooks(ctx context.Context, s doctorSource) error {
	var refused struct {
		Items []struct {
			At             time.Time
			Source, Reason string
		}
	}
	if err := d.ask(ctx, "/v1/admin/refused", &refused); err != nil {
		return fmt.Errorf("ask for refused webhooks: %w", err)
	}
	for _, reason := range []string{"wrong_token", "wrong_signature", "wrong_address", "too_large", "inactive_source"} {
		n := 0
		for _, r := range refused.Items {
			if r.Source == s.Slug && r.Reason == reason && d.now.Sub(r.At) < d.cmd.Since {
				n++
			}
		}
		if n > 0 {
			d.say(wrong, refusalText(reason), n)
		}
	}
	var journal struct {
		Items []struct {
			ID         string
			ReceivedAt time.Time `json:"received_at"`
			Outcome    string
			Error      *string
		}
	}
	if err := d.ask(ctx, "/v1/admin/webhooks?limit=50&source="+url.QueryEscape(s.Slug), &journal); err != nil {
		return fmt.Errorf("ask for webhooks: %w", err)
	}
	if len(journal.Items) == 0 {
		d.say(wrong, pbx.Text{RU: "источник ещё ничего не прислал: вставьте его адрес в кабинет АТС; проверить без АТС: zummer simulate direct --source %s",
			EN: "the source has not sent anything yet: paste its address into the PBX; to try without one: zummer simulate direct --source %s"}, s.Slug)
		return nil
	}
	last := journal.Items[0]
	d.say(right, pbx.Text{RU: "последний запрос %s", EN: "the last request came %s"}, last.ReceivedAt.Format("2006-01-02 15:04:05 MST"))
	failed := 0
	text := ""
	for _, w := range journal.Items {
		if w.Outcome == "failed" && d.now.Sub(w.ReceivedAt) < d.cmd.Since {
			failed++
			if text == "" && w.Error != nil {
				text = *w.Error
			}
		}
	}
	if failed > 0 {
		d.say(wrong, pbx.Text{RU: "из последних %d запросов не понято %d: «%s»; они хранятся, после исправления повторите их: POST /v1/admin/webhooks/ID/replay",
			EN: "of the last %d requests %d were not understood: %q; they are kept, replay them once it is mended: POST /v1/admin/webhooks/ID/replay"}, len(journal.Items), failed, text)
	}
	return nil
}

func refusalText(reason string) pbx.Text {
	switch reason {
	case "wrong_token":
		return pbx.Text{RU: "запросов с неверным адресом: %d; скопируйте hook_url заново (после rotate старый адрес действует до следующего)",
			EN: "%d requests came to a wrong address: copy hook_url again (after a rotate the old one works until the next)"}
	case "wrong_signature":
		return pbx.Text{RU: "запросов с неверной подписью: %d; секрет в АТС и в Zummer должен совпадать, а ZUMMER_PUBLIC_URL — быть тем адресом, что вписан в АТС",
			EN: "%d requests had a wrong signature: the secret must be the same in the PBX and here, and ZUMMER_PUBLIC_URL must be the address that the PBX has"}
	case "wrong_address":
		return pbx.Text{RU: "запросов с чужих адресов: %d; добавьте адрес АТС в allow_ips, а за прокси задайте ZUMMER_TRUSTED_PROXIES",
			EN: "%d requests came from addresses that are not let in: add the PBX's to allow_ips; behind a proxy set ZUMMER_TRUSTED_PROXIES"}
	case "inactive_source":
		return pbx.Text{RU: "запросов к выключенному источнику: %d", EN: "%d requests came while the source was switched off"}
	}
	return pbx.Text{RU: "слишком больших запросов: %d (предел 1 МиБ)", EN: "%d requests were too large (the limit is 1 MiB)"}
}

// extensions: does every phone that rings belong to somebody?
func (d *doctor) extensions(ctx context.Context, s doctorSource) error {
	var mapped, unrouted struct {
		Items []struct{ Source, Extension string }
	}
	if err := d.ask(ctx, "/v1/admin/extensions?limit=100", &mapped); err != nil {
		return fmt.Errorf("ask for extensions: %w", err)
	}
	if err := d.ask(ctx, "/v1/admin/unrouted", &unrouted); err != nil {
		return fmt.Errorf("ask for unrouted extensions: %w", err)
	}
	for _, u := range unrouted.Items {
		if u.Source == s.Slug {
			d.say(wrong, pbx.Text{RU: "телефон %s звонил, но он ничей: PUT /v1/admin/extensions/%s/%[1]s {\"user\":…} (звонки за 24 ч дойдут)",
				EN: "the phone %s rang and nobody owns it: PUT /v1/admin/extensions/%s/%[1]s {\"user\":…} (calls of the last 24 h will arrive)"}, u.Extension, s.Slug)
		}
	}
	if !slices.ContainsFunc(mapped.Items, func(e struct{ Source, Extension string }) bool { return e.Source == s.Slug }) {
		d.say(wrong, pbx.Text{RU: "у источника нет ни одного внутреннего номера с хозяином: PUT /v1/admin/extensions/%s/НОМЕР {\"user\":…}",
			EN: "no extension of the source has an owner: PUT /v1/admin/extensions/%s/EXTENSION {\"user\":…}"}, s.Slug)
	}
	return nil
}

// users: do their clients poll, and do they take what waits?
func (d *doctor) users(ctx context.Context) error {
	var list struct {
		Items []struct {
			Login      string
			Active     bool
			Extensions []any
		}
	}
	if err := d.ask(ctx, "/v1/admin/users?limit=100", &list); err != nil {
		return fmt.Errorf("ask for users: %w", err)
	}
	seen := false
	for _, u := range list.Items {
		if d.cmd.User == "" && (!u.Active || len(u.Extensions) == 0) || d.cmd.User != "" && u.Login != d.cmd.User {
			continue
		}
		seen = true
		if !u.Active {
			d.say(wrong, pbx.Text{RU: "пользователь %s выключен", EN: "the user %s is switched off"}, u.Login)
		}
		if err := d.user(ctx, u.Login); err != nil {
			return err
		}
	}
	switch {
	case !seen && d.cmd.User != "":
		d.say(wrong, pbx.Text{RU: "пользователя %s нет; завести: PUT /v1/admin/users/%[1]s", EN: "there is no user %s: make it with PUT /v1/admin/users/%[1]s"}, d.cmd.User)
	case !seen:
		d.say(wrong, pbx.Text{RU: "нет ни одного пользователя с телефоном: PUT /v1/admin/users/LOGIN, затем PUT /v1/admin/extensions/SOURCE/EXTENSION {\"user\":…}",
			EN: "no user has a phone yet: PUT /v1/admin/users/LOGIN, then PUT /v1/admin/extensions/SOURCE/EXTENSION {\"user\":…}"})
	}
	return nil
}

func (d *doctor) user(ctx context.Context, login string) error {
	var sessions struct {
		Items []struct {
			LastPoll time.Time `json:"last_poll"`
			Waiting  bool
		}
	}
	if err := d.ask(ctx, "/v1/admin/users/"+url.PathEscape(login)+"/sessions", &sessions); err != nil {
		return fmt.Errorf("ask for sessions: %w", err)
	}
	var pending struct {
		Items []struct {
			CreatedAt time.Time `json:"created_at"`
			Action    string
		}
	}
	if err := d.ask(ctx, "/v1/admin/notifications?limit=100&user="+url.QueryEscape(login), &pending); err != nil {
		return fmt.Errorf("ask for notifications: %w", err)
	}
	switch {
	case len(sessions.Items) == 0:
		d.say(wrong, pbx.Text{RU: "клиент пользователя %s не опрашивал за сутки или с запуска программы: адрес, токен, сертификат на его машине; ждёт строк: %d",
			EN: "no client of %s has polled for a day, or since the service started: address, token, certificate on that machine; %d rows wait"}, login, len(pending.Items))
		return nil
	case d.now.Sub(sessions.Items[0].LastPoll) > 2*time.Minute && !sessions.Items[0].Waiting:
		d.say(note, pbx.Text{RU: "клиент пользователя %s опрашивал последний раз %s", EN: "the client of %s polled last %s"}, login, sessions.Items[0].LastPoll.Format("2006-01-02 15:04:05 MST"))
	default:
		d.say(right, pbx.Text{RU: "клиент пользователя %s опрашивает", EN: "the client of %s polls"}, login)
	}
	stuck := 0
	for _, n := range pending.Items {
		if slices.Contains([]string{"open", "create", "choose", "resolve"}, n.Action) && d.now.Sub(n.CreatedAt) > 5*time.Minute {
			stuck++
		}
	}
	if stuck > 0 {
		d.say(wrong, pbx.Text{RU: "строк, которые открывают форму и больше 5 минут не отмечены: %d; клиент рисует их, но не отвечает ack",
			EN: "%d rows that open a form are not acknowledged for more than 5 minutes: the client shows them and sends no ack"}, stuck)
	}
	return nil
}
