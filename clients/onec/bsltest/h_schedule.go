package bsltest

import (
	"fmt"
)

// scheduledJob is a predefined РегламентноеЗадание.
type scheduledJob struct {
	name, method string
	use          bool
	schedule     any
}

type scheduledJobs struct{}

func (*scheduledJob) TypeName() string { return "РегламентноеЗадание" }
func (*scheduledJobs) TypeName() string {
	return "МенеджерРегламентныхЗаданий"
}

// ScheduledJob declares a predefined scheduled job; LoadDump does it for those
// of a dump.
func (w *World) ScheduledJob(name, method string) {
	w.scheduled[fold(name)] = &scheduledJob{name: name, method: method, schedule: Undefined}
}

// DropScheduledJob takes a predefined job out, as a Configurator that took the
// extension without its jobs.
func (w *World) DropScheduledJob(name string) { delete(w.scheduled, fold(name)) }

// Scheduled tells whether a scheduled job is switched on.
func (w *World) Scheduled(name string) bool {
	j := w.scheduled[fold(name)]
	return j != nil && j.use
}

// RunScheduled runs a scheduled job once, as the server does when its time has
// come.
func (w *World) RunScheduled(name string) error {
	j := w.scheduled[fold(name)]
	if j == nil {
		return fmt.Errorf("no scheduled job %s", name)
	}
	_, err := w.CallServer(j.method)
	return err
}

func scheduleHost() Host {
	const since = "=server,thick"
	return Host{
		Properties: []Property{{Names: "РегламентныеЗадания ScheduledJobs", Since: since, Get: func(*Call) any { return &scheduledJobs{} }}},
		Types: []*Type{
			{Names: "РасписаниеРегламентногоЗадания JobSchedule", New: func(*Call) any { return &userMessage{newStructure()} }},
			{Names: "МенеджерРегламентныхЗаданий ScheduledJobsManager", Since: since, Methods: []Function{{Names: "НайтиПредопределенное FindPredefined", Min: 1, Do: func(c *Call) any {
				name := c.Str(0)
				if j := c.W.scheduled[fold(name)]; j != nil {
					return j
				}
				throw("Предопределенное регламентное задание не обнаружено (%s)", name)
				return nil
			}}}},
			{Names: "РегламентноеЗадание ScheduledJob", Since: since, Properties: []Property{
				get("Наименование Description", func(j *scheduledJob) any { return j.name }),
				getSet("Использование Use", func(j *scheduledJob) any { return j.use }, func(j *scheduledJob, v any) { j.use = truth(v) }),
				getSet("Расписание Schedule", func(j *scheduledJob) any { return j.schedule }, func(j *scheduledJob, v any) { j.schedule = v }),
			}, Methods: []Function{{Names: "Записать Write", Procedure: true, Do: func(*Call) any { return nil }}}},
		},
	}
}

type jobXML struct {
	P struct{ Name, MethodName string } `xml:"ScheduledJob>Properties"`
}
