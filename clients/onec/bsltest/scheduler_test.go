package bsltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSchedule: the server starts a job by what its dump says.
func TestSchedule(t *testing.T) {
	const job = `<MetaDataObject><ScheduledJob><Properties><Name>Работа</Name><MethodName>CommonModule.Работы.Делать</MethodName><Key>р</Key>
		<Use>true</Use><Predefined>true</Predefined><RestartCountOnFailure>1</RestartCountOnFailure><RestartIntervalOnFailure>10</RestartIntervalOnFailure></Properties></ScheduledJob></MetaDataObject>`
	const schedule = `<JobSchedule><Schedule RepeatPeriodInDay="60" DaysRepeatPeriod="1"><WeekDays>1 2 3 4 5 6 7</WeekDays><Months>1 2 3 4 5 6 7 8 9 10 11 12</Months></Schedule></JobSchedule>`
	for _, c := range []struct {
		name, job, schedule string
		seconds             []int  // after which the server looks
		want                string // what ran at each look
	}{
		{"each minute", job, schedule, []int{0, 30, 30, 59, 1}, "1-1-1"},
		{"switched off", strings.Replace(job, "<Use>true", "<Use>false", 1), schedule, []int{0, 60, 60}, "---"},
		{"without a schedule", job, "", []int{0, 60}, "--"},
		{"on some days only", job, strings.Replace(schedule, "1 2 3 4 5 6 7<", "6 7<", 1), []int{0, 60}, "--"},
		{"one that fails is started again once before its time", strings.Replace(job, "Делать", "Упасть", 1), schedule, []int{0, 10, 10, 50}, "11-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) {
				file := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("ScheduledJobs/Работа.xml", c.job)
			if c.schedule != "" {
				write("ScheduledJobs/Работа/Ext/Schedule.xml", c.schedule)
			}
			w := New(Target{Version: "8.3.24", Context: ThinClient})
			defer w.Close()
			if err := w.Load(Module{Name: "Работы", Kind: ServerModule, Text: "Процедура Делать() Экспорт\nКонецПроцедуры\nПроцедура Упасть() Экспорт\nВызватьИсключение \"упала\";\nКонецПроцедуры\n"}); err != nil {
				t.Fatal(err)
			}
			if err := w.LoadDump(dir); err != nil {
				t.Fatal(err)
			}
			jobs, err := w.Schedules(dir)
			if err != nil || len(jobs) != 1 {
				t.Fatal(jobs, err)
			}
			var got strings.Builder
			for _, s := range c.seconds {
				w.Advance(time.Duration(s) * time.Second)
				if w.RunDue(jobs) > 0 {
					got.WriteByte('1')
				} else {
					got.WriteByte('-')
				}
			}
			if got.String() != c.want {
				t.Errorf("ran %s, want %s; %+v", got.String(), c.want, jobs[0].Runs)
			}
		})
	}
}
