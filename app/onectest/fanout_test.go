package onectest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// woken is the kind of client that the 1C server wakes.
var woken = managedKinds[6]

// jobClock is the clock of a running job: each look at it takes a while.
type jobClock struct {
	passed time.Duration
	look   func() // what happens as the job looks at it
}

func (c *jobClock) host() bsltest.Host {
	return bsltest.Host{Functions: []bsltest.Function{{Names: "ТекущаяУниверсальнаяДата CurrentUniversalDate", Since: "8.2.16 -thin -web", Do: func(call *bsltest.Call) any {
		if c.look != nil {
			c.look()
		}
		return bsltest.Value(call.W.Now().UTC().Add(c.passed))
	}}}}
}

// wakingJob is an infobase whose server runs the job that wakes clients, by
// what the metadata say and nothing else; nobody works in it. Waits of a poll
// take no time.
func wakingJob(t *testing.T, clock *jobClock) (*service, *proxy, *base, []*bsltest.Job) {
	t.Helper()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := newBase(t, woken, false, clock.host())
	b.module(bsltest.Module{Name: "Консоль", Kind: bsltest.ServerModule, Text: console})
	b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
	b.connect(p.URL, s.key)
	b.set("пользователь."+ivanovID+".Номер", "101")
	if _, err := b.CallServer("ЗмрСервер.Обменяться"); err != nil {
		t.Fatal(err)
	}
	jobs, err := b.Schedules(b.kind.folders()...)
	if err != nil {
		t.Fatal(err)
	}
	jobs = slices.DeleteFunc(jobs, func(j *bsltest.Job) bool { return j.Name != "ЗмрПобудка" })
	if len(jobs) != 1 {
		t.Fatalf("%d jobs ЗмрПобудка in the dump", len(jobs))
	}
	p.do(hasty)
	p.forget()
	return s, p, b, jobs
}

// hasty shortens the waits that are asked for.
func hasty(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
	r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "wait=25", "wait=1", 1)
	pass(w)
}

// TestWakingJob: the server starts the job by itself, one at once; it wakes who
// has something new, ends after its time and is started again.
func TestWakingJob(t *testing.T) {
	t.Parallel()
	clock := &jobClock{}
	s, p, b, jobs := wakingJob(t, clock)
	if j := jobs[0]; j.Key == "" || j.Every <= 0 || j.Every > 10*time.Second || !b.Scheduled(j.Name) {
		t.Fatalf("the job is not on, or may run twice, or leaves gaps: %+v", j)
	}
	b.Sessions = []bsltest.Session{{Number: 7, UserUID: ivanovID, App: "BackgroundJob"}, {Number: 8, UserUID: "99999999-9999-9999-9999-999999999999", App: "1CV8C"}}
	s.call()
	looks := 0
	clock.look = func() {
		if looks++; looks == 3 {
			b.Advance(time.Minute) // its next time has come, and it still runs
			if n := b.RunDue(jobs); n != 0 {
				t.Errorf("%d more jobs run beside it", n)
			}
		}
		clock.passed += 12 * time.Minute
	}
	if n := b.RunDue(jobs); n != 1 || jobs[0].Runs[0].Err != nil {
		t.Fatalf("%d jobs started, %+v", n, jobs[0].Runs)
	}
	if clock.passed < 30*time.Minute || clock.passed > time.Hour || p.count("/v1/relay/") < 2 {
		t.Errorf("it ended after %v and %d polls", clock.passed, p.count("/v1/relay/"))
	}
	if len(b.Pushed) != 1 || b.Pushed[0].Key != "Змр" || !slices.Equal(b.Pushed[0].Sessions, []int{1}) {
		t.Errorf("pushed %+v, want ivanov's session once", b.Pushed)
	}
	clock.look = func() { clock.passed += 10 * time.Minute }
	b.Advance(jobs[0].Every)
	if n := b.RunDue(jobs); n != 1 || len(b.Pushed) != 2 {
		t.Errorf("the next one: %d started, pushed %+v; who has something waiting is woken first", n, b.Pushed)
	}
	if errs := b.JobErrors(); len(errs) > 0 {
		t.Error(errs)
	}
}

// TestWakingJobEnds: what ends the job early, and that it comes back by itself.
func TestWakingJobEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		do    func(p *proxy, b *base)
		polls int           // of the job that ends
		rest  time.Duration // until the one that works again
		undo  func(p *proxy, b *base)
	}{
		{"the service is away", func(p *proxy, _ *base) { p.do(down) }, 1, 5 * time.Second, func(p *proxy, _ *base) { p.do(hasty) }},
		{"the key is refused", func(p *proxy, _ *base) { p.do(status(401)) }, 1, 65 * time.Second, func(p *proxy, _ *base) { p.do(hasty) }},
		{"nothing is set up", func(_ *proxy, b *base) { b.set("настройка.Адрес", "") }, 0, 5 * time.Second, func(p *proxy, b *base) { b.set("настройка.Адрес", p.URL) }},
		{"an administrator switches it off", func(_ *proxy, b *base) { b.use("ЗмрПобудка", false) }, 0, 5 * time.Second, func(_ *proxy, b *base) { b.use("ЗмрПобудка", true) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clock := &jobClock{}
			clock.look = func() { clock.passed += time.Second }
			s, p, b, jobs := wakingJob(t, clock)
			c.do(p, b)
			b.RunDue(jobs)
			for _, r := range jobs[0].Runs {
				if r.Err != nil {
					t.Errorf("it ended with %v", r.Err)
				}
			}
			if n := p.count("/v1/relay/"); n != c.polls || len(b.Pushed) > 0 {
				t.Errorf("%d polls, pushed %v", n, b.Pushed)
			}
			for range 3 { // and it does not hammer
				b.Advance(time.Second)
				b.RunDue(jobs)
			}
			if n := p.count("/v1/relay/"); n > c.polls {
				t.Errorf("%d polls within three seconds", n)
			}
			c.undo(p, b)
			s.call()
			clock.look = func() { clock.passed += 10 * time.Minute }
			clock.passed += c.rest
			b.Advance(c.rest)
			if n := b.RunDue(jobs); n != 1 || len(b.Pushed) != 1 {
				t.Errorf("afterwards %d started, pushed %+v, log %v", n, b.Pushed, b.Log)
			}
		})
	}
}

// TestWakingJobDies: a job that an exception ends is started again.
func TestWakingJobDies(t *testing.T) {
	t.Parallel()
	clock := &jobClock{}
	clock.look = func() { clock.passed += 12 * time.Minute }
	s, _, b, jobs := wakingJob(t, clock)
	s.call()
	b.module(bsltest.Module{Name: "ЗмрРассылка", Kind: bsltest.ServerModule, Extends: true, Text: `
&Вместо("РазбудитьОдинРаз")
Функция СвояРазбудитьОдинРаз(Состояние, СекундЖдать)
	Если ЗмрХранилище.Значение("проба.сбой") = "1" Тогда
		ВызватьИсключение "процесс сервера 1С перезапущен";
	КонецЕсли;
	Возврат ПродолжитьВызов(Состояние, СекундЖдать);
КонецФункции
`})
	b.set("проба.сбой", "1")
	b.RunDue(jobs)
	b.set("проба.сбой", "")
	b.Advance(jobs[0].Every)
	b.RunDue(jobs)
	if runs := jobs[0].Runs; len(runs) != 2 || runs[0].Err == nil || runs[1].Err != nil || len(b.Pushed) == 0 {
		t.Errorf("runs %+v, pushed %v", jobs[0].Runs, b.Pushed)
	}
}

// console is what an administrator has to switch scheduled jobs with.
const console = `
Процедура Включить(Имя, Да) Экспорт
	Задание = РегламентныеЗадания.НайтиПредопределенное(Имя);
	Задание.Использование = Да;
	Задание.Записать();
КонецПроцедуры
`

// use switches a scheduled job.
func (b *base) use(job string, on bool) {
	b.t.Helper()
	if _, err := b.CallServer("Консоль.Включить", job, on); err != nil {
		b.t.Fatal(err)
	}
}

// TestWakingJobOfAFile: in an infobase that is a file the job would run in
// somebody's client: it asks nothing.
func TestWakingJobOfAFile(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	k := woken
	k.target.FileMode = true
	b := newBase(t, k, false)
	b.connect(p.URL, s.key)
	jobs, err := b.Schedules(k.folders()...)
	if err != nil {
		t.Fatal(err)
	}
	jobs = slices.DeleteFunc(jobs, func(j *bsltest.Job) bool { return j.Name != "ЗмрПобудка" })
	if n := b.RunDue(jobs); n != 1 || jobs[0].Runs[0].Err != nil || p.count("/") > 0 {
		t.Errorf("%d started, %+v, %d requests", n, jobs[0].Runs, p.count("/"))
	}
}
