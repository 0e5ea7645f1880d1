package models

import "time"

// Overview is how the service has done since a time, and how it is.
type Overview struct {
	Latency  []LatencyHour // by hour, the oldest first; hours without any are absent
	Late     int           // first deliveries more than a minute after the webhook: no client was connected
	Sampled  int           // one of so many deliveries was measured; 1: all
	Calls    []CallsHour   // by hour, the oldest first; hours without any are absent
	Sources  []SourceHealth
	Database DatabaseHealth
}

// LatencyHour is how long it took from a PBX's request to the first client
// that was told, for an hour.
type LatencyHour struct {
	Hour          time.Time
	Count         int
	P50, P95, P99 time.Duration
}

// CallsHour counts the calls that began in an hour.
type CallsHour struct {
	Hour          time.Time
	Calls, Missed int
}

// SourceHealth is what a source has sent.
type SourceHealth struct {
	SourceID         int64
	Last             time.Time // zero: never, as far as the journal reaches
	Webhooks, Failed int       // since
	LastFailed       time.Time
	LastError        string
}

// DatabaseHealth is how the database is.
type DatabaseHealth struct {
	Kind, Version   string
	Ping            time.Duration
	Size            int64 // bytes; 0: not known
	Open, InUse, Of int   // connections; Of 0: no bound
	Waited          int64 // how often somebody waited for a connection
	Processes       int   // of ours on this database; 0: not known
}

// JobRun is the last run of a job in this process.
type JobRun struct {
	Job   string
	At    time.Time
	Took  time.Duration
	Error string
}
