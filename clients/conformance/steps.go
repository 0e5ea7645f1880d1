package conformance

import (
	"context"
	"slices"
	"time"

	"zummer/models"
)

// step is one part of the script.
type step struct {
	name  string
	title Text
	named bool // only for a client that names its session
	run   func(*play)
}

// steps is the script, in order.
func steps() []step {
	return []step{
		{"hello", Text{"Первый опрос; строка, которую надо открыть", "The first poll; a row to open"}, false, hello},
		{"unchanged", Text{"Ничего нового: картина остаётся", "Nothing new: the picture stays"}, false, unchanged},
		{"lost-answer", Text{"Подтверждение принято, а ответ потерян", "The ack was taken, and the answer lost"}, false, lostAnswer},
		{"lost-ack", Text{"Запрос с подтверждением потерян дважды; строка приходит снова", "The request with the ack was lost twice; the row comes again"}, false, lostAck},
		{"broken-answer", Text{"Ответ обрывается посередине", "An answer breaks off in the middle"}, false, brokenAnswer},
		{"not-zummer", Text{"Отвечает кто-то другой: страница входа в сеть", "Somebody else answers: a log-in page of the network"}, false, notZummer},
		{"401", Text{"Один ответ 401 посреди работы", "One answer 401 in the middle"}, false, unauthorized},
		{"503", Text{"503, потом 429, оба с Retry-After", "503, then 429, both with Retry-After"}, false, unavailable},
		{"409", Text{"409 session_conflict с Retry-After", "409 session_conflict with Retry-After"}, true, conflict},
		{"restart", Text{"Перезапуск: соединения нет, потом новая эпоха", "A restart: no connection, then a new epoch"}, false, restart},
		{"superseded", Text{"Другой запрос того же сеанса", "Another request of the same session"}, true, superseded},
		{"pace", Text{"Набор и пауза до следующего опроса", "A set, and a pause before the next poll"}, false, pacing},
		{"drain", Text{"Остановка: ответ с паузой, соединение закрыто", "Draining: an answer with a pause, the connection is closed"}, false, drain},
		{"stale", Text{"Пока открывали, вышла новая ревизия", "A new revision came while the old one was opened"}, false, stale},
		{"pages", Text{"Страницы, и версия меняется между ними", "Pages, and the version moves between them"}, false, pages},
		{"foreign", Text{"Строка другого сеанса; потом она переходит к вам", "A row of another session, which then passes to you"}, false, foreign},
		{"claimed", Text{"Строку забрал другой сеанс", "Another session took the row"}, true, claimed},
		{"given-later", Text{"Строка сначала ничья, потом ваша", "A row is nobody's first, then yours"}, true, givenLater},
		{"novelty", Text{"Незнакомые состояние, действие и поля", "An unknown state, action and fields"}, false, novelty},
		{"bare", Text{"Строки без звонка, клиента и номера", "Rows without a call, a client and a number"}, false, bare},
		{"closing", Text{"Звонок звонит, закрывается и уходит", "A call rings, closes and leaves"}, false, closing},
		{"slow", Text{"Ответ приходит позже, чем просили", "The answer comes later than asked"}, false, slow},
	}
}

// StepNames are the names of all steps, in order.
func StepNames() []string {
	var out []string
	for _, s := range steps() {
		out = append(out, s.name)
	}
	return out
}

func known(name string) bool { return slices.Contains(StepNames(), name) }

// play is a step under way.
type play struct {
	k    *Kit
	ctx  context.Context
	gone bool // the client does not come any more
}

// Run plays the script against whoever polls, and tells what it found. It ends
// early when ctx ends, or when the client does not come any more.
func (k *Kit) Run(ctx context.Context) Report {
	var report Report
	p := &play{k: k, ctx: ctx}
	first := slices.IndexFunc(steps(), k.plays)
	k.mu.Lock()
	k.step = steps()[first].name // also of what it does with its first poll
	k.mu.Unlock()
	if !k.until(ctx, k.opt.Start, func() bool { return k.who.polls > 0 }) && ctx.Err() == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.step = ""
		k.breach("absent", "")
		return Report{Violations: k.violations}
	}
	for _, s := range steps() {
		if k.plays(s) {
			report.Steps = append(report.Steps, k.play(p, s))
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.who.polls > 0 {
		if k.who.name == "" {
			k.note("anonymous")
		}
		if k.who.session == "" {
			k.note("unnamed")
		}
	}
	for _, name := range []string{"unnamed", "anonymous"} {
		if k.notes[name] {
			report.Notes = append(report.Notes, notes[name])
		}
	}
	report.Client, report.Polls, report.Observed, report.Violations = k.who.name, k.who.polls, k.who.observed, k.violations
	return report
}

// plays reports whether a step was asked for.
func (k *Kit) plays(s step) bool {
	return len(k.opt.Steps) == 0 || slices.Contains(k.opt.Steps, s.name)
}

// play runs one step.
func (k *Kit) play(p *play, s step) Step {
	out := Step{Name: s.name, Title: s.title, Result: Running}
	k.mu.Lock()
	k.step, k.who.mark = s.name, time.Now()
	unnamed := k.who.session == ""
	k.mu.Unlock()
	k.progress(out)
	switch {
	case p.gone || p.ctx.Err() != nil:
		out.Result, out.Why = Skipped, &Text{"клиента нет", "the client is gone"}
	case s.named && unnamed:
		out.Result, out.Why = Skipped, &Text{"у клиента нет имени", "the client has no name"}
	default:
		s.run(p)
		p.end()
		out.Result = Passed
	}
	k.mu.Lock()
	for _, v := range k.violations {
		if v.Step == s.name {
			out.Violations, out.Result = append(out.Violations, v), Broken
		}
	}
	k.mu.Unlock()
	k.progress(out)
	return out
}

func (k *Kit) progress(s Step) {
	if k.opt.Progress != nil {
		k.opt.Progress(s)
	}
}

// end lets the client come to rest: no fault is left, its rows are gone, and it
// has an answer that says so.
func (p *play) end() {
	k := p.k
	k.mu.Lock()
	k.faults, k.novelty, k.reg.limit, k.reg.claimed = nil, false, 0, false
	k.reg.rows = nil
	k.reg.version++
	k.tell()
	k.mu.Unlock()
	if p.gone {
		return
	}
	p.must("gone", func() bool { return k.who.has(k.reg.text()) })
	p.pictureIsRight()
	k.mu.Lock()
	k.who.notBefore = time.Time{}
	k.mu.Unlock()
}

// has reports whether the client was given the set of a version.
func (c *client) has(version string) bool { return c.versions[version] }

// must waits until ok, or notes the rule; then it says false. A client that did
// not come at all is gone.
func (p *play) must(rule string, ok func() bool) bool {
	if p.gone || p.ctx.Err() != nil {
		return false
	}
	began := time.Now()
	if p.k.until(p.ctx, p.k.opt.Patience, ok) {
		return true
	}
	if p.ctx.Err() != nil {
		return false
	}
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	if p.k.who.last.Before(began) && len(p.k.reg.superior) == 0 {
		rule, p.gone = "gone", true
	}
	p.k.breach(rule, "")
	return false
}

func (p *play) breach(rule, detail string) {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	p.k.breach(rule, detail)
}

// pause lets time go by.
func (p *play) pause(d time.Duration) { p.k.until(p.ctx, d, func() bool { return false }) }

// pictureIsRight: a client that reports what it shows, shows the last complete
// set, soon.
func (p *play) pictureIsRight() {
	p.k.mu.Lock()
	shows := p.k.who.shows
	p.k.mu.Unlock()
	if !shows {
		return
	}
	p.pause(300 * time.Millisecond) // for what it makes of the last answer
	patience := p.k.opt.Patience
	if !p.k.opt.Lossy {
		patience = min(patience, 15*time.Second)
	}
	if !p.k.until(p.ctx, patience, p.k.showsIt) && p.ctx.Err() == nil {
		p.breach("picture_wrong", "")
	}
}

// put makes a row and gives its id; its first revision is 1.
func (p *play) put(action models.Action, session string) int64 {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	return p.k.put(action, session)
}

// put is play.put; the caller holds k.mu.
func (k *Kit) put(action models.Action, session string) int64 {
	r := &k.reg
	r.lastID++
	now := time.Now()
	n := models.Notification{ID: r.lastID, UserID: 1, Rev: 1, Kind: models.KindAnswered, Action: action, Session: session, CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(time.Hour),
		Payload: models.Payload{Title: "ООО Ромашка", Text: "Входящий +7 903 123-45-67 & «кавычки» <тест>", Phone: "+79031234567", Name: "Иван П.",
			Object: &models.Object{Type: "Документ", Name: "Интерес", UID: "51012ccc-397d-11de-b595-00055d80a2b9", Title: "Интерес 17", URL: "https://crm.example/i/17"},
			Client: &models.Object{Type: "Справочник", Name: "Контрагенты", UID: "5f0e3a57-397d-11de-b595-00055d80a2b9", Title: "ООО Ромашка"},
			Call:   &models.CallInfo{ID: r.lastID, State: models.Answered, Direction: models.In, Extension: "101", StartedAt: now, AnsweredAt: now}}}
	switch action {
	case models.ActionShow, models.ActionCallBack:
		n.Kind, n.Payload.Call.State = models.KindMissed, models.Ended
	case models.ActionIndicate:
		n.Kind, n.Payload.Call.State = models.KindRinging, models.Ringing
	case models.ActionChoose:
		n.Payload.Candidates = []models.Object{*n.Payload.Object, *n.Payload.Object}
	}
	r.rows = append([]models.Notification{n}, r.rows...)
	r.ever[n.ID] = 1
	r.version++
	k.tell()
	return n.ID
}

// change alters a row under its next revision; the caller holds k.mu.
func (k *Kit) change(id int64, fn func(*models.Notification)) {
	if n := k.reg.find(id); n != nil {
		n.Rev++
		n.UpdatedAt = time.Now()
		fn(n)
		k.reg.ever[id] = n.Rev
		k.reg.version++
		k.tell()
	}
}

// fault arranges what happens to the next requests.
func (p *play) fault(f *fault) {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	p.k.faults = append(p.k.faults, f)
}

// putWith is put with what happens to the requests that acknowledge the row.
func (p *play) putWith(f *fault, action models.Action) int64 {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	id := p.k.put(action, mine)
	f.fits = acks(id)
	p.k.faults = append(p.k.faults, f)
	return id
}

// used: a fault happened as often as it should.
func (p *play) used(f *fault) func() bool { return func() bool { return f.used >= max(f.times, 1) } }

// card makes a row that only has to be kept, and waits until the client has it.
func (p *play) card() bool {
	id := p.put(models.ActionShow, "")
	return p.must("gone", func() bool { _, ok := p.k.who.seen[key(id, 1)]; return ok })
}

// acks is a request that acknowledges a row.
func acks(id int64) func(*exchange) bool {
	return func(x *exchange) bool {
		return slices.ContainsFunc(x.acks, func(a models.Ack) bool { return a.ID == id })
	}
}

// acked: an ack of that revision came.
func (p *play) acked(id int64, rev int) func() bool {
	return func() bool { _, ok := p.k.who.acked[key(id, rev)]; return ok }
}

// taken: the row is settled.
func (p *play) taken(id int64) func() bool {
	return func() bool { return p.k.reg.find(id) == nil }
}

// decided: the row is settled, or the client said that it cannot open it now,
// and it has become a card: not every client has a place to choose at.
func (p *play) decided(id int64) func() bool {
	return func() bool { n := p.k.reg.find(id); return n == nil || n.Rev > 1 }
}

// wake ends a poll that waits, so that the next one meets what was arranged.
func (p *play) wake() {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	p.k.reg.version++
	p.k.tell()
}
