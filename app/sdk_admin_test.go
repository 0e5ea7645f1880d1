package app_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	zummer "zummer/clients/go"
	"zummer/models/store/storetest"
)

// TestSDKAdmin walks the set-up side through the SDK: what is put is there, what
// is deleted is gone, and refusals say what they are.
func TestSDKAdmin(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn)
		ctx, c := t.Context(), in.SDK(apptest.AdminToken)
		a := c.Admin()
		must := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		refused := func(what string, err error, status int, code string) {
			t.Helper()
			if zummer.StatusOf(err) != status || zummer.CodeOf(err) != code {
				t.Errorf("%s: %v, want %d %s", what, err, status, code)
			}
		}
		equal := func(what string, got, want any) {
			t.Helper()
			g, _ := json.Marshal(got)
			w, _ := json.Marshal(want)
			if string(g) != string(w) {
				t.Errorf("%s: %s, want %s", what, g, w)
			}
		}

		kinds, err := a.SourceKinds(ctx)
		must("kinds", err)
		if !slices.ContainsFunc(kinds, func(k zummer.SourceKind) bool {
			return k.Kind == "generic" && k.Secret != nil && k.Secret.Help["ru"] != ""
		}) {
			t.Errorf("%d kinds, generic is not as it should be", len(kinds))
		}
		off := false
		source, err := a.PutSource(ctx, "office", zummer.SourceInput{Kind: "generic", Name: "Office", Timezone: "Asia/Tomsk", Outgoing: &off})
		must("source", err)
		equal("source", []any{source.Slug, source.Timezone, source.Outgoing, source.Active, source.HasSecret}, []any{"office", "Asia/Tomsk", false, true, false})
		again, err := a.RotateSource(ctx, "office")
		must("rotate", err)
		if again.HookURL == source.HookURL || !again.Rotating {
			t.Errorf("rotated: %+v", again)
		}
		sources, err := a.Sources(ctx)
		must("sources", err)
		equal("sources", len(sources), 1)
		_, err = a.PutSource(ctx, "office", zummer.SourceInput{Kind: "nosuch"})
		if zummer.StatusOf(err) == 0 {
			t.Errorf("a kind that is not there: %v", err)
		}

		for _, login := range []string{"ivanov", "petrova"} {
			_, err = a.PutUser(ctx, login, zummer.UserInput{Name: login, PopOn: "ringing"})
			must("user", err)
		}
		users, err := a.Users(ctx)
		must("users", err)
		equal("users", []any{len(users), users[0].PopOn, users[0].Active}, []any{2, "ringing", true})
		_, err = a.User(ctx, "nobody")
		refused("a user who is not there", err, 404, "not_found")
		_, err = a.PutUser(ctx, "ivanov", zummer.UserInput{PopOn: "sometimes"})
		refused("a word that is not known", err, 422, "invalid")
		if err == nil || !strings.Contains(err.Error(), "pop_on") {
			t.Errorf("the error does not name the field: %v", err)
		}
		_, err = a.PutExtension(ctx, "office", "101", "ivanov")
		must("extension", err)
		shared, err := a.ShareExtension(ctx, "office", "200", "all", "ivanov", "petrova")
		must("shared extension", err)
		equal("shared", []any{shared.Mode, shared.Users}, []any{"all", []string{"ivanov", "petrova"}})
		mine, err := a.Extensions(ctx, "office", "ivanov")
		must("extensions", err)
		equal("extensions of ivanov", len(mine), 2)
		desk, err := a.NewToken(ctx, "petrova", zummer.TokenInput{Name: "desk", Scopes: []string{"poll", "dial"}})
		must("token", err)
		_, err = a.ShareExtension(ctx, "office", "201", "", "ivanov", "petrova")
		must("shared extension", err)
		asked, err := in.SDK(desk.Text).TakeExtension(ctx, "", "201")
		must("take a shared number", err)
		equal("asked for it", asked, false)
		asked, err = in.SDK(desk.Text).TakeExtension(ctx, "office", "777")
		must("take any number", err)
		equal("asked for any", asked, true)
		must("leave all", in.SDK(desk.Text).LeaveExtension(ctx, "", ""))
		_, err = in.SDK(desk.Text).Dial(ctx, "+79031234567", "", "")
		refused("a call that this system cannot place", err, 409, "cannot_dial")
		must("extension", a.DeleteExtension(ctx, "office", "201"))
		must("extension", a.DeleteExtension(ctx, "office", "200"))
		group, err := a.PutGroup(ctx, "sales", "ivanov", "petrova")
		must("group", err)
		equal("group", group, zummer.Group{Name: "sales", Members: []string{"ivanov", "petrova"}})
		groups, err := a.Groups(ctx)
		must("groups", err)
		equal("groups", len(groups), 1)

		soon := time.Now().Add(time.Hour).Truncate(time.Second)
		token, err := a.NewToken(ctx, "ivanov", zummer.TokenInput{Name: "desk", Scopes: []string{"poll"}, ExpiresAt: &soon})
		must("token", err)
		me, err := in.SDK(token.Text).Me(ctx)
		must("me", err)
		equal("me", []any{me.Login, me.PopOn, len(me.Extensions)}, []any{"ivanov", "ringing", 1})
		quiet := true
		if me, err = in.SDK(token.Text).SetMe(ctx, nil, &quiet); err != nil || !me.Quiet {
			t.Errorf("quiet: %+v, %v", me, err)
		}
		tokens, _, err := a.Tokens(ctx, "ivanov", zummer.Page{})
		must("tokens", err)
		equal("tokens", []any{len(tokens), tokens[0].Text, tokens[0].Scopes, tokens[0].ExpiresAt.Equal(soon)}, []any{1, "", []string{"poll"}, true})
		sync, err := a.NewToken(ctx, "", zummer.TokenInput{Name: "crm", Scopes: []string{"sync", "publish", "relay"}})
		must("token of nobody", err)
		must("revoke", a.RevokeToken(ctx, token.ID))
		inTime(t, "the token stops working", func() bool { _, err := in.SDK(token.Text).Me(ctx); return zummer.StatusOf(err) == 401 })

		crm := in.SDK(sync.Text)
		_, err = crm.Admin().Users(ctx)
		refused("without the scope", err, 403, "forbidden")
		report, err := crm.SyncUsers(ctx, []zummer.SyncUser{{ExternalID: "u-3", Login: "sidorov", Name: "Сидоров С.", Extensions: []zummer.Extension{{Source: "office", Number: "103"}}}}, false)
		must("sync", err)
		equal("sync", report, zummer.SyncReport{Created: 1})
		today, err := crm.TokenForToday(ctx, "u-3", time.Hour)
		must("token for today", err)
		if me, err := in.SDK(today.Text).Me(ctx); err != nil || me.ExternalID != "u-3" {
			t.Errorf("me of today's token: %+v, %v", me, err)
		}
		_, err = crm.TokenForToday(ctx, "u-99", 0)
		refused("a user nobody knows", err, 404, "unknown_user")
		relayed := in.SDK(sync.Text)
		relayed.User = "u-3"
		if me, err := relayed.Me(ctx); err != nil || me.Login != "sidorov" {
			t.Errorf("for another user: %+v, %v", me, err)
		}

		stored, err := crm.PutContact(ctx, "c1", zummer.Contact{Phones: []string{"+79031234567"}, Name: "ООО Ромашка", Responsible: "ivanov", Seq: 7})
		must("contact", err)
		equal("stored", stored, true)
		stored, err = crm.PutContact(ctx, "c1", zummer.Contact{Phones: []string{"+79031234567"}, Seq: 6})
		must("an older contact", err)
		equal("an older one is stored", stored, false)
		contacts, err := a.Contacts(ctx, "8 903 123-45-67")
		must("contacts", err)
		equal("contacts", []any{len(contacts), contacts[0].Name, contacts[0].Seq}, []any{1, "ООО Ромашка", 7})
		must("delete a contact", crm.DeleteContact(ctx, "c1"))

		office := zummer.Hook{URL: again.HookURL}
		must("events", office.Send(ctx, zummer.Event{Type: "ringing", Call: "c1", Extension: "101", Phone: "+79031234567"}, zummer.Event{Type: "ringing", Call: "c1", Extension: "999", Phone: "+79031234567"}))
		must("missed", office.Send(ctx, zummer.Event{Type: "ended", Call: "c1", Phone: "+79031234567"}))
		if err := (&zummer.Hook{URL: in.URL + "/hooks/office/wrong"}).Send(ctx, zummer.Event{Type: "ended", Call: "c1"}); zummer.StatusOf(err) != 404 {
			t.Errorf("a wrong address: %v", err)
		}
		unrouted, err := a.Unrouted(ctx, time.Now().Add(-time.Hour))
		must("unrouted", err)
		equal("unrouted", []any{len(unrouted), unrouted[0].Extension}, []any{1, "999"})
		calls, _, err := a.Calls(ctx, "", "office", zummer.Page{Limit: 10})
		must("calls", err)
		equal("calls", []any{len(calls), calls[0].Missed, len(calls[0].Legs)}, []any{1, true, 2})
		own, _, err := in.SDK(desk.Text).Calls(ctx, zummer.Page{})
		must("own calls", err)
		equal("own calls", len(own), 0)
		webhooks, _, err := a.Webhooks(ctx, zummer.WebhookFilter{Source: "office", Outcome: "stored"})
		must("webhooks", err)
		equal("webhooks", len(webhooks), 2)
		webhook, err := a.Webhook(ctx, webhooks[0].ID)
		must("webhook", err)
		if !strings.Contains(webhook.Body, `"ended"`) || len(webhook.Headers) == 0 {
			t.Errorf("webhook %+v", webhook)
		}
		_, err = a.Replay(ctx, webhooks[0].ID)
		must("replay", err)

		all, _, err := a.Notifications(ctx, zummer.NotificationFilter{User: "ivanov", Source: "office"})
		must("notifications", err)
		rows := slices.DeleteFunc(all, func(n zummer.AdminNotification) bool { return n.Kind != "call.missed" }) // beside the ring's closing state
		equal("notifications", []any{len(rows), rows[0].Action, rows[0].Source}, []any{1, "call_back", "office"})
		steps, err := a.Timeline(ctx, rows[0].ID)
		must("timeline", err)
		if len(steps) == 0 || steps[0].Reason == "" && steps[len(steps)-1].Reason == "" {
			t.Errorf("timeline %+v", steps)
		}
		moved, err := a.Reassign(ctx, rows[0].ID, "petrova")
		must("reassign", err)
		equal("whose it is now", moved.User, "petrova")
		_, err = a.Process(ctx, moved.ID)
		must("process", err)
		back, err := a.Requeue(ctx, moved.ID)
		must("requeue", err)
		_, err = a.Expire(ctx, back.ID)
		must("expire", err)
		checkMore(t, in, crm, webhooks[0].ID, calls[0].ID)
		stats, err := a.Stats(ctx)
		must("stats", err)
		equal("stats", []any{stats.MissedToday, stats.Users}, []any{1, 3})
		rules, err := a.Rules(ctx)
		must("rules", err)
		_, err = a.PutRules(ctx, []byte(`{"version":99,"rules":[]}`))
		refused("rules of another version", err, 409, "moved_on")
		var file struct{ Version int }
		if err := json.Unmarshal(rules, &file); err != nil {
			t.Errorf("rules %s: %v", rules, err)
		}
		changes, next, err := a.Audit(ctx, zummer.Page{Limit: 5})
		must("audit", err)
		older, _, err := a.Audit(ctx, zummer.Page{Limit: 5, After: next})
		must("audit, page 2", err)
		if len(changes) != 5 || len(older) != 5 || changes[0].ID == older[0].ID {
			t.Errorf("audit: %d and %d entries", len(changes), len(older))
		}
		seen, err := a.Sessions(ctx, "ivanov")
		must("sessions", err)
		equal("sessions", len(seen), 0)
		must("delete", a.DeleteGroup(ctx, "sales"))
		must("delete", a.DeleteUser(ctx, "petrova"))
		must("delete", a.DeleteSource(ctx, "office"))
		_, err = a.Source(ctx, "office")
		refused("a source that was deleted", err, 404, "not_found")
	})
}

// checkMore is the rest of the set-up side, and the register as a CRM's server
// sees it.
func checkMore(t *testing.T, in *apptest.Instance, crm *zummer.Client, webhook, call string) {
	t.Helper()
	ctx, a := t.Context(), in.SDK(apptest.AdminToken).Admin()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	code := func(what string, err error, want string) {
		t.Helper()
		if zummer.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}

	ring := zummer.Event{Type: "answered", Call: "c-dry", Extension: "101", Phone: "+79031234567", Direction: "in"}
	dry, err := a.DryRun(ctx, zummer.DryRun{Source: "office", Events: []zummer.Event{ring}})
	must("dry run of an event", err)
	if len(dry.Events) != 1 || len(dry.Events[0].Occasions) == 0 || dry.RulesVersion == nil {
		t.Fatalf("dry run %+v", dry)
	}
	told := dry.Events[0].Occasions[0]
	if told.User != "ivanov" || told.Rule == "" || told.Reason == "" || len(told.Verdicts) == 0 || len(told.Notifications) != 1 || told.Notifications[0].Kind != "call.answered" {
		t.Errorf("dry run %+v", told)
	}
	dry, err = a.DryRun(ctx, zummer.DryRun{Source: "office", Events: []zummer.Event{ring}, Rules: []byte(`[{"name":"never","then":{"nothing":"a holiday"}}]`)})
	must("dry run of a draft", err)
	if o := dry.Events[0].Occasions[0]; o.Rule != "never" || o.Result != "nothing" || dry.RulesVersion != nil {
		t.Errorf("dry run of a draft %+v", o)
	}
	dry, err = a.DryRun(ctx, zummer.DryRun{Webhook: webhook})
	must("dry run of a webhook", err)
	if len(dry.Events) == 0 || dry.Source != "office" {
		t.Errorf("dry run of a webhook %+v", dry)
	}
	_, err = a.DryRun(ctx, zummer.DryRun{Webhook: "999999"})
	code("dry run of no webhook", err, "not_found")
	n, err := a.CheckRules(ctx, []byte(`{"rules":[{"name":"never","then":{"nothing":"a holiday"}}]}`))
	must("check rules", err)
	if n != 1 {
		t.Errorf("%d rules were checked", n)
	}
	_, err = a.CheckRules(ctx, []byte(`{"rules":[{"name":"x","then":{"action":"no such"},"when":{"event":["nosuch"]}}]}`))
	code("check bad rules", err, "invalid")
	versions, _, err := a.RulesVersions(ctx, zummer.Page{})
	must("versions of rules", err)
	if len(versions) == 0 || versions[len(versions)-1].Version != 0 {
		t.Errorf("versions %+v", versions)
	}

	_, err = a.Employees(ctx, "office")
	code("people of a system that lists none", err, "cannot_list")
	raw, err := a.RawWebhook(ctx, webhook)
	must("raw webhook", err)
	if !strings.Contains(raw, "POST ") {
		t.Errorf("raw webhook %q", raw)
	}
	refused, err := a.Refused(ctx)
	must("refused", err)
	if len(refused) == 0 || refused[0].Reason != "wrong_token" {
		t.Errorf("refused %+v", refused)
	}
	one, err := a.Call(ctx, call)
	must("a call", err)
	if one.ID != call || len(one.Legs) != 2 {
		t.Errorf("call %+v", one)
	}
	code("a recording that is not there", a.Recording(ctx, call, &strings.Builder{}), "no_recording")
	asks, err := a.ExtensionRequests(ctx)
	must("who asks for a number", err)
	if len(asks) > 0 {
		must("refuse it", a.RefuseExtension(ctx, asks[0].Source, asks[0].Extension))
	}
	ext, err := a.Extension(ctx, "office", "101")
	must("an extension", err)
	group, err := a.Group(ctx, "sales")
	must("a group", err)
	if ext.User != "ivanov" || len(group.Members) != 2 {
		t.Errorf("%+v, %+v", ext, group)
	}
	many, err := crm.PutContacts(ctx, []zummer.Contact{{ExternalID: "m1", Phones: []string{"+79031110001"}, Name: "один"}, {ExternalID: "m2", Phones: []string{"?"}}, {ExternalID: "m3", Phones: []string{"+79031110003"}}}, false)
	must("many contacts", err)
	if many.Lines != 3 || many.Stored+many.Failed != 3 || many.Stored < 2 {
		t.Errorf("many contacts %+v", many)
	}
	changed, next, err := crm.SyncCalls(ctx, 0, zummer.Page{})
	must("calls to synchronise", err)
	if len(changed) == 0 || next == "" {
		t.Errorf("calls %+v, next %q", changed, next)
	}
	changed, again, err := crm.SyncCalls(ctx, 100*time.Millisecond, zummer.Page{After: next})
	must("calls since", err)
	if len(changed) != 0 || again == "" {
		t.Errorf("calls since %+v, next %q", changed, again)
	}

	// All users in one picture.
	all, err := crm.PollAllWhole(ctx, zummer.PollQuery{Session: "srv"})
	must("all users", err)
	for _, login := range []string{"ivanov", "petrova"} {
		_, err := crm.Publish(ctx, zummer.Publication{User: login, Kind: "note", Title: login})
		must("publish", err)
	}
	all, err = crm.PollAllWhole(ctx, zummer.PollQuery{Session: "srv", Version: all.Version, Wait: 5 * time.Second, Limit: 1})
	must("all users", err)
	var acks []zummer.Ack
	whose := map[string]string{}
	for _, row := range all.Rows {
		if row.Kind == "note" && row.Owner != nil {
			whose[row.Owner.Login] = row.Title
			acks = append(acks, zummer.Ack{ID: row.ID, Rev: row.Rev, Outcome: zummer.Dismissed})
		}
	}
	if all.State != zummer.StateSet || len(acks) != 2 || whose["ivanov"] != "ivanov" || whose["petrova"] != "petrova" {
		t.Fatalf("%s, rows of %v", all.State, whose)
	}
	all, err = crm.PollAll(ctx, zummer.PollQuery{Session: "srv", Version: all.Version, Acks: acks})
	must("acks of all users", err)
	if len(all.Acks) != 2 || all.Acks[0].Result != zummer.Processed || all.Acks[1].Result != zummer.Processed {
		t.Errorf("acks %+v", all.Acks)
	}
	if _, err := in.SDK(apptest.AdminToken).PollAll(ctx, zummer.PollQuery{}); zummer.StatusOf(err) == 0 {
		t.Errorf("all users without the scope: %v", err)
	}
}
