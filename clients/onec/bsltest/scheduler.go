package bsltest

import (
	"path/filepath"
	"strings"
	"time"
)

// Job is a predefined scheduled job as a dump describes it: its properties, and
// the schedule beside it.
type Job struct {
	Name, Method, Key string
	Every             time.Duration // the period within a day; 0: the dump has no schedule, nobody starts it
	Restarts          int           // after a failure, before the schedule's next time
	RestartAfter      time.Duration
	Runs              []JobRun

	next    time.Time
	left    int
	running bool
}

// JobRun is one start of a Job.
type JobRun struct {
	At  time.Time
	Err error // what ended it; nil: it ended by itself
}

type scheduledXML struct {
	P struct {
		Name, MethodName, Key    string
		Use, Predefined          bool
		RestartCountOnFailure    int
		RestartIntervalOnFailure int
	} `xml:"ScheduledJob>Properties"`
}

type scheduleXML struct {
	S struct {
		RepeatPeriodInDay int    `xml:",attr"`
		DaysRepeatPeriod  int    `xml:",attr"`
		WeekDays, Months  string // every one of them, or it would not run on some
	} `xml:"Schedule"`
}

// Schedules reads the scheduled jobs of a dump, after LoadDump of the same
// folders: what is switched on there is on.
func (w *World) Schedules(folders ...string) (jobs []*Job, err error) {
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "ScheduledJobs", "*.xml"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			var x scheduledXML
			if err := readXML(file, &x); err != nil {
				return nil, err
			}
			j := &Job{Name: x.P.Name, Method: strings.TrimPrefix(x.P.MethodName, "CommonModule."), Key: x.P.Key,
				Restarts: x.P.RestartCountOnFailure, RestartAfter: time.Duration(x.P.RestartIntervalOnFailure) * time.Second, next: w.now, left: x.P.RestartCountOnFailure}
			var s scheduleXML
			if readXML(filepath.Join(strings.TrimSuffix(file, ".xml"), "Ext", "Schedule.xml"), &s) == nil && s.S.DaysRepeatPeriod == 1 &&
				s.S.WeekDays == "1 2 3 4 5 6 7" && s.S.Months == "1 2 3 4 5 6 7 8 9 10 11 12" {
				j.Every = time.Duration(s.S.RepeatPeriodInDay) * time.Second
			}
			if known := w.scheduled[fold(j.Name)]; known != nil {
				known.use = x.P.Use && x.P.Predefined
			}
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

// RunDue starts, as the server does, each job that is switched on and whose
// time has come by the World's clock; it reports how many it started. Of a job
// with a key only one runs at once.
func (w *World) RunDue(jobs []*Job) (started int) {
	for _, j := range jobs {
		if j.Every == 0 || !w.Scheduled(j.Name) || w.now.Before(j.next) || j.running && j.Key != "" {
			continue
		}
		started++
		j.running, j.next = true, w.now.Add(j.Every)
		outer := w.onServer // the window goes on meanwhile
		w.onServer = true
		_, err := w.CallServer(j.Method)
		w.onServer = outer
		j.running = false
		j.Runs = append(j.Runs, JobRun{j.next.Add(-j.Every), err})
		switch {
		case err == nil:
			j.left = j.Restarts
		case j.left > 0 && j.RestartAfter < j.Every:
			j.left--
			j.next = w.now.Add(j.RestartAfter)
		}
	}
	return started
}
